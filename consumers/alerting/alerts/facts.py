"""What an alert is raised for: an incident of a device, or a fault of the hub, which is told in the same way."""

from typing import Any, Literal

from pydantic import Field

from bus_schemas.alert import Incident, Rule
from bus_schemas.event import HUB, Fact, MediaKey, Moment
from bus_schemas.hub import FaultEvent
from consumers.alerting.incidents.hub import KINDS, details, incident_id


class IncidentFacts(Fact):
    """As the data of an incident, whatever its type."""

    incident_id: str
    site: str
    device: str
    type: str
    state: Literal["opened", "closed"]
    since: Moment
    rule: Rule
    causes: tuple[str, ...] = ()
    details: dict[str, Any] = Field(default_factory=dict)
    media: tuple[MediaKey, ...] = ()

    @property
    def subject(self) -> str:
        """Of faults of the hub several parts may have one at once; each is told and cleared by itself."""
        return f"{self.type}/{self.details.get('part')}" if self.type in KINDS else self.type


def of_incident(incident: Incident) -> IncidentFacts:
    return IncidentFacts.model_construct(**dict(incident))


def of_fault(event: FaultEvent) -> IncidentFacts:
    fault = event.data
    return IncidentFacts(
        incident_id=incident_id(fault),
        site=HUB,
        device=HUB,
        type=fault.kind,
        state="opened" if fault.state == "raised" else "closed",
        since=fault.since,
        rule=Rule(name=fault.kind),
        causes=(event.id,),
        details=details(fault),
    )
