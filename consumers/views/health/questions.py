"""Queries of the health view: the last reports of devices and nodes. Their condition is in `alerting`."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NotRequired, TypedDict, cast

from pydantic_core import from_json

from bus_schemas.event import iso
from bus_schemas.registry import Expectation
from consumers.views.health.device import DeviceRow
from consumers.views.health.projection import rows
from producer.times import moment_of_seconds


class StreamInfoRow(TypedDict):
    fps: float
    width: int
    height: int
    analysis_fps: NotRequired[float | None]
    codec: NotRequired[str | None]
    bits_per_s: NotRequired[int | None]
    clock_error_s: NotRequired[float | None]


class LastEventRow(TypedDict):
    type: str
    time: str
    position: int
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class DeviceHealth:
    """A device at a moment. `status` and `reason` are its own; `unknown` is the status of one that says none."""

    site: str
    device: str
    is_device: bool
    """Whether anything of it shows that; a node may have sent no more than that it is there."""
    kinds: tuple[str, ...]
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
    expects: Expectation | None = None
    """The output that it declares itself; so are the two that follow."""
    has_worked: bool | None = None
    silent_since: str | None = None
    heartbeat: dict[str, Any] | None = None
    """The data of the newest heartbeat with its `time`."""


@dataclass(frozen=True, slots=True)
class NodeHealth:
    """A node by its own heartbeats; `heartbeat` is the data of the newest with its `time`."""

    site: str
    node: str
    heartbeat: dict[str, Any]


def devices(view: sqlite3.Connection, site: str | None = None, now: datetime | None = None) -> list[DeviceHealth]:
    """Every device that ever sent an event, at `now`, or else at the hub's last tick."""
    return [one for one in sources(view, site, now) if one.is_device]


def sources(view: sqlite3.Connection, site: str | None = None, now: datetime | None = None) -> list[DeviceHealth]:
    """Every device and node that ever sent an event, as `devices`."""
    asked = _seconds(view, now)
    return [_answer(row, asked) for row in rows(view, "where ?1 is null or site = ?1 order by site, device", (site,))]


def device(view: sqlite3.Connection, site: str, name: str, now: datetime | None = None) -> DeviceHealth | None:
    """Also a node."""
    asked = _seconds(view, now)
    found = rows(view, "where site = ? and device = ?", (site, name))
    return _answer(found[0], asked) if found else None


def nodes(view: sqlite3.Connection, site: str | None = None) -> list[NodeHealth]:
    """Every source of heartbeats but the hub."""
    found = rows(view, "where heartbeat is not null and (?1 is null or site = ?1) order by site, device", (site,))
    return [NodeHealth(row.site, row.device, from_json(row.heartbeat or "{}")) for row in found]


def offered_commands(view: sqlite3.Connection, site: str, device: str) -> tuple[str, ...] | None:
    """The commands that a device accepts, from its newest heartbeat; `None` if that does not list them."""
    found = rows(view, "where site = ? and device = ?", (site, device))
    said = from_json(found[0].heartbeat or "{}").get("commands") if found else None
    return None if said is None else tuple(said)


def last_tick(view: sqlite3.Connection) -> float | None:
    """The newest of the hub's heartbeats, in seconds since 1970."""
    found = view.execute("select at from clock").fetchone()
    return None if found is None else float(found[0])


def _seconds(view: sqlite3.Connection, now: datetime | None) -> float:
    return (last_tick(view) or 0.0) if now is None else now.timestamp()


def _answer(row: DeviceRow, now: float) -> DeviceHealth:
    since = None if row.last_frame is None else max(0.0, now - row.last_frame)
    return DeviceHealth(
        site=row.site,
        device=row.device,
        is_device=bool(row.is_device),
        kinds=tuple(row.kinds.split()),
        status=row.reported or "unknown",
        reason=row.reason,
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
        expects=cast("Expectation | None", row.expects),
        has_worked=None if row.has_worked is None else bool(row.has_worked),
        silent_since=row.silent_since,
        heartbeat=from_json(row.heartbeat) if row.heartbeat else None,
    )


def _iso_of(seconds: float | None) -> str | None:
    return None if seconds is None else iso(moment_of_seconds(seconds))
