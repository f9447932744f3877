"""The facts of an incident for which an alert is raised or cleared."""

import sqlite3
from typing import Any, Final, Literal
from uuid import NAMESPACE_URL, uuid5

from pydantic import Field

from bus_schemas.alert import AlertEvent, AlertLevelName, Incident, Rule
from bus_schemas.condition import NOT_OF_DEVICES, level_of
from bus_schemas.event import Fact, MediaKey, Moment
from consumers.alerting.incidents.hub import KINDS
from consumers.alerting.review.mutes import mute_in_force

NAMESPACE: Final = uuid5(NAMESPACE_URL, "watchpost:alert")


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


def acknowledgement(event: AlertEvent) -> dict[str, Any]:
    by, time = event.data.by or "somebody", event.model_dump(mode="json")["time"]
    return {"by": by, "time": time, **({"comment": event.data.comment} if event.data.comment else {})}


def alert_id_of(incident_id: str) -> str:
    return str(uuid5(NAMESPACE, incident_id))


def mute_of(view: sqlite3.Connection, incident: IncidentFacts, at: float) -> str | None:
    """The id of the mute that holds for an incident at this time. That of an agent is muted with all its devices."""
    found = mute_in_force(view, (incident.site, incident.device), incident.type, at)
    devices = incident.details.get("devices")
    if found is not None or incident.type not in NOT_OF_DEVICES or not isinstance(devices, list | tuple):
        return found
    each = [mute_in_force(view, (incident.site, str(device)), "offline", at) for device in devices]
    return each[0] if each and all(each) else None
