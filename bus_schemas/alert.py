"""Events of alerting and upkeep: incidents, alerts, retention and annotations."""

from typing import Annotated, Literal

from pydantic import Field

from bus_schemas.camera import FrameFault
from bus_schemas.event import MAX_SEQUENCE, Event, Fact, MediaKey, Moment, PlaceName
from bus_schemas.limits import (
    MAX_COUNT,
    MAX_DEVICES,
    MAX_TEXT,
    SNAKE_CASE,
    AddressedEventId,
    AddressId,
    By,
    Count,
    FreeObject,
    Id,
    Items,
    Limit,
    PlainId,
    Text,
    Word,
)
from bus_schemas.registry import MAX_TITLE
from bus_schemas.thermal import SensorFault

TrendFault = Literal["temperature_rise", "temperature_difference", "above_ambient"]
"""Conditions of a region that is below its thresholds."""
IncidentType = Literal[
    "offline",
    "node_offline",
    "degraded",
    "stale",
    FrameFault,
    "hot_spot",
    TrendFault,
    SensorFault,
    "storage",
    "clock",
    "memory",
    "cpu_hot",
    "link_slow",
    "hub_deaf",
]
"""The conditions that the rules of this release know."""
AlertLevelName = Literal["info", "warning", "error", "critical"]


Colour = Annotated[str, Field(pattern=r"^#[0-9a-f]{6}$")]
"""Red, green and blue."""


class Rule(Fact):
    """The rule that decided, and its version."""

    name: Word
    version: Annotated[int, Field(ge=1), Limit(le=MAX_COUNT)] = 1


class _IncidentBase(Fact):
    """What every version of an incident says."""

    incident_id: AddressId
    site: PlaceName
    device: PlaceName
    type: str
    state: Literal["opened", "closed"]
    since: Moment
    rule: Rule
    causes: Annotated[tuple[Id, ...], Items] = ()
    details: FreeObject = Field(default_factory=dict)
    media: Annotated[tuple[MediaKey, ...], Items] = ()


class IncidentV1(_IncidentBase, title="Incident"):
    """A condition of a device that lasts: opened, then closed. `causes` are the ids of the events that decided."""

    type: Literal["offline", "degraded", "stale", "blackscreen", "freeze", "audio_loss", "hot_spot", "storage"]


class IncidentV1Event(Event, title="IncidentEvent"):
    type: Literal["watchpost.incident.v1"] = "watchpost.incident.v1"
    data: IncidentV1


class Incident(_IncidentBase):
    """A condition of a device that lasts: opened, then closed. `causes` are the ids of the events that decided.

    Further types are added as rules are: a reader passes over those that it does not know.
    """

    type: Annotated[str, Field(pattern=SNAKE_CASE)]
    level: AlertLevelName | None = None
    """Not said means that it follows from type and details."""


class IncidentEvent(Event):
    type: Literal["watchpost.incident.v2"] = "watchpost.incident.v2"
    data: Incident


class Alert(Fact):
    """What people are alerted to: raised, acknowledged by somebody, cleared. An `info` one is over at once.

    `comment` is what somebody noted who acknowledged it; `withdrawn` takes the acknowledgement back.
    """

    alert_id: AddressId
    site: PlaceName
    device: PlaceName
    device_name: Annotated[str, Limit(max_length=MAX_TITLE)] | None = None
    """The name of the device for people, as it was registered then."""
    type: Annotated[str, Field(pattern=SNAKE_CASE)]
    state: Literal["raised", "acknowledged", "cleared"]
    level: AlertLevelName
    message: Text
    incident_id: AddressId | None = None
    by: By | None = None
    comment: Text | None = None
    withdrawn: bool = False
    rule: Rule | None = None
    causes: Annotated[tuple[Id, ...], Items] = ()
    details: FreeObject = Field(default_factory=dict)
    media: Annotated[tuple[MediaKey, ...], Items] = ()


class AlertEvent(Event):
    type: Literal["watchpost.alert.v1"] = "watchpost.alert.v1"
    data: Alert


class Retention(Fact):
    """What was deleted, by which rule, how many and how many bytes. `first` and `last` are the positions of events that
    left the journal (`last` is below `first` for a day without any).
    """

    rule: By
    kind: Word
    site: PlaceName | None = None
    device: PlaceName | None = None
    start: Moment
    end: Moment
    count: Count
    bytes: Count
    first: Annotated[int, Field(ge=1), Limit(le=MAX_SEQUENCE)] | None = None
    last: Annotated[int, Field(ge=0), Limit(le=MAX_SEQUENCE)] | None = None


class RetentionEvent(Event):
    type: Literal["watchpost.retention.v1"] = "watchpost.retention.v1"
    data: Retention


class Annotation(Fact):
    """What a person noted about a moment or a time range, of one or several devices of the site, or of all of them.

    Every event says the whole note as it is from then on; one that is removed comes back where it is changed or created
    again. Without `annotation_id` the id of the event is that of the note. `device` is the first of `devices`.
    """

    text: Annotated[str, Field(min_length=1, max_length=MAX_TEXT)]
    by: By
    start: Moment
    end: Moment | None = None
    device: PlaceName | None = None
    annotation_id: PlainId | None = None
    state: Literal["created", "changed", "removed"] = "created"
    devices: Annotated[tuple[PlaceName, ...], Limit(max_length=MAX_DEVICES)] = ()
    colour: Colour | None = None


class AnnotationEvent(Event):
    id: AddressedEventId
    type: Literal["watchpost.annotation.v1"] = "watchpost.annotation.v1"
    data: Annotation
