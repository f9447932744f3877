"""The row of a device or node in the health view, and how each event changes it."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from operator import attrgetter

from pydantic_core import to_json

from bus_schemas.camera import DetectionEvent, FrameEvent, MotionEvent
from bus_schemas.event import iso
from bus_schemas.media import MediaEvent, SegmentEvent
from bus_schemas.node import ClockEvent, CommandEvent, HealthEvent, HeartbeatEvent, StateEvent, StreamInfo
from bus_schemas.node import Health as WholeHealth
from bus_schemas.reading import ReadingEvent
from bus_schemas.streams import outbox_epoch
from bus_schemas.thermal import ThermalEvent
from consumers.engine.partial import HEALTH, MEDIUM, HealthPart, seconds
from consumers.site_registry import OF_NODES
from consumers.store.journal.record import DeviceKey, Recorded
from producer.times import iso_of

SEEN = (FrameEvent, ThermalEvent, MediaEvent, SegmentEvent)
REPORTED = (DetectionEvent, MotionEvent, HealthEvent, CommandEvent, ClockEvent, ReadingEvent)
_WAS_SEEN = frozenset(SEEN)
_VISUAL = "visual"
_EVERY_KIND = "visual thermal"
_STREAM_FIELDS = tuple(StreamInfo.model_fields)
_stream_values = attrgetter(*_STREAM_FIELDS)


@dataclass(slots=True)
class DeviceRow:
    """The last known state of a device; times in seconds since 1970."""

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
    expects: str | None = None
    has_worked: int | None = None
    silent_since: str | None = None


COLUMNS = tuple(field.name for field in fields(DeviceRow))
values_of = attrgetter(*COLUMNS)
"""The row of a device, in the order of `COLUMNS`."""


def switch(row: DeviceRow, record: Recorded, devices: Iterable[DeviceRow]) -> set[DeviceKey]:
    """A connection is that of an outbox: with one of its devices all of the same epoch come and go."""
    event = record.event
    assert isinstance(event, StateEvent)
    reason = None if event.data.online else event.data.reason or "connection lost"
    switched = [other for other in devices if other is row or (row.epoch is not None and other.epoch == row.epoch)]
    for other in switched:
        other.online, other.offline_reason = int(event.data.online), reason
    return {(other.site, other.device) for other in switched}


def apply(row: DeviceRow, record: Recorded) -> bool:
    """Whether it is one for `last_event`, which is then up to the caller."""
    model = record.model
    _note_received(row, record)
    if model is StateEvent:
        return False
    row.online, row.offline_reason = 1, None
    if model is HeartbeatEvent:
        row.heartbeat = _heartbeat(record)
        return False
    if model in _WAS_SEEN:
        # Not `known_us`: it would be asked of nearly every event.
        time, received = record.time_us, record.received_us
        _see(row, (time if time < received else received) / 1e6)
        if row.kinds != _EVERY_KIND and (kind := _kind(record, row.kinds)) not in row.kinds:
            _add_kinds(row, (kind,))
    elif model is HealthEvent:
        _take_health(row, record)
    elif model is ClockEvent:
        _set_clock(row, record)
    return model is not MediaEvent


def _note_received(row: DeviceRow, record: Recorded) -> None:
    received = record.received_s
    if received > row.last_received:
        row.last_received = received
    if record.epoch is not None:
        row.epoch = outbox_epoch(record.epoch)
    if not row.is_device and record.model not in OF_NODES:
        row.is_device = 1


def _see(row: DeviceRow, at: float) -> None:
    if row.last_frame is None or at > row.last_frame:
        row.last_frame = at


def _kind(record: Recorded, known: str) -> str:
    """A picture that cannot be thermal is not decoded further, where visual ones are known."""
    is_thermal = record.model is ThermalEvent
    if record.model is MediaEvent and (known != _VISUAL or record.may_contain(b"thermal")):
        is_thermal = record.decode(MEDIUM).data.kind == "thermal"
    return "thermal" if is_thermal else _VISUAL


def _add_kinds(row: DeviceRow, kinds: Iterable[str]) -> None:
    if any(kind not in row.kinds for kind in kinds):
        row.kinds = _joined((*row.kinds.split(), *kinds))


def _joined(kinds: Iterable[str]) -> str:
    """Visual comes before thermal, whichever came first."""
    return " ".join(sorted(set(kinds), reverse=True))


def _set_clock(row: DeviceRow, record: Recorded) -> None:
    """In the time that holds from here on: else a device whose clock ran ahead would not be stale until then."""
    assert isinstance(record.event, ClockEvent)
    if row.last_frame is not None:
        row.last_frame = min(max(0.0, row.last_frame + record.event.data.step_s), record.received_s)


def _heartbeat(record: Recorded) -> str:
    event = record.event
    assert isinstance(event, HeartbeatEvent)
    # What it does not say is left out: a later release knows of more that it could have said, and folds the same.
    said = event.data.model_dump(mode="json", exclude_unset=True)
    return to_json({"time": iso_of(record.time_us), **said}).decode()


def _take_health(row: DeviceRow, record: Recorded) -> None:
    health = _reported(record)
    row.reported, row.reason, row.is_recording = health.status, health.reason, int(health.is_recording)
    row.total_reconnects, row.consecutive_failures = health.total_reconnects, health.consecutive_failures
    if health.last_frame_time is not None:
        _see(row, min(_seconds(health.last_frame_time), record.received_s))
    latest = iso_of(record.received_us)
    row.last_connection_attempt = _text(health.last_connection_attempt, latest)
    row.last_successful_connection = _text(health.last_successful_connection, latest)
    row.current_segment_start = _text(health.current_segment_start, latest)
    row.expects, row.has_worked = health.expects, None if health.has_worked is None else int(health.has_worked)
    row.silent_since = _text(health.silent_since, latest)
    row.stream_info = _stream_info(health) or row.stream_info
    if health.kinds:
        # All that it has: a source that was removed is not among them.
        row.kinds = _joined(health.kinds)


def _reported(record: Recorded) -> HealthPart | WholeHealth:
    """The part that a fold reads; the whole event where a moment may be more exact than we write one."""
    plain = record.as_written(HEALTH)
    if plain is not None:
        return plain.data
    assert isinstance(record.event, HealthEvent)
    return record.event.data


def _seconds(moment: datetime | str) -> float:
    return seconds(moment) if isinstance(moment, str) else moment.timestamp()


def _text(moment: datetime | str | None, latest: str) -> str | None:
    """A time that a device gives of its past is no later than the moment at which that arrived."""
    if moment is None:
        return None
    return min(iso(moment) if isinstance(moment, datetime) else moment, latest)


def _stream_info(health: HealthPart | WholeHealth) -> str | None:
    info = health.stream_info
    if info is None:
        return None
    # Unknown values are left out, as in views of releases that did not have them.
    values = zip(_STREAM_FIELDS, _stream_values(info), strict=True)
    known = {name: value for name, value in values if value is not None}
    return to_json(known).decode()
