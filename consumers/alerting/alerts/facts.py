"""The facts of an incident for which an alert is raised or cleared."""

from typing import Any, Literal

from pydantic import Field

from bus_schemas.alert import AlertLevelName, Incident, Rule
from bus_schemas.condition import level_of
from bus_schemas.event import Fact, MediaKey, Moment
from consumers.alerting.incidents.hub import KINDS


class IncidentFacts(Fact):
    """The data of an incident, whatever its type."""

    incident_id: str
    site: str
    device: str
    type: str
    level: AlertLevelName | None = None
    state: Literal["opened", "closed"]
    since: Moment
    rule: Rule
    causes: tuple[str, ...] = ()
    details: dict[str, Any] = Field(default_factory=dict)
    media: tuple[MediaKey, ...] = ()

    @property
    def subject(self) -> str:
        """The part of the hub that a fault is about: several may have one at once; each is raised by itself."""
        return f"{self.type}/{self.details.get('part')}" if self.type in KINDS else self.type

    @property
    def severity(self) -> AlertLevelName:
        return self.level or level_of(self.type, self.details)

    @property
    def is_for_people(self) -> bool:
        """Not what somebody wanted, and not what hangs under something that has an alert."""
        return self.severity != "info" and self.details.get("under") is None


def of_incident(incident: Incident) -> IncidentFacts:
    return IncidentFacts.model_construct(**dict(incident))
