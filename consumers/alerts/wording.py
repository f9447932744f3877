"""What an alert says: its type, its level and its sentence, from the incident that it tells of."""

from typing import NamedTuple

from bus_schemas.alert import AlertLevelName
from consumers.alerts.facts import IncidentFacts
from consumers.incidents.hub import KINDS, UNWRITABLE


class Wording(NamedTuple):
    type: str
    level: AlertLevelName
    message: str


RANK: dict[str, int] = {"info": 0, "warning": 1, "error": 2, "critical": 3}
_HEAT: dict[str, AlertLevelName] = {"warning": "warning", "critical": "error", "emergency": "critical"}
_FAULTS: dict[str, AlertLevelName] = {
    "system_error": "error",
    "database_error": "critical",
    "storage_unwritable": "critical",
    "write_failed": "error",
}
WELL = ("offline", "degraded", "stale")
"""While none of these is open, a camera counts as recovered."""


def wording(incident: IncidentFacts) -> Wording:
    name, details = incident.device, incident.details
    match incident.type:
        case "offline":
            return Wording("device_offline", "error", f"Camera {name} is offline")
        case "degraded":
            return Wording("device_degraded", "warning", f"Camera {name} is experiencing connection issues")
        case "stale":
            return Wording("device_degraded", "warning", f"Camera {name} has not received frames recently")
        case "blackscreen":
            return Wording("blackscreen", "warning", f"Camera {name} shows a black screen")
        case "freeze":
            return Wording("freeze", "warning", f"The picture of camera {name} is frozen")
        case "audio_loss":
            return Wording("audio_loss", "warning", f"Camera {name} has lost its audio")
        case "hot_spot":
            level = _HEAT.get(str(details.get("level")), "warning")
            return Wording("hot_spot", level, f"{name} measures {details.get('max_temp', 0.0):.1f} °C")
    return _of_hub(incident)


def _of_hub(incident: IncidentFacts) -> Wording:
    if incident.type in KINDS:
        return Wording(incident.type, _FAULTS[incident.type], f"Hub: {incident.details.get('reason', incident.type)}")
    return _storage(incident)


def _storage(incident: IncidentFacts) -> Wording:
    if incident.details.get("level") == UNWRITABLE:
        return Wording(
            "storage_unwritable", "critical", f"The disk cannot be written: {incident.details.get('reason')}"
        )
    free_bytes = incident.details.get("free_bytes")
    free = "" if free_bytes is None else f", {free_bytes / 1e9:.1f} GB free"
    used = f"{incident.details.get('percent', 0.0):.1f}% used{free}"
    if incident.details.get("level") == "critical":
        return Wording("storage_critical", "critical", f"Storage critically low: {used}")
    return Wording("storage_low", "warning", f"Storage running low: {used}")


def recovered(device: str) -> Wording:
    return Wording("device_recovered", "info", f"Camera {device} has recovered")
