"""What an alert says: its type, its level and its sentence, from the incident that it tells of."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from bus_schemas.alert import AlertLevelName
from consumers.alerting.alerts.facts import IncidentFacts
from consumers.alerting.incidents.hub import KINDS, UNWRITABLE


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


_ALWAYS_ALIKE: dict[str, tuple[str, AlertLevelName, str]] = {
    "offline": ("device_offline", "error", "Camera {} is offline"),
    "degraded": ("device_degraded", "warning", "Camera {} is experiencing connection issues"),
    "stale": ("device_degraded", "warning", "Camera {} has not received frames recently"),
    "blackscreen": ("blackscreen", "warning", "Camera {} shows a black screen"),
    "freeze": ("freeze", "warning", "The picture of camera {} is frozen"),
    "audio_loss": ("audio_loss", "warning", "Camera {} has lost its audio"),
}


def wording(incident: IncidentFacts) -> Wording:
    """A type that this release does not know is told by its name."""
    name, details = incident.device, incident.details
    match incident.type:
        case "hot_spot":
            level = _HEAT.get(str(details.get("level")), "warning")
            return Wording("hot_spot", level, f"{name} measures {_number(details, 'max_temp'):.1f} °C")
        case "clock":
            wrong = span_in_words(_number(details, "ahead_s"))
            return Wording("clock_wrong", "warning", f"The clock of {name} is wrong by {wrong}")
        case "storage" | "system_error" | "database_error" | "storage_unwritable" | "write_failed":
            return _of_hub(incident)
    words = f"{{}} has an incident: {incident.type.replace('_', ' ')}"
    kind, level, sentence = _ALWAYS_ALIKE.get(incident.type, (incident.type, "warning", words))
    return Wording(kind, level, sentence.format(name))


def _number(details: Mapping[str, Any], name: str) -> float:
    """What should be one of the details, which may be anything."""
    value = details.get(name)
    return float(value) if isinstance(value, int | float) else 0.0


def span_in_words(seconds: float) -> str:
    """A length of time as people say it, in the largest unit of which there are two."""
    for unit, length in (("days", 86_400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} seconds"


def _of_hub(incident: IncidentFacts) -> Wording:
    if incident.type in KINDS:
        return Wording(incident.type, _FAULTS[incident.type], f"Hub: {incident.details.get('reason', incident.type)}")
    return _storage(incident)


def _storage(incident: IncidentFacts) -> Wording:
    if incident.details.get("level") == UNWRITABLE:
        return Wording(
            "storage_unwritable", "critical", f"The disk cannot be written: {incident.details.get('reason')}"
        )
    is_known = incident.details.get("free_bytes") is not None
    free = f", {_number(incident.details, 'free_bytes') / 1e9:.1f} GB free" if is_known else ""
    used = f"{_number(incident.details, 'percent'):.1f}% used{free}"
    if incident.details.get("level") == "critical":
        return Wording("storage_critical", "critical", f"Storage critically low: {used}")
    return Wording("storage_low", "warning", f"Storage running low: {used}")


def recovered(device: str) -> Wording:
    return Wording("device_recovered", "info", f"Camera {device} has recovered")


NAMES_IN_A_SENTENCE = 50
RETURN = frozenset({("device_offline", "cleared"), ("device_degraded", "cleared"), ("device_recovered", "raised")})
"""Types and states of alerts that say that a device is back."""
_MANY: dict[tuple[str, str], str] = {
    ("device_offline", "raised"): "are offline",
    ("device_offline", "cleared"): "are not offline any more",
    ("device_degraded", "raised"): "are experiencing connection issues",
    ("device_degraded", "cleared"): "have no connection issues any more",
    ("device_recovered", "raised"): "have recovered",
    ("blackscreen", "raised"): "show a black screen",
    ("blackscreen", "cleared"): "show a picture again",
    ("freeze", "raised"): "have a frozen picture",
    ("freeze", "cleared"): "have a moving picture again",
    ("audio_loss", "raised"): "have lost their audio",
    ("audio_loss", "cleared"): "have audio again",
    ("hot_spot", "raised"): "have a hot spot",
    ("hot_spot", "cleared"): "have no hot spot any more",
}


class AlertName(NamedTuple):
    """What a sentence about many alerts needs of each."""

    site: str
    device: str
    type: str
    state: str
    message: str


def grouped_message(alerts: Sequence[AlertName]) -> str:
    """A sentence about many alerts: what, where, how many, and the first names."""
    sites, devices = list({one.site: None for one in alerts}), list({one.device: None for one in alerts})
    names, where = _first(devices, ", "), sites[0] if len(sites) == 1 else f"{len(sites)} sites"
    kinds = {(one.type, one.state) for one in alerts}
    if len(devices) == 1:
        said = [one.message if one.state == "raised" else f"over: {one.message}" for one in alerts]
        return _first(list(dict.fromkeys(said)), "; ")
    if len(kinds) == 1:
        kind = kinds.pop()
        return f"{len(devices)} devices of {where} {_MANY.get(kind, f'have {kind[0]} {kind[1]}')}: {names}"
    if kinds <= RETURN:
        return f"{len(devices)} devices of {where} are back: {names}"
    raised = sum(one.state == "raised" for one in alerts)
    return f"{len(alerts)} alerts of {where}: {raised} raised, {len(alerts) - raised} cleared: {names}"


def _first(texts: Sequence[str], between: str) -> str:
    more = len(texts) - NAMES_IN_A_SENTENCE
    return between.join(texts[:NAMES_IN_A_SENTENCE]) + (f", and {more} more" if more > 0 else "")
