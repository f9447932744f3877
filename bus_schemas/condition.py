"""Derives the condition of a device from its open incidents, and ranks conditions by severity."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal, get_args

from bus_schemas.alert import AlertLevelName

Condition = Literal["unknown", "ok", "warning", "error", "offline", "critical"]
"""From the least to the most urgent. `unknown`: nothing is known, so it is never drawn as `ok`."""

SEVERITY: Mapping[str, int] = {name: rank for rank, name in enumerate(get_args(Condition))}
"""By condition; more is worse."""

NOT_OF_DEVICES = frozenset({"node_offline"})
"""Types of incidents whose `device` is the name of a node."""

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
    """How bad an incident is; a type that this release does not know is a warning. What somebody wanted is none."""
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
    """What one open incident makes of its device."""
    if incident_type == "offline":
        return "offline"
    return "ok" if level == "info" else level


def worst(conditions: Iterable[Condition], otherwise: Condition = "unknown") -> Condition:
    """The worst of these; `otherwise` where there are none: `ok` of a device that is known to be well."""
    return max(conditions, key=SEVERITY.__getitem__, default=otherwise)
