"""What is known of a device or node, and what an event of it changes."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from operator import attrgetter

from pydantic_core import to_json

from bus_schemas.camera import DetectionEvent, FrameEvent, MotionEvent
from bus_schemas.catalogue import short_name
from bus_schemas.event import Event, iso
from bus_schemas.media import MediaEvent, SegmentEvent
from bus_schemas.node import ClockEvent, CommandEvent, HealthEvent, HeartbeatEvent, StateEvent
from bus_schemas.thermal import ThermalEvent
from consumers.journal.record import Place, Recorded
from consumers.told import MEDIUM

SEEN = (FrameEvent, ThermalEvent, MediaEvent, SegmentEvent)
TOLD = (DetectionEvent, MotionEvent, HealthEvent, CommandEvent, ClockEvent)


@dataclass(slots=True)
class Device:
    """What was heard of a device, times in seconds since 1970."""

    site: str
    device: str
    epoch: str | None = None
    is_device: int = 0
    last_received: float = 0.0
    last_frame: float | None = None
    online: int = 1
    offline_reason: str | None = None
    reported: str | None = None
    reason: str | None = None
    is_recording: int = 0
    total_reconnects: int = 0
    consecutive_failures: int = 0
    last_connection_attempt: str | None = None
    last_successful_connection: str | None = None
    current_segment_start: str | None = None
    stream_info: str | None = None
    kinds: str = ""
    last_event: str | None = None
    heartbeat: str | None = None


COLUMNS = tuple(field.name for field in fields(Device))
values_of = attrgetter(*COLUMNS)
"""The row of a device, in the order of `COLUMNS`."""


def switch(row: Device, record: Recorded, devices: Iterable[Device]) -> set[Place]:
    """A connection is that of an outbox: with one of its devices all of the same epoch come and go."""
    event = record.event
    assert isinstance(event, StateEvent)
    reason = None if event.data.online else event.data.reason or "connection lost"
    switched = [other for other in devices if other is row or (row.epoch is not None and other.epoch == row.epoch)]
    for other in switched:
        other.online, other.offline_reason = int(event.data.online), reason
    return {(other.site, other.device) for other in switched}


def hear(row: Device, record: Recorded) -> bool:
    """Whether it is one for `last_event`, which is then up to the caller."""
    model = record.model
    row.last_received = max(row.last_received, record.received_us / 1e6)
    row.epoch = record.epoch or row.epoch
    if model is HeartbeatEvent:
        row.heartbeat = _heartbeat(record)
        return False
    if model is StateEvent:
        return False
    row.is_device = 1
    if model in SEEN:
        _see(row, record)
    elif model is HealthEvent:
        _take_health(row, record)
    elif model is ClockEvent:
        _set_clock(row, record)
    return model is not MediaEvent


def _set_clock(row: Device, record: Recorded) -> None:
    """In the time that holds from here on: else a device whose clock ran ahead would not be stale until then."""
    assert isinstance(record.event, ClockEvent)
    if row.last_frame is not None:
        row.last_frame = max(0.0, row.last_frame + record.event.data.step_s)


def _heartbeat(record: Recorded) -> str:
    event = record.event
    assert isinstance(event, HeartbeatEvent)
    return to_json({"time": iso(event.time), **event.data.model_dump(mode="json")}).decode()


def in_short(record: Recorded) -> str:
    """JSON of what an event says, for `last_event`."""
    event = record.event
    told = {"type": short_name(event.type), "time": iso(event.time), "position": record.position}
    return to_json({**told, "summary": summary(event)}).decode()


def _see(row: Device, record: Recorded) -> None:
    row.last_frame = max(row.last_frame or 0.0, record.time_s)
    is_thermal = record.model is ThermalEvent
    if record.model is MediaEvent:
        is_thermal = record.told(MEDIUM).data.kind == "thermal"
    kind = "thermal" if is_thermal else "visual"
    if kind not in row.kinds:
        _add_kinds(row, (kind,))


def _add_kinds(row: Device, kinds: Iterable[str]) -> None:
    """Visual comes before thermal, whichever was heard of first."""
    row.kinds = " ".join(sorted({*row.kinds.split(), *kinds}, reverse=True))


def _take_health(row: Device, record: Recorded) -> None:
    assert isinstance(record.event, HealthEvent)
    told = record.event.data
    row.reported, row.reason, row.is_recording = told.status, told.reason, int(told.is_recording)
    row.total_reconnects, row.consecutive_failures = told.total_reconnects, told.consecutive_failures
    if told.last_frame_time is not None:
        row.last_frame = max(row.last_frame or 0.0, told.last_frame_time.timestamp())
    row.last_connection_attempt = _text(told.last_connection_attempt)
    row.last_successful_connection = _text(told.last_successful_connection)
    row.current_segment_start = _text(told.current_segment_start)
    row.stream_info = to_json(told.stream_info).decode() if told.stream_info else row.stream_info
    _add_kinds(row, told.kinds)


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else iso(moment)


def summary(event: Event) -> str:
    """A few words on what an event says, for people."""
    match event:
        case ThermalEvent():
            return f"{event.data.frame_stats.max_temp:.1f} °C at the hottest, {len(event.data.hot_spots)} hot spots"
        case DetectionEvent():
            return ", ".join(event.data.event_triggers) or f"{event.data.people_count} people"
        case MotionEvent():
            return f"motion {event.data.phase}, {len(event.data.boxes)} places"
        case HealthEvent():
            return event.data.reason or event.data.status
        case SegmentEvent():
            return f"{event.data.duration_s:.1f} s recorded"
        case CommandEvent():
            return f"{event.data.name} {event.data.state}"
        case FrameEvent():
            return _frame_summary(event)
    return _clock_summary(event) if isinstance(event, ClockEvent) else short_name(event.type)


def _clock_summary(event: ClockEvent) -> str:
    return f"clock set {abs(event.data.step_s):.1f} s {'forward' if event.data.step_s > 0 else 'back'}"


def _frame_summary(event: FrameEvent) -> str:
    seen = {"blackscreen": event.data.blackscreen, "freeze": event.data.freeze, "no audio": event.data.audio is False}
    return ", ".join(name for name, is_so in seen.items() if is_so) or "ok"
