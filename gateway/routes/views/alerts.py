"""Routes of alerts: search, explanation and acknowledgement."""

from dataclasses import replace
from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel, Field

from bus_schemas.alert import Alert as AlertFact
from bus_schemas.alert import AlertEvent, AlertLevelName
from bus_schemas.condition import SEVERITY
from bus_schemas.event import GATEWAY, device_source
from consumers.alerting.alerts.questions import AlertRow, alert, alerts, why
from consumers.alerting.projection import AlertingProjection
from consumers.engine.intervals import State
from consumers.site_registry import Registered
from gateway.calls import Call, Operation
from gateway.context import Gateway
from gateway.http.answers import Answer, RecordedEvent
from gateway.http.parameters import AsOf, Comment, Key, Parameters, Person
from gateway.http.problems import RETRY, Problem
from gateway.messages.ids import uuid7
from gateway.publishing import SEEN_S, publish
from gateway.reading.moments import StoresAsOf
from gateway.reading.thermal_now import ValueNow, value_now
from gateway.reading.wait_until import until
from gateway.routes.views.interval_search import IntervalSearch, Located, lasted_s, located
from gateway.serving.media_links import picture_url

OPEN_ALERTS = 10_000
"""So many open ones are put in order; there are never as many."""


class Acknowledgement(Answer):
    by: str
    time: str
    comment: str | None = None


class AlertAnswer(Located):
    id: str
    type: str
    level: AlertLevelName
    message: str
    state: State
    raised: str
    cleared: str | None
    since: str = Field(description="Since when it was the case: as its incident.")
    until: str | None = Field(description="Until when; null while it is.")
    duration_s: float = Field(description="From `since` to `until`, or to now.")
    cleared_message: str | None = Field(description="What was said when it was over.")
    acknowledged: Acknowledgement | None
    details: dict[str, Any]
    incident: str | None = Field(description="The id of the incident behind it.")
    media: list[str] = Field(description="Keys.")

    @classmethod
    def of(cls, row: AlertRow, registered: Registered, now: datetime) -> Self:
        lasted = lasted_s(row["since"], row["duration_s"], now)
        return cls.model_validate({**located(row, registered), "duration_s": lasted})


class AlertsAnswer(Answer):
    alerts: list[AlertAnswer]


class AlertRule(Answer):
    name: str
    version: int
    text: str


class Reason(Answer):
    alert: AlertAnswer
    rule: AlertRule
    events: list[RecordedEvent] = Field(description="Those that decided, where the journal still has them.")
    media: list[str] = Field(description="Addresses of pictures.")
    now: ValueNow | None = Field(
        default=None, description="Of an open alert of heat: what is measured now. `worst` of its details is the worst."
    )


class AlertSearch(IntervalSearch):
    """`from` and `to` bound when an alert was raised; by default all."""

    after: Key | None = Field(default=None, description="The id of the last alert of the page before.")
    limit: int = Field(default=50, ge=1, le=500)


class OfAlert(Parameters):
    id: Key


class AlertAsOf(AsOf, OfAlert):
    """An alert at a moment."""


class Withdrawing(BaseModel):
    by: Person


class Acknowledging(Withdrawing):
    comment: Comment | None = None


async def search(call: Call[AlertSearch]) -> AlertsAnswer:
    """Alerts, newest first; where only open ones are asked for, those of the highest level first."""
    asked = call.parameters

    def question(moment: StoresAsOf) -> AlertsAnswer:
        view, registered = moment.view(AlertingProjection), moment.registered()
        if asked.state != "open":
            found = alerts(view, replace(asked.wanted(asked.limit, asked.after), upto=moment.upto))
        else:
            everything = alerts(view, replace(asked.wanted(OPEN_ALERTS), upto=moment.upto))
            worst_first = sorted(everything, key=lambda one: -SEVERITY[one["level"]])
            found = _page_of(worst_first, asked.after, asked.limit)
        return AlertsAnswer(alerts=[AlertAnswer.of(one, registered, moment.now) for one in found])

    return await call.gateway.ask_at(asked.as_of, question)


