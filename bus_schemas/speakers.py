"""Decides which source may emit which event: for each type its speakers, and the subjects of each speaker.

The speaker follows from the source: `/sites/SITE/devices/DEVICE` is a device, and the names `_hub` and `_gateway` in
the place of a device belong to the consumers of the hub and to the gateway of a site. A broker's access list gives the
topics of a source to one user, and ingest takes an event only on a topic of its source.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

from bus_schemas.alert import AlertEvent, AnnotationEvent, IncidentEvent, RetentionEvent
from bus_schemas.camera import DetectionEvent, FrameEvent, MotionEvent
from bus_schemas.catalogue import MODELS, short_name, type_of
from bus_schemas.enrolment import AgentEvent
from bus_schemas.event import GATEWAY, HUB, Event, place
from bus_schemas.footage import ExportEvent, HoldEvent
from bus_schemas.hub import FaultEvent
from bus_schemas.media import MediaEvent, RecorderEvent, RecordingEvent, SegmentEvent, SnapshotEvent
from bus_schemas.node import (
    ClockEvent,
    CommandEvent,
    GapEvent,
    HealthEvent,
    HeartbeatEvent,
    SettingsEvent,
    StateEvent,
)
from bus_schemas.reading import ReadingEvent
from bus_schemas.registry import RegistryEvent, RulesEvent
from bus_schemas.review import MuteEvent, ReviewEvent
from bus_schemas.thermal import SensorEvent, ThermalEvent


class Speaker(StrEnum):
    DEVICE = "device"
    HUB = "hub"
    GATEWAY = "gateway"


class Subject(StrEnum):
    """Itself: what the data name of site, device and media is that of the source. Others: all devices of its site, and
    of every site for a speaker of the site `_hub`.
    """

    ITSELF = "itself"
    OTHERS = "others"


@dataclass(frozen=True, slots=True)
class Permission:
    """About whom one speaker may say a type of event, and with which `state` of the data; any where it is `None`."""

    subject: Subject
    states: frozenset[str] | None = None


Permissions = Mapping[Speaker, Permission]

_DEVICE: Permissions = {Speaker.DEVICE: Permission(Subject.ITSELF)}
_HUB: Permissions = {Speaker.HUB: Permission(Subject.OTHERS)}
_NODES: Permissions = {Speaker.DEVICE: Permission(Subject.ITSELF), Speaker.HUB: Permission(Subject.ITSELF)}
_ANSWERS = frozenset({"done", "failed"})

_BY_MODEL: Mapping[type[Event], Permissions] = {
    AgentEvent: {
        Speaker.DEVICE: Permission(Subject.ITSELF, frozenset({"applied", "refused"})),
        Speaker.HUB: Permission(Subject.OTHERS, frozenset({"code_issued", "configured", "revoked"})),
        Speaker.GATEWAY: Permission(Subject.OTHERS, frozenset({"code_issued", "configured", "enrolled", "revoked"})),
    },
    AlertEvent: {
        Speaker.HUB: Permission(Subject.OTHERS, frozenset({"raised", "cleared"})),
        Speaker.GATEWAY: Permission(Subject.OTHERS, frozenset({"acknowledged"})),
    },
    AnnotationEvent: {Speaker.GATEWAY: Permission(Subject.OTHERS)},
    ClockEvent: _DEVICE,
    CommandEvent: {
        Speaker.DEVICE: Permission(Subject.ITSELF, _ANSWERS),
        Speaker.HUB: Permission(Subject.OTHERS, _ANSWERS),
        Speaker.GATEWAY: Permission(Subject.OTHERS, frozenset({"asked"})),
    },
    DetectionEvent: _DEVICE,
    ExportEvent: {
        Speaker.HUB: Permission(Subject.OTHERS, frozenset({"done", "failed", "expired"})),
        Speaker.GATEWAY: Permission(Subject.OTHERS, frozenset({"asked", "cancelled", "removed"})),
    },
    FaultEvent: {Speaker.HUB: Permission(Subject.ITSELF)},
    FrameEvent: _DEVICE,
    GapEvent: _NODES,
    HealthEvent: _DEVICE,
    HeartbeatEvent: _NODES,
    HoldEvent: {Speaker.GATEWAY: Permission(Subject.OTHERS)},
    IncidentEvent: _HUB,
    MediaEvent: _DEVICE,
    MotionEvent: _DEVICE,
    MuteEvent: {Speaker.GATEWAY: Permission(Subject.OTHERS)},
    ReadingEvent: _DEVICE,
    RecorderEvent: _DEVICE,
    RecordingEvent: _HUB,
    RegistryEvent: {**_HUB, Speaker.GATEWAY: Permission(Subject.OTHERS)},
    RetentionEvent: _HUB,
    ReviewEvent: {Speaker.GATEWAY: Permission(Subject.OTHERS)},
    RulesEvent: {Speaker.HUB: Permission(Subject.ITSELF)},
    SegmentEvent: _DEVICE,
    SensorEvent: _DEVICE,
    SnapshotEvent: _DEVICE,
    SettingsEvent: _DEVICE,
    StateEvent: _DEVICE,
    ThermalEvent: _DEVICE,
}
_BY_NAME = {short_name(type_of(model)): permissions for model, permissions in _BY_MODEL.items()}
PERMISSIONS: Mapping[str, Permissions] = {event_type: _BY_NAME[short_name(event_type)] for event_type in MODELS}
"""By event type, who may say it: the same in every version of it."""

MEDIA_FIELDS = ("key", "media", "last_3_media")
"""The fields of data that hold keys of media; a key names the site and the device of the medium."""


def speaker_of(source: str) -> Speaker:
    """Raises `ValueError` where the source is none, or is of a device in the site of the hub."""
    site, device = place(source)
    if device in _NAMES:
        return _NAMES[device]
    if site == HUB:
        raise ValueError(f"the site {HUB} has no devices")
    return Speaker.DEVICE


_NAMES = {HUB: Speaker.HUB, GATEWAY: Speaker.GATEWAY}


@dataclass(frozen=True, slots=True)
class DataRule:
    """What is asked of the data of one type that a source says; `prefix` is what the keys of its media begin with."""

    source: str
    site: str
    device: str
    event_type: str
    subject: Subject
    states: frozenset[str] | None
    has_place: bool
    media: tuple[str, ...]
    prefix: str

    def violation(self, data: Any) -> str | None:
        if self.states is not None and data.state not in self.states:
            return self._not_theirs(data.state)
        found = self._foreign_place(data) if self.has_place else None
        return found if found is not None or not self.media else self._foreign_medium(data)

    def _not_theirs(self, state: str) -> str:
        whose = _speakers(self.event_type, state)
        if not whose:
            return f"nobody may send an event of type {self.event_type} with the state {state}"
        return f"only {whose} may send an event of type {self.event_type} with the state {state}, not {self.source}"

    def _foreign_place(self, data: Any) -> str | None:
        site, device = getattr(data, "site", None), getattr(data, "device", None)
        if self.subject is Subject.ITSELF:
            is_ours = site in (None, self.site) and device in (None, self.device)
        else:
            is_ours = self.site == HUB or site in (None, self.site)
        return None if is_ours else f"{self.source} may send nothing about {site}/{device}"

    def _foreign_medium(self, data: Any) -> str | None:
        for name in self.media:
            value = getattr(data, name) or ()
            for key in (value,) if isinstance(value, str) else value:
                if not key.startswith(self.prefix):
                    return f"{name} names {key}, which is not a medium of {self.source}"
        return None


@lru_cache(maxsize=65_536)
def data_rule(source: str, event_type: str) -> DataRule | str | None:
    """`None` where whatever the data say is permitted; a sentence where nothing is."""
    try:
        speaker = speaker_of(source)
    except ValueError as error:
        return str(error)
    permission = PERMISSIONS[event_type].get(speaker)
    if permission is None:
        return f"only {_speakers(event_type)} may send an event of type {event_type}, not {source}"
    site, device = place(source)
    fields = MODELS[event_type].model_fields["data"].annotation.model_fields  # type: ignore[union-attr]  # a model
    media = tuple(name for name in MEDIA_FIELDS if name in fields)
    if permission.subject is Subject.ITSELF:
        prefix = f"{site}/{device}/"
    elif site != HUB:
        prefix = f"{site}/"
    else:
        prefix, media = "", ()
    has_place = "site" in fields or "device" in fields
    if permission.states is None and not has_place and not media:
        return None
    return DataRule(source, site, device, event_type, permission.subject, permission.states, has_place, media, prefix)


def _speakers(event_type: str, state: str | None = None) -> str:
    return " or ".join(
        f"a {speaker}" if speaker is Speaker.DEVICE else f"the {speaker}"
        for speaker, permission in PERMISSIONS[event_type].items()
        if state is None or permission.states is None or state in permission.states
    )


def violation(source: str, event_type: str, data: Any) -> str | None:
    """A sentence where this source may not say this; `data` are those of an event, or have the same attributes."""
    rule = data_rule(source, event_type)
    return rule.violation(data) if isinstance(rule, DataRule) else rule


def is_gateway_as_hub(source: str, event_type: str, data: Any) -> bool:
    """Whether the gateway may say this, and says it under the name of the hub, as it did before it had its own.

    It never numbered its events, and consumers always do.
    """
    own = source.removesuffix(HUB) + GATEWAY
    return source.endswith(f"/{HUB}") and violation(own, event_type, data) is None


def depends_on_data(source: str, event_type: str) -> bool:
    """Whether what the data say decides if this source may say it."""
    return isinstance(data_rule(source, event_type), DataRule)


def described(event_type: str) -> str:
    """Who says a type of event, about whom and with which states, as a sentence for documents."""
    return f"Said by {', '.join(_described(event_type))}."


def _described(event_type: str) -> Iterator[str]:
    for speaker, permission in PERMISSIONS[event_type].items():
        who = f"a {speaker}" if speaker is Speaker.DEVICE else f"the {speaker}"
        states = f" ({', '.join(sorted(permission.states))})" if permission.states else ""
        yield f"{who} about {permission.subject}{states}"
