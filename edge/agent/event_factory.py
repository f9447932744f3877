"""Makes the events and media of one device."""

from dataclasses import dataclass
from datetime import datetime

from bus_schemas.camera import Detection, DetectionEvent, Frame, FrameEvent, Motion, MotionEvent
from bus_schemas.enrolment import AgentChange, AgentEvent
from bus_schemas.event import Event, device_source
from bus_schemas.media import (
    MediaEvent,
    MediaKind,
    RecorderEvent,
    RecorderState,
    Segment,
    SegmentEvent,
    Snapshot,
    SnapshotEvent,
)
from bus_schemas.media_codec import describe, media_key
from bus_schemas.node import (
    ClockEvent,
    ClockStep,
    Command,
    CommandEvent,
    Health,
    HealthEvent,
    Heartbeat,
    HeartbeatEvent,
    Settings,
    SettingsEvent,
)
from bus_schemas.thermal import SensorEvent, Thermal, ThermalEvent, ThermalSensor
from producer.ids import Ids
from producer.outbox.tables import Draft

Data = (
    AgentChange
    | ClockStep
    | Command
    | Detection
    | Frame
    | Health
    | Heartbeat
    | Motion
    | RecorderState
    | Segment
    | Settings
    | Snapshot
    | Thermal
    | ThermalSensor
)

_EVENTS: dict[type[Data], type[Event]] = {
    AgentChange: AgentEvent,
    ClockStep: ClockEvent,
    Command: CommandEvent,
    Detection: DetectionEvent,
    Frame: FrameEvent,
    Health: HealthEvent,
    Heartbeat: HeartbeatEvent,
    Motion: MotionEvent,
    RecorderState: RecorderEvent,
    Segment: SegmentEvent,
    Settings: SettingsEvent,
    Snapshot: SnapshotEvent,
    Thermal: ThermalEvent,
    ThermalSensor: SensorEvent,
}


@dataclass(frozen=True, slots=True)
class EncodedPicture:
    """Encoded bytes and the size of the picture; `duration_s` for video."""

    payload: bytes
    width: int | None = None
    height: int | None = None
    duration_s: float | None = None
    content_type: str | None = None


class EventFactory:
    """Used by the threads of one device."""

    def __init__(self, site: str, device: str, new_id: Ids) -> None:
        self.site = site
        self.device = device
        self.source = device_source(site, device)
        self._new_id = new_id

    def event(self, data: Data, time: datetime) -> Draft:
        model = _EVENTS[type(data)]
        return Draft(model(id=self._new_id(), source=self.source, time=time, data=data))  # type: ignore[call-arg]  # each model of `_EVENTS` has data

    def medium(self, kind: MediaKind, picture: EncodedPicture, time: datetime) -> tuple[Draft, str]:
        """The draft, and the key by which other events refer to it."""
        event_id = self._new_id()
        key = media_key(self.site, self.device, kind, event_id)
        described = describe(
            key,
            picture.payload,
            content_type=picture.content_type,
            width=picture.width,
            height=picture.height,
            duration_s=picture.duration_s,
        )
        return Draft(MediaEvent(id=event_id, source=self.source, time=time, data=described), picture.payload), key
