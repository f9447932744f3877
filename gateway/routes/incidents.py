"""Conditions of devices that last, or lasted."""

from typing import Any, Literal

from pydantic import Field

from consumers.incidents.questions import IncidentFilter, incidents
from gateway.answers import Answer
from gateway.calls import Call, Operation
from gateway.parameters import Name, Parameters, Span, Word

State = Literal["open", "closed"]


class Incident(Answer):
    id: str
    site: str
    device: str
    type: str
    state: State
    opened: str
    closed: str | None
    duration_s: float | None = Field(description="Null while it is open.")
    details: dict[str, Any]
    rule: str
    rule_version: int
    causes: list[str] = Field(description="Ids of the events that decided.")
    media: list[str]


class Incidents(Answer):
    incidents: list[Incident]


class Searching(Span, Parameters):
    """`from` and `to` select incidents that held at some moment between them; by default all."""

    site: Name | None = None
    device: Name | None = None
    type: Word | None = None
    state: State | None = None
    limit: int = Field(default=100, ge=1, le=1000)


async def search(call: Call[Searching]) -> Incidents:
    """Incidents, newest first."""
    asked = call.parameters
    wanted = IncidentFilter(
        site=asked.site,
        device=asked.device,
        type=asked.type,
        state=asked.state,
        start=asked.start,
        end=asked.end,
        limit=asked.limit,
    )
    found = await call.gateway.ask(lambda stores: incidents(stores.view("incidents"), wanted))
    return Incidents(incidents=[Incident(**one) for one in found])


OPERATIONS = [Operation("GET", "/api/v1/incidents", search, Incidents, Searching)]
