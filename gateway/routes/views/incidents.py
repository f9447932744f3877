"""Routes of incidents."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from pydantic import Field

from bus_schemas.alert import AlertLevelName
from consumers.alerting.incidents.questions import IncidentRow, incidents
from consumers.alerting.projection import AlertingProjection
from consumers.engine.intervals import State
from consumers.site_registry import Registered
from gateway.calls import Call, Operation
from gateway.http.answers import Answer
from gateway.reading.moments import StoresAsOf
from gateway.routes.views.interval_search import IntervalSearch, Located, located


class IncidentAnswer(Located):
    id: str
    type: str
    level: AlertLevelName
    state: State
    opened: str
    closed: str | None
    duration_s: float = Field(description="Until it was closed, or until now.")
    under: str | None = Field(description="The agent that is gone, and the device with it.")
    suppressed: str | None = Field(description="Why it raised no alert: `cool_down`.")
    details: dict[str, Any]
    rule: str
    rule_version: int
    causes: list[str] = Field(description="Ids of the events that decided.")
    media: list[str]

    @classmethod
    def of(cls, row: IncidentRow, now: datetime, registered: Registered) -> "IncidentAnswer":
        lasted = row["duration_s"]
        if lasted is None:
            lasted = max(0.0, round((now - datetime.fromisoformat(row["opened"])).total_seconds(), 3))
        return cls.model_validate({**located(row, registered), "duration_s": lasted})


class IncidentsAnswer(Answer):
    incidents: list[IncidentAnswer]


class IncidentSearch(IntervalSearch):
    """`from` and `to` select incidents that held at some moment between them; by default all."""

    limit: int = Field(default=100, ge=1, le=1000)


async def search(call: Call[IncidentSearch]) -> IncidentsAnswer:
    """Incidents, newest first."""
    asked = call.parameters
    wanted = asked.wanted(asked.limit)

    def question(moment: StoresAsOf) -> IncidentsAnswer:
        found = incidents(moment.view(AlertingProjection), replace(wanted, upto=moment.upto))
        registered = moment.registered()
        return IncidentsAnswer(incidents=[IncidentAnswer.of(one, moment.now, registered) for one in found])

    return await call.gateway.ask_at(asked.as_of, question)


OPERATIONS = [Operation("GET", "/api/v1/incidents", search, IncidentsAnswer, IncidentSearch)]
