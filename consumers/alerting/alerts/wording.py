"""The wording of an alert: its type, level and sentence, from its incident."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple, get_args

from bus_schemas.alert import AlertLevelName, IncidentType
from bus_schemas.camera import FRAME_FAULTS
from bus_schemas.condition import ALERT_TYPES, NOT_OF_DEVICES, incident_words
from bus_schemas.hub import FaultKind
from bus_schemas.limits import clip
from bus_schemas.registry import Kind
from bus_schemas.settings import region_words
from consumers.alerting.alerts.facts import IncidentFacts
from consumers.alerting.incidents.hub import UNWRITABLE
from consumers.alerting.incidents.verdict import ENDINGS, Ending
from consumers.store.journal.record import DeviceKey


class Wording(NamedTuple):
    type: str
    level: AlertLevelName
    message: str


RANK: dict[str, int] = {"info": 0, "warning": 1, "error": 2, "critical": 3}
WELL = ("offline", "degraded", "stale")
"""While none of these is open, a device counts as recovered."""

DeviceKind = Literal["Camera", "Sensor", "Device"]
"""The noun for a device in a sentence: one that takes pictures, one that only measures, any other program."""
_SENDS_NOTHING: Mapping[DeviceKind, str] = {
    "Camera": "has not received frames recently",
    "Sensor": "has not measured recently",
    "Device": "has not sent anything recently",
}
_SENDS_AGAIN: Mapping[DeviceKind, str] = {
    "Camera": "receives frames again",
    "Sensor": "measures again",
    "Device": "sends again",
}

_Kind = IncidentType | FaultKind
_RAISED: Mapping[_Kind, str] = {
    "offline": "{kind} {device} is offline",
    "node_offline": "Agent {device} is offline, and with it {devices}",
    "degraded": "{kind} {device} is experiencing connection issues",
    "stale": "{kind} {device} {sends_nothing}",
    "blackscreen": "Camera {device} shows a black screen{silent}",
    "freeze": "The picture of camera {device} is frozen{silent}",
    "corrupt_rows": "The picture of camera {device} is smeared{silent}",
    "macroblocks": "The picture of camera {device} breaks into blocks{silent}",
    "audio_loss": "Camera {device} has lost its audio",
    "hot_spot": "{device} measures {max_temp} °C{masked}",
    "temperature_rise": "{device}: {regions} rises by {value} °C a minute",
    "temperature_difference": "{device}: {regions} is {value} °C warmer than the others of its group",
    "above_ambient": "{device}: {regions} is {value} °C warmer than its surroundings",
    "sensor_frozen": "The thermal sensor of {device} repeats one frame",
    "sensor_out_of_range": "The thermal sensor of {device} measures what it cannot measure",
    "sensor_chessboard": "The half frames of the thermal sensor of {device} differ by {value} °C",
    "sensor_bad_pixels": "{value} pixels of the thermal sensor of {device} are bad",
    "clock": "The clock of {device} is wrong by {ahead}",
    "storage": "Storage running low: {used}",
    "memory": "The machine of {device} uses {value} % of its memory",
    "cpu_hot": "The processor at {device} is too hot: {value} °C",
    "link_slow": "The link of {device} is slow: the broker answers after {value} s",
    "hub_deaf": "The hub received nothing for {deaf}: {reason}",
    "system_error": "Hub: {reason}",
    "database_error": "Hub: {reason}",
    "storage_unwritable": "Hub: {reason}",
    "write_failed": "Hub: {reason}",
}
_OVER: Mapping[_Kind, str] = {
    "offline": "{kind} {device} is back",
    "node_offline": "Agent {device} is back",
    "degraded": "{kind} {device} has no connection issues any more",
    "stale": "{kind} {device} {sends_again}",
    "blackscreen": "Camera {device} shows a picture again",
    "freeze": "The picture of camera {device} moves again",
    "corrupt_rows": "The picture of camera {device} is whole again",
    "macroblocks": "The picture of camera {device} has no loose blocks any more",
    "audio_loss": "Camera {device} has audio again",
    "hot_spot": "{device} has cooled down to {max_temp} °C",
    "temperature_rise": "{device}: {regions} does not rise so fast any more",
    "temperature_difference": "{device}: {regions} is as warm as the others of its group again",
    "above_ambient": "{device}: {regions} is not so much warmer than its surroundings any more",
    "sensor_frozen": "The thermal sensor of {device} sends new frames again",
    "sensor_out_of_range": "The thermal sensor of {device} measures within its range again",
    "sensor_chessboard": "The half frames of the thermal sensor of {device} agree again",
    "sensor_bad_pixels": "The thermal sensor of {device} has few enough bad pixels again",
    "clock": "The clock of {device} is right again",
    "storage": "There is room on the disk again",
    "memory": "The machine of {device} has memory again",
    "cpu_hot": "The processor at {device} has cooled down",
    "link_slow": "The link of {device} is quick again",
    "hub_deaf": "The hub receives events again",
    "system_error": "Hub: {part} works again",
    "database_error": "Hub: {part} works again",
    "storage_unwritable": "Hub: {part} can be written again",
    "write_failed": "Hub: {part} works again",
}


def device_kind(kinds: Sequence[Kind]) -> DeviceKind:
    """By what the registry says that the device has; a device of which it says nothing may be anything."""
    return "Camera" if "visual" in kinds else "Sensor" if kinds else "Device"


@dataclass(frozen=True, slots=True)
class DeviceNames:
    """What sentences call devices: what each is, and its name for people."""

    kinds: Mapping[DeviceKey, DeviceKind] = field(default_factory=dict)
    names: Mapping[DeviceKey, str] = field(default_factory=dict)

    def kind(self, place: DeviceKey) -> DeviceKind:
        return self.kinds.get(place, "Device")

    def name(self, place: DeviceKey) -> str:
        """The id of a device that nobody has named."""
        return self.names.get(place, place[1])


_ENDED: Mapping[Ending, str] = {
    "retired": "was retired",
    "not_expected": "may be silent for so long now",
    "source_removed": "has no source of that any more",
    "not_measured": "does not measure that any more",
}
_OTHER_FAULTS = frozenset({*FRAME_FAULTS, "degraded", "stale"})
"""Faults that an incident of another fault may become."""
RAISED: Mapping[str, str] = {str(kind): sentence for kind, sentence in _RAISED.items()}
OVER: Mapping[str, str] = {str(kind): sentence for kind, sentence in _OVER.items()}
ALL_KINDS: frozenset[str] = frozenset({*get_args(IncidentType), *get_args(FaultKind)})


def wording(incident: IncidentFacts, called: DeviceNames) -> Wording:
    """A type that this release does not know is called by its name."""
    alert_type, template = _raised(incident)
    message = template.format_map(_values(incident, called)) + _lateness(incident.details)
    return Wording(alert_type, incident.severity, clip(message))


def _raised(incident: IncidentFacts) -> tuple[str, str]:
    kind = incident.type
    if kind == "storage":
        match incident.details.get("level"):
            case "critical":
                return "storage_critical", "Storage critically low: {used}"
            case level if level == UNWRITABLE:
                return "storage_unwritable", "The disk cannot be written: {reason}"
    return ALERT_TYPES.get(kind, kind), RAISED.get(kind, "{device} has an incident: {type}")


def over(incident: IncidentFacts, called: DeviceNames, raised_type: str, lasted_s: float) -> Wording:
    """The wording of the end of an incident. Only what has become good is said to be good."""
    values, became = _values(incident, called), incident.details.get("became")
    sentence = f"{_over(incident, became)} after {{span}}"
    if became == "offline":
        sentence = "{kind} {device} has gone offline after {span} of connection issues"
    elif became in _OTHER_FAULTS:
        sentence = f"{RAISED[str(became)]} now, after {{span}} of another fault"
    return Wording(raised_type, "info", clip(sentence.format_map(values | {"span": span_in_words(lasted_s)})))


def _over(incident: IncidentFacts, became: object) -> str:
    if became not in ENDINGS:
        return OVER.get(incident.type, "{device} has no incident any more: {type}")
    subject = "The last device of agent {device}" if incident.type in NOT_OF_DEVICES else "{kind} {device}"
    return f"{subject} {_ENDED[became]}; “{incident_words(incident.type)}” ended with that"


def _values(incident: IncidentFacts, called: DeviceNames) -> dict[str, str]:
    """The values that sentences may name; details may be anything."""
    details, place = incident.details, (incident.site, incident.device)
    devices = details.get("devices")
    names = [called.name((incident.site, str(one))) for one in devices] if isinstance(devices, list | tuple) else []
    kind = called.kind(place)
    return {
        "device": incident.device if incident.type in NOT_OF_DEVICES else called.name(place),
        "kind": kind,
        "sends_nothing": _SENDS_NOTHING[kind],
        "sends_again": _SENDS_AGAIN[kind],
        "type": incident.type.replace("_", " "),
        "max_temp": f"{_number(details, 'max_temp'):.1f}",
        "masked": _masked(details),
        "silent": ", and its sound is missing" if details.get("without_sound") is True else "",
        "value": f"{_number(details, 'value'):.1f}".removesuffix(".0"),
        "regions": _regions(details),
        "ahead": span_in_words(abs(_number(details, "ahead_s"))),
        "deaf": span_in_words(_number(details, "deaf_s")),
        "used": _used(details),
        "reason": str(details.get("reason", incident.type)),
        "part": str(details.get("part", "it")),
        "devices": f"{len(names)} device{'' if len(names) == 1 else 's'}: {first_of(names, ', ')}",
    }


def _number(details: Mapping[str, Any], name: str) -> float:
    """A detail as a number; details may be anything."""
    value = details.get(name)
    return float(value) if isinstance(value, int | float) else 0.0


def _masked(details: Mapping[str, Any]) -> str:
    """The sentence for a place that was hot and is not measured any more."""
    pixels = details.get("masked_pixels")
    if not isinstance(pixels, list | tuple) or not pixels:
        return ""
    return f"; {'a pixel' if len(pixels) == 1 else f'{len(pixels)} pixels'} of it counts as broken since"


def _regions(details: Mapping[str, Any]) -> str:
    names = details.get("regions")
    if not isinstance(names, list | tuple) or not names:
        return "a region"
    return first_of([region_words(str(name)) for name in names], ", ")


def _used(details: Mapping[str, Any]) -> str:
    is_known = details.get("free_bytes") is not None
    free = f", {_number(details, 'free_bytes') / 1e9:.1f} GB free" if is_known else ""
    return f"{_number(details, 'percent'):.1f}% used{free}"


def _lateness(details: Mapping[str, Any]) -> str:
    late_s = _number(details, "late_s")
    return f" (known {span_in_words(late_s)} late)" if late_s > 0 else ""


def span_in_words(seconds: float) -> str:
    """A length of time as people say it, in the largest unit of which there are two."""
    for unit, length in (("days", 86_400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    count = f"{seconds:.0f}"
    return f"{count} second" if count == "1" else f"{count} seconds"


def types_said_as(text: str) -> tuple[str, ...]:
    """Types of incidents whose name, words or sentence hold this text, in small letters."""
    return tuple(
        kind
        for kind, sentence in RAISED.items()
        if any(
            text in said
            for said in (
                kind.replace("_", " "),
                incident_words(kind).casefold(),
                re.sub(r"{[a-z_]+}", "", sentence).casefold(),
            )
        )
    )


RECOVERED: Final = "device_recovered"


def recovered(place: DeviceKey, called: DeviceNames) -> Wording:
    return Wording(RECOVERED, "info", f"{called.kind(place)} {called.name(place)} has recovered")


NAMES_PER_SENTENCE = 50


def first_of(texts: Sequence[str], between: str) -> str:
    more = len(texts) - NAMES_PER_SENTENCE
    return between.join(texts[:NAMES_PER_SENTENCE]) + (f", and {more} more" if more > 0 else "")