def _page_of(found: list[AlertRow], after: str | None, limit: int) -> list[AlertRow]:
    """The alerts after the one that the page before ended with; none where that is not open any more."""
    if after is not None:
        found = found[next((index for index, one in enumerate(found, 1) if one["id"] == after), len(found)) :]
    return found[:limit]


async def explain(call: Call[AlertAsOf]) -> Reason:
    """The rule that raised an alert, the events that decided, and what they looked like."""
    alert_id = call.parameters.id

    def question(moment: StoresAsOf) -> Reason:
        answer = why(moment.view(AlertingProjection), alert_id, moment.upto)
        if answer is None:
            raise _unknown(alert_id)
        find = moment.stores.queries.find
        return Reason(
            alert=AlertAnswer.of(answer["alert"], moment.registered(), moment.now),
            rule=AlertRule(**answer["rule"]),
            events=[RecordedEvent.of(event) for cause in answer["causes"] if (event := find(cause)) is not None],
            media=[picture_url(key) for key in answer["media"]],
            now=value_now(moment, answer["alert"], answer["rule"]["name"]),
        )

    return await call.gateway.ask_at(call.parameters.as_of, question)


async def acknowledge(call: Call[OfAlert]) -> AlertAnswer:
    """Say that somebody has seen an alert, and what there is to note; doing it twice changes nothing."""
    body = await call.body(Acknowledging)
    return await _acknowledge(call, {"by": body.by, "comment": body.comment})


async def unacknowledge(call: Call[OfAlert]) -> AlertAnswer:
    """Take an acknowledgement back; where there is none, nothing changes."""
    body = await call.body(Withdrawing)
    return await _acknowledge(call, {"by": body.by, "withdrawn": True})


async def _acknowledge(call: Call[OfAlert], said: dict[str, Any]) -> AlertAnswer:
    gateway, alert_id = call.gateway, call.parameters.id
    is_wanted = not said.get("withdrawn", False)
    known = await _alert(gateway, alert_id)
    if known is None:
        raise _unknown(alert_id)
    if (known["acknowledged"] is not None) is not is_wanted:
        await publish(gateway, _acknowledged(known, said, gateway))

    async def seen() -> AlertRow | None:
        found = await _alert(gateway, alert_id)
        return found if found is not None and (found["acknowledged"] is not None) is is_wanted else None

    answer = await until(seen, SEEN_S)
    if answer is None:
        raise Problem(503, "the acknowledgement was sent, and is not in the view of alerts yet", headers=RETRY)
    return AlertAnswer.of(answer, await gateway.ask(lambda stores: stores.registered()), gateway.clock())


def _acknowledged(known: AlertRow, said: dict[str, Any], gateway: Gateway) -> AlertEvent:
    data = AlertFact.model_validate(
        {
            "alert_id": known["id"],
            "site": known["site"],
            "device": known["device"],
            "type": known["type"],
            "state": "acknowledged",
            "level": known["level"],
            "message": known["message"],
            "incident_id": known["incident"],
            **said,
        }
    )
    return AlertEvent(id=uuid7(), source=device_source(known["site"], GATEWAY), time=gateway.clock(), data=data)


async def _alert(gateway: Gateway, alert_id: str) -> AlertRow | None:
    return await gateway.ask(lambda stores: alert(stores.view(AlertingProjection.name), alert_id))


def _unknown(alert_id: str) -> Problem:
    return Problem(404, f"there is no alert {alert_id!r}")


OPERATIONS = [
    Operation("GET", "/api/v1/alerts", search, AlertsAnswer, AlertSearch),
    Operation("GET", "/api/v1/alerts/{id}/why", explain, Reason, AlertAsOf),
    Operation("POST", "/api/v1/alerts/{id}/acknowledge", acknowledge, AlertAnswer, OfAlert, body=Acknowledging),
    Operation("POST", "/api/v1/alerts/{id}/unacknowledge", unacknowledge, AlertAnswer, OfAlert, body=Withdrawing),
]
