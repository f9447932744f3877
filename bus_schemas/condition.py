"""Derives the condition of a device from its open incidents, and ranks conditions by severity."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal, get_args

from bus_schemas.alert import AlertLevelName, IncidentType
from bus_schemas.hub import FaultKind

Condition = Literal["unknown", "ok", "warning", "error", "offline", "critical"]
"""From the least to the most urgent. `unknown`: nothing is known, so it is never drawn as `ok`."""

SEVERITY: Mapping[str, int] = {name: rank for rank, name in enumerate(get_args(Condition))}
"""By condition; more is worse."""

NOT_OF_DEVICES = frozenset({"node_offline"})
"""Types of incidents whose `device` is the name of a node."""

_WORDS: Mapping[IncidentType | FaultKind, str] = {
    "offline": "Offline",
    "node_offline": "Agent offline",
    "blackscreen": "Picture black",
    "freeze": "Picture frozen",
    "corrupt_rows": "Picture smeared",
    "macroblocks": "Picture in blocks",
    "stale": "No new picture",
    "degraded": "Connection problems",
    "storage": "Disk nearly full",
    "memory": "Memory nearly full",
    "cpu_hot": "Processor too hot",
    "link_slow": "Link too slow",
    "audio_loss": "No sound",
    "hot_spot": "Hot spot",
    "temperature_rise": "Rises too fast",
    "temperature_difference": "Warmer than the others",
    "above_ambient": "Too warm for its surroundings",
    "sensor_frozen": "Thermal picture frozen",
    "sensor_out_of_range": "Thermal sensor out of range",
    "sensor_chessboard": "Thermal picture torn",
    "sensor_bad_pixels": "Too many bad pixels",
    "clock": "Clock wrong",
    "hub_deaf": "Hub received nothing",
    "system_error": "Hub problem",
    "database_error": "Database problem",
    "storage_unwritable": "Disk cannot be written",
    "write_failed": "Not written",
}
INCIDENT_WORDS: Mapping[str, str] = {str(kind): words for kind, words in _WORDS.items()}
"""The name of each type of incident for people."""

ALERT_TYPES: Mapping[str, str] = {
    "offline": "device_offline",
    "degraded": "device_degraded",
    "stale": "device_degraded",
    "clock": "clock_wrong",
    "storage": "storage_low",
    "memory": "memory_low",
}
"""The type of the alert of an incident, where it is not that of the incident."""

_HOT_SPOT: Mapping[str, AlertLevelName] = {"warning": "warning", "critical": "error", "emergency": "critical"}
_STORAGE: Mapping[str, AlertLevelName] = {"warning": "warning", "critical": "critical", "unwritable": "critical"}
_ALWAYS: Mapping[str, AlertLevelName] = {
    "offline": "error",
    "node_offline": "error",
    "system_error": "error",
    "database_error": "critical",
    "storage_unwritable": "critical",
    "write_failed": "error",
}


def level_of(incident_type: str, details: Mapping[str, Any]) -> AlertLevelName:
    """How bad an incident is; a type that this release does not know is a warning. A state that somebody wanted is
    none.
    """
    if details.get("orderly") is True:
        return "info"
    grade = str(details.get("level"))
    if incident_type == "hot_spot":
        return _HOT_SPOT.get(grade, "warning")
    if incident_type == "hub_deaf" and grade == "info":
        return "info"
    if incident_type == "storage":
        return _STORAGE.get(grade, "warning")
    return _ALWAYS.get(incident_type, "warning")


def condition_of(incident_type: str, level: AlertLevelName) -> Condition:
    """The condition of a device with one open incident."""
    if incident_type == "offline":
        return "offline"
    return "ok" if level == "info" else level


def incident_words(incident_type: str) -> str:
    """A type that this release does not know is called by its name."""
    return INCIDENT_WORDS.get(incident_type, incident_type.replace("_", " ").capitalize())


def worst(conditions: Iterable[Condition], otherwise: Condition = "unknown") -> Condition:
    """The worst of these; `otherwise` where there are none: `ok` of a device that is known to be well."""
    return max(conditions, key=SEVERITY.__getitem__, default=otherwise)
