"""The route that explains why nobody was alerted: what each rule saw of a device, what it lacked, what withheld it."""

from datetime import datetime, timedelta
from typing import Any

from pydantic import Field

from bus_schemas.alert import AlertLevelName
from consumers.alerting.alerts.questions import alert, alert_of_incident, last_raised
from consumers.alerting.incidents.questions import IncidentRow, incidents
from consumers.alerting.projection import AlertingProjection
from consumers.alerting.review.mutes import mute, mute_in_force
from consumers.alerting.terms import Terms, registered
from consumers.alerting.what_if.live import BeingRebuilt
from consumers.alerting.what_if.rule_readings import Outcome, RuleReading
from consumers.alerting.what_if.why_not import Explanation, Past, explain
from consumers.engine.intervals import IntervalQuery
from consumers.store.journal.record import DeviceKey
from gateway.calls import Call, Operation
from gateway.http.answers import Answer, Time
from gateway.http.parameters import DeviceAsOf
from gateway.http.problems import RETRY, Problem
from gateway.reading.moments import StoresAsOf
from gateway.routes.lookup import require_device
from gateway.routes.views.alerts import Acknowledgement
from gateway.routes.views.mutes import MuteAnswer
from producer.times import moment_of_seconds

INCIDENTS_LISTED = 50


class WithheldIncident(Answer):
    """An incident of the rule, and what became of its alert."""

    id: str
    level: AlertLevelName
    opened: str
    closed: str | None
    suppressed: str | None = Field(description="Why it raised no alert: `cool_down`, or `mute`.")
    alert: str | None = Field(description="The id of the alert that it raised.")
    acknowledged: Acknowledgement | None = Field(description="Of this alert.")


class RuleReadingAnswer(Answer):
    rule: str
    sentence: str = Field(description="The rule with the values that were in force.")
    outcome: Outcome = Field(description="`unknown` where nobody could judge.")
    missing: str | None = Field(description="What was missing for an incident; none where one was open.")
    nearest: Time | None = Field(description="When it came nearest to an incident.")
    seen: dict[str, Any] = Field(description="What the rule saw then, as in the details of an incident.")
    incidents: list[WithheldIncident] = Field(description="Those that were open around the moment.")
    mute: MuteAnswer | None = Field(description="The mute that held at the moment.")
    cool_down_until: Time | None = Field(description="Until when an alert shortly before withheld the next.")


class WhyNotAnswer(Answer):
    site: str
    device: str
    at: Time
    start: Time
    end: Time
    events: int = Field(description="How many events of the device were judged.")
    rules: list[RuleReadingAnswer]


async def why_not(call: Call[DeviceAsOf]) -> WhyNotAnswer:
    """For a device and a moment (`as_of`), what each rule saw, what was missing for an incident, and whether a mute, a
    cool-down or an acknowledgement kept its alert from people. The journal around the moment is folded again, which may
    take seconds: one such question is answered at a time.
    """
    asked, gateway = call.parameters, call.gateway
    where = (asked.site, asked.device)
    # An event that came late was not known at the moment, and the device may not have been either.
    await require_device(gateway, *where)

    def question(moment: StoresAsOf) -> WhyNotAnswer:
        in_force = registered(moment.registered())
        stores = moment.stores
        past = Past(gateway.hub.data, stores.journal, stores.queries.position_at, gateway.clock())
        try:
            found = explain(past, where, moment.now, in_force)
        except BeingRebuilt as rebuilt:
            raise Problem(503, str(rebuilt), headers=RETRY) from rebuilt
        return _Composer(moment, where, in_force, found).answer()

    key = ("why-not", *where, asked.as_of)
    return await gateway.shared.slow(key, lambda: gateway.ask_at(asked.as_of, question))


class _Composer:
    """Adds to each reading what the view of alerts knows of the moment, also what it learnt later."""

    def __init__(self, moment: StoresAsOf, where: DeviceKey, in_force: Terms, found: Explanation) -> None:
        self._where = where
        self._at = moment.now
        self._cool_down = timedelta(seconds=in_force.rules.cool_down_s)
        self._found = found
        self._view = moment.view(AlertingProjection)
        asked = IntervalQuery(*where, start=found.start, end=found.end, limit=INCIDENTS_LISTED)
        self._incidents = incidents(self._view, asked)

    def answer(self) -> WhyNotAnswer:
        site, device = self._where
        found = self._found
        return WhyNotAnswer(
            site=site,
            device=device,
            at=self._at,
            start=found.start,
            end=found.end,
            events=found.events,
            rules=[self._reading(one) for one in found.readings],
        )

    def _reading(self, one: RuleReading) -> RuleReadingAnswer:
        return RuleReadingAnswer(
            rule=one.rule,
            sentence=one.sentence,
            outcome=one.outcome,
            missing=one.missing,
            nearest=one.nearest,
            seen=dict(one.seen),
            incidents=[self._withheld(row) for row in self._incidents if row["type"] == one.rule],
            mute=self._mute(one.rule),
            cool_down_until=self._cool_down_until(one.rule),
        )

    def _withheld(self, row: IncidentRow) -> WithheldIncident:
        alert_id = alert_of_incident(self._view, row["id"])
        raised = None if alert_id is None else alert(self._view, alert_id)
        acknowledged = None if raised is None else raised["acknowledged"]
        return WithheldIncident(
            id=row["id"],
            level=row["level"],
            opened=row["opened"],
            closed=row["closed"],
            suppressed=row["suppressed"],
            alert=alert_id,
            acknowledged=None if acknowledged is None else Acknowledgement.model_validate(acknowledged),
        )

    def _mute(self, rule: str) -> MuteAnswer | None:
        mute_id = mute_in_force(self._view, self._where, rule, self._at.timestamp())
        found = None if mute_id is None else mute(self._view, mute_id)
        return None if found is None else MuteAnswer.of(found, self._at)

    def _cool_down_until(self, rule: str) -> datetime | None:
        raised = last_raised(self._view, self._where, rule, self._at.timestamp())
        until = None if raised is None else moment_of_seconds(raised) + self._cool_down
        return until if until is not None and until > self._at else None


OPERATIONS = [
    Operation("GET", "/api/v1/sites/{site}/devices/{device}/why-not", why_not, WhyNotAnswer, DeviceAsOf),
]
