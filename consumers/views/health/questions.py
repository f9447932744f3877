"""Queries of the health view: the status of devices and nodes at a moment."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NotRequired, TypedDict

from pydantic_core import from_json

from bus_schemas.event import iso
from consumers.views.health.device import DeviceRow
from consumers.views.health.projection import rows
from producer.times import moment_of_seconds

STALE_S = 30.0
SILENT_S = 30.0


class StreamInfoRow(TypedDict):
    fps: float
    width: int
    height: int
    analysis_fps: NotRequired[float | None]
    codec: NotRequired[str | None]
    bits_per_s: NotRequired[int | None]


class LastEventRow(TypedDict):
    type: str
    time: str
    position: int
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class DeviceHealth:
    """A device at a moment. `status` is healthy, degraded, stale, stopped, not_started, offline or unknown."""

    site: str
    device: str
    kinds: tuple[str, ...]
    online: bool
    status: str
    reason: str | None
    last_event: LastEventRow | None
    last_frame: str | None
    last_received: str | None
    time_since_last_frame_seconds: float | None
    stream_info: StreamInfoRow | None
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
class QuestionTime:
    """The time of a query, and since when the hub has been listening; seconds since 1970."""

    now: float
    started: float


def devices(view: sqlite3.Connection, site: str | None = None, now: datetime | None = None) -> list[DeviceHealth]:
    """Every device that was ever heard, at `now`, or else at the hub's last tick."""
    asked = _moment(view, now)
    where = "where is_device = 1 and (?1 is null or site = ?1) order by site, device"
    return [_answer(row, asked) for row in rows(view, where, (site,))]


def device(view: sqlite3.Connection, site: str, name: str, now: datetime | None = None) -> DeviceHealth | None:
    asked = _moment(view, now)
    found = rows(view, "where site = ? and device = ?", (site, name))
    return _answer(found[0], asked) if found else None


def nodes(view: sqlite3.Connection, site: str | None = None, now: datetime | None = None) -> list[NodeHealth]:
    """Every source of heartbeats but the hub."""
    asked = _moment(view, now)
    found = rows(view, "where heartbeat is not null and (?1 is null or site = ?1) order by site, device", (site,))
    return [
        NodeHealth(row.site, row.device, why is None, why, from_json(row.heartbeat or "{}"))
        for row in found
        for why in (offline_reason(row, asked),)
    ]


def offered_commands(view: sqlite3.Connection, site: str, device: str) -> tuple[str, ...] | None:
    """The commands that a device accepts, from its newest heartbeat; `None` if that does not list them."""
    found = rows(view, "where site = ? and device = ?", (site, device))
    said = from_json(found[0].heartbeat or "{}").get("commands") if found else None
    return None if said is None else tuple(said)


def last_tick(view: sqlite3.Connection) -> float | None:
    """The newest of the hub's heartbeats, in seconds since 1970."""
    found = view.execute("select at from clock").fetchone()
    return None if found is None else float(found[0])


def _moment(view: sqlite3.Connection, now: datetime | None) -> QuestionTime:
    at, started = view.execute("select at, started from clock").fetchone() or (0.0, 0.0)
    return QuestionTime(at if now is None else now.timestamp(), started)


def offline_reason(row: DeviceRow, asked: QuestionTime) -> str | None:
    """Why a device counts as offline: its connection was lost, or it is silent although the hub listens."""
    if not row.online:
        return row.offline_reason
    silent = asked.now - max(row.last_received, asked.started)
    return f"nothing received for {silent:.0f} s" if silent > SILENT_S else None


def status_of(row: DeviceRow, asked: QuestionTime) -> str:
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


def _answer(row: DeviceRow, asked: QuestionTime) -> DeviceHealth:
    why = offline_reason(row, asked)
    status = status_of(row, asked)
    since = None if row.last_frame is None else max(0.0, asked.now - row.last_frame)
    return DeviceHealth(
        site=row.site,
        device=row.device,
        kinds=tuple(row.kinds.split()),
        online=why is None,
        status=status,
        reason=why or row.reason or (f"no frame for more than {STALE_S:g} s" if status == "stale" else None),
        last_event=from_json(row.last_event) if row.last_event else None,
        last_frame=_iso_of(row.last_frame),
        last_received=_iso_of(row.last_received),
        time_since_last_frame_seconds=None if since is None else round(since, 2),
        stream_info=from_json(row.stream_info) if row.stream_info else None,
        is_recording=bool(row.is_recording) and why is None,
        total_reconnects=row.total_reconnects,
        consecutive_failures=row.consecutive_failures,
        last_connection_attempt=row.last_connection_attempt,
        last_successful_connection=row.last_successful_connection,
        current_segment_start=row.current_segment_start,
    )


def _iso_of(seconds: float | None) -> str | None:
    return None if seconds is None else iso(moment_of_seconds(seconds))
