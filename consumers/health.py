"""How devices and nodes do: who is there, what was last heard and seen of each, and the status that follows."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Any, ClassVar, TypedDict

from pydantic_core import from_json, to_json

from bus_schemas.camera import DetectionEvent, FrameEvent, MotionEvent
from bus_schemas.catalogue import short_name
from bus_schemas.event import HUB, HUB_SOURCE, Event, iso, place
from bus_schemas.media import MediaEvent, SegmentEvent
from bus_schemas.node import CommandEvent, HealthEvent, HeartbeatEvent, StateEvent
from bus_schemas.thermal import ThermalEvent
from consumers.journal.record import Recorded
from consumers.projection import Emit, Projection

STALE_S = 30.0
SILENT_S = 30.0

_SEEN = (FrameEvent, ThermalEvent, MediaEvent, SegmentEvent)
_TOLD = (DetectionEvent, MotionEvent, HealthEvent, CommandEvent)


class StreamInfo(TypedDict):
    fps: float
    width: int
    height: int


class LastEvent(TypedDict):
    type: str
    time: str
    position: int
    summary: str


@dataclass(slots=True)
class Device:
    """What was heard of a device, times in seconds since 1970; and, at the end, what follows at a moment."""

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


_COLUMNS = tuple(field.name for field in fields(Device))
_INSERT = f"insert or replace into devices values ({','.join('?' * len(_COLUMNS))})"  # noqa: S608 - question marks only


class Health(Projection):
    name: ClassVar[str] = "health"
    models: ClassVar[tuple[type[Event], ...]] = (*_SEEN, *_TOLD, HeartbeatEvent, StateEvent)
    schema: ClassVar[str] = """
    create table if not exists devices (
        site text not null, device text not null, epoch text, is_device integer not null, last_received real not null,
        last_frame real, online integer not null, offline_reason text, reported text, reason text,
        is_recording integer not null, total_reconnects integer not null, consecutive_failures integer not null,
        last_connection_attempt text, last_successful_connection text, current_segment_start text, stream_info text,
        kinds text not null, last_event text, heartbeat text, primary key (site, device)
    ) strict;
    create table if not exists clock (
        only integer primary key check (only = 1), at real not null, started real not null
    ) strict;
    """

    # A device that was not heard since is as it was.
    history: ClassVar[Mapping[str, str]] = {"devices": "true"}

    def fold(self, view: sqlite3.Connection, batch: Sequence[Recorded], emit: Emit) -> None:
        known = {(row.site, row.device): row for row in _rows(view, "")}
        changed: set[tuple[str, str]] = set()
        for record in batch:
            event = record.event
            if event.source == HUB_SOURCE and isinstance(event, HeartbeatEvent):
                _pass_time(view, event)
                continue
            key = place(event.source)
            if key[1] == HUB:
                continue
            row = known.setdefault(key, Device(*key))
            _hear(row, record)
            changed.add(key)
            if isinstance(event, StateEvent):
                changed |= _switch(row, event, known.values())
            else:
                row.online, row.offline_reason = 1, None
        view.executemany(_INSERT, [tuple(asdict(known[key]).values()) for key in sorted(changed)])


def _pass_time(view: sqlite3.Connection, tick: HeartbeatEvent) -> None:
    at = tick.time.timestamp()
    view.execute("insert or replace into clock values (1, ?, ?)", (at, at - tick.data.uptime_s))


def _switch(row: Device, event: StateEvent, devices: Iterable[Device]) -> set[tuple[str, str]]:
    """A connection is that of an outbox: with one of its devices all of the same epoch come and go."""
    reason = None if event.data.online else event.data.reason or "connection lost"
    switched = [other for other in devices if other is row or (row.epoch is not None and other.epoch == row.epoch)]
    for other in switched:
        other.online, other.offline_reason = int(event.data.online), reason
    return {(other.site, other.device) for other in switched}


def _hear(row: Device, record: Recorded) -> None:
    event = record.event
    row.last_received = max(row.last_received, record.received.timestamp())
    row.epoch = event.epoch or row.epoch
    if isinstance(event, HeartbeatEvent):
        row.heartbeat = to_json({"time": iso(event.time), **event.data.model_dump(mode="json")}).decode()
        return
    if isinstance(event, StateEvent):
        return
    row.is_device = 1
    if isinstance(event, _SEEN):
        _see(row, event)
    if isinstance(event, HealthEvent):
        _take_health(row, event)
    if not isinstance(event, MediaEvent):
        told = {"type": short_name(event.type), "time": iso(event.time), "position": record.position}
        row.last_event = to_json({**told, "summary": summary(event)}).decode()


def _see(row: Device, event: Event) -> None:
    row.last_frame = max(row.last_frame or 0.0, event.time.timestamp())
    kind = "thermal" if isinstance(event, ThermalEvent) else "visual"
    if isinstance(event, MediaEvent) and event.data.kind == "thermal":
        kind = "thermal"
    _add_kinds(row, (kind,))


def _add_kinds(row: Device, kinds: Iterable[str]) -> None:
    """Visual comes before thermal, whichever was heard of first."""
    row.kinds = " ".join(sorted({*row.kinds.split(), *kinds}, reverse=True))


def _take_health(row: Device, event: HealthEvent) -> None:
    told = event.data
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
    return short_name(event.type)


def _frame_summary(event: FrameEvent) -> str:
    seen = {"blackscreen": event.data.blackscreen, "freeze": event.data.freeze, "no audio": event.data.audio is False}
    return ", ".join(name for name, is_so in seen.items() if is_so) or "ok"


# Questions


@dataclass(frozen=True, slots=True)
class DeviceHealth:
    """A device at a moment. `status` is healthy, degraded, stale, stopped, not_started, offline or unknown."""

    site: str
    device: str
    kinds: tuple[str, ...]
    online: bool
    status: str
    reason: str | None
    last_event: LastEvent | None
    last_frame: str | None
    last_received: str | None
    time_since_last_frame_seconds: float | None
    stream_info: StreamInfo | None
    is_recording: bool
    total_reconnects: int
    consecutive_failures: int
    last_connection_attempt: str | None
    last_successful_connection: str | None
    current_segment_start: str | None


@dataclass(frozen=True, slots=True)
class NodeHealth:
    """A node by its own heartbeats; `heartbeat` is the data of the newest with its `time`."""

    site: str
    node: str
    online: bool
    reason: str | None
    heartbeat: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Moment:
    """When a question is asked, and since when the hub has been listening; seconds since 1970."""

    now: float
    started: float


def devices(view: sqlite3.Connection, site: str | None = None, now: datetime | None = None) -> list[DeviceHealth]:
    """Every device that was ever heard, at `now`, or else at the hub's last tick."""
    asked = _moment(view, now)
    where = "where is_device = 1 and (?1 is null or site = ?1) order by site, device"
    return [_answer(row, asked) for row in _rows(view, where, (site,))]


