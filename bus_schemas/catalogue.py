"""Lists every event type and version that was ever released."""

import re
from typing import Annotated, Union, get_args

from pydantic import Field

from bus_schemas.alert import AlertEvent, AnnotationEvent, IncidentEvent, IncidentV1Event, RetentionEvent
from bus_schemas.camera import DetectionEvent, FrameEvent, MotionEvent, MotionV1Event
from bus_schemas.enrolment import AgentEvent
from bus_schemas.event import Event
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

Models = Union[  # noqa: UP007 - the list of members is long, and reads better as one
    AgentEvent,
    AlertEvent,
    AnnotationEvent,
    ClockEvent,
    CommandEvent,
    DetectionEvent,
    ExportEvent,
    FaultEvent,
    FrameEvent,
    GapEvent,
    HealthEvent,
    HeartbeatEvent,
    HoldEvent,
    IncidentV1Event,
    IncidentEvent,
    MediaEvent,
    MotionV1Event,
    MotionEvent,
    MuteEvent,
    ReadingEvent,
    RecorderEvent,
    RecordingEvent,
    RegistryEvent,
    RetentionEvent,
    ReviewEvent,
    RulesEvent,
    SegmentEvent,
    SettingsEvent,
    SnapshotEvent,
    StateEvent,
    SensorEvent,
    ThermalEvent,
]
AnyEvent = Annotated[Models, Field(discriminator="type")]
EVENT_MODELS: tuple[type[Event], ...] = get_args(Models)

_TYPE = re.compile(r"watchpost\.([a-z_]{1,32})\.v([1-9][0-9]{0,3})")


def type_of(model: type[Event]) -> str:
    """The `type` attribute that events of this model bear."""
    name: str = get_args(model.model_fields["type"].annotation)[0]
    return name


MODELS: dict[str, type[Event]] = {type_of(model): model for model in EVENT_MODELS}


def short_name(event_type: str) -> str:
    """`detection` for `watchpost.detection.v1`: the word in topics and live feeds."""
    found = _TYPE.fullmatch(event_type)
    if found is None:
        raise ValueError(f"{event_type!r} is not an event type: it reads watchpost.NAME.vN")
    return found[1]


def why_unknown(event_type: str) -> str:
    """Say in a sentence why an event type is not accepted."""
    found = _TYPE.fullmatch(event_type)
    if found is None:
        return f"type {event_type!r} is not watchpost.NAME.vN"
    versions = sorted(known for known in MODELS if short_name(known) == found[1])
    if versions:
        return f"type {event_type} is of a version that is not known here; known: {', '.join(versions)}"
    return f"type {event_type} is not known"