def device(view: sqlite3.Connection, site: str, name: str, now: datetime | None = None) -> DeviceHealth | None:
    asked = _moment(view, now)
    found = _rows(view, "where site = ? and device = ?", (site, name))
    return _answer(found[0], asked) if found else None


def nodes(view: sqlite3.Connection, site: str | None = None, now: datetime | None = None) -> list[NodeHealth]:
    """Every source of heartbeats but the hub."""
    asked = _moment(view, now)
    rows = _rows(view, "where heartbeat is not null and (?1 is null or site = ?1) order by site, device", (site,))
    return [
        NodeHealth(row.site, row.device, why is None, why, from_json(row.heartbeat or "{}"))
        for row in rows
        for why in (offline_reason(row, asked),)
    ]


def last_tick(view: sqlite3.Connection) -> float | None:
    """The newest of the hub's heartbeats, in seconds since 1970."""
    found = view.execute("select at from clock").fetchone()
    return None if found is None else float(found[0])


def _moment(view: sqlite3.Connection, now: datetime | None) -> Moment:
    at, started = view.execute("select at, started from clock").fetchone() or (0.0, 0.0)
    return Moment(at if now is None else now.timestamp(), started)


def _rows(view: sqlite3.Connection, where: str, values: tuple[str | None, ...] = ()) -> list[Device]:
    found = view.execute(f"select {','.join(_COLUMNS)} from devices {where}", values)  # noqa: S608 - our own words
    return [Device(*row) for row in found]


def offline_reason(row: Device, asked: Moment) -> str | None:
    """Why a device counts as offline: its connection was lost, or it is silent although the hub listens."""
    if not row.online:
        return row.offline_reason
    silent = asked.now - max(row.last_received, asked.started)
    return f"nothing received for {silent:.0f} s" if silent > SILENT_S else None


def status_of(row: Device, asked: Moment) -> str:
    """The rules in their order: offline, not recording, failing, no frame for more than 30 s, else healthy."""
    if offline_reason(row, asked) is not None:
        return "offline"
    if row.reported in ("stopped", "not_started"):
        return row.reported
    if row.consecutive_failures > 0 or row.reported == "degraded":
        return "degraded"
    if row.last_frame is None:
        return row.reported or "unknown"
    return "stale" if asked.now - row.last_frame > STALE_S else "healthy"


def _answer(row: Device, asked: Moment) -> DeviceHealth:
    why = offline_reason(row, asked)
    since = None if row.last_frame is None else max(0.0, asked.now - row.last_frame)
    return DeviceHealth(
        site=row.site,
        device=row.device,
        kinds=tuple(row.kinds.split()),
        online=why is None,
        status=status_of(row, asked),
        reason=why or row.reason,
        last_event=from_json(row.last_event) if row.last_event else None,
        last_frame=_iso_of(row.last_frame),
        last_received=_iso_of(row.last_received),
        time_since_last_frame_seconds=None if since is None else round(since, 2),
        stream_info=from_json(row.stream_info) if row.stream_info else None,
        is_recording=bool(row.is_recording),
        total_reconnects=row.total_reconnects,
        consecutive_failures=row.consecutive_failures,
        last_connection_attempt=row.last_connection_attempt,
        last_successful_connection=row.last_successful_connection,
        current_segment_start=row.current_segment_start,
    )


def _iso_of(seconds: float | None) -> str | None:
    return None if seconds is None else iso(datetime.fromtimestamp(seconds, UTC))
