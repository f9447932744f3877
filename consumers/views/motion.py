"""The view of motion: motions by device, and a heat map grid of each day."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from bus_schemas.camera import MotionEvent
from bus_schemas.event import Event
from bus_schemas.registry import RegistryEvent
from consumers.engine import zones
from consumers.engine.projection import Emit, Projection
from consumers.engine.rebuild.time_range import TimeRange, Value, ViewPart
from consumers.engine.zones import Zones
from consumers.store.journal.record import DeviceKey, Recorded
from producer.times import MICROSECOND, day_bounds, moment

if TYPE_CHECKING:
    from consumers.views.motion_grids import DayGrid


class MotionProjection(Projection):
    """A motion is counted once, when it ends; a grid belongs to a device and a day of its site."""

    name: ClassVar[str] = "motion"
    version: ClassVar[int] = 3
    models: ClassVar[tuple[type[Event], ...]] = (MotionEvent, RegistryEvent)
    schema: ClassVar[str] = f"""
    create table if not exists motions (
        site text not null, device text not null, at real not null, event_id text not null, duration_s real not null,
        frames integer not null, intensity real not null, boxes integer not null,
        primary key (site, device, at, event_id)
    ) strict, without rowid;
    create table if not exists minutes (
        site text not null, device text not null, minute integer not null, events integer not null,
        milliseconds integer not null, primary key (site, device, minute)
    ) strict, without rowid;
    create table if not exists grids (
        site text not null, device text not null, day text not null, samples integer not null,
        position integer not null, grid blob not null, primary key (site, device, day)
    ) strict;
    {zones.SCHEMA}"""

    # A day of a zone begins up to 14 hours before that of UTC.
    before_floor: ClassVar[Mapping[str, str]] = {
        "motions": "at <= horizon(site, device)",
        "minutes": "minute * 60 <= horizon(site, device)",
        "grids": "unixepoch(day) - 14 * 3600 <= horizon(site, device)",
        **zones.BEFORE_FLOOR,
    }
    part_context: ClassVar[tuple[str, ...]] = ("zones",)
    whole_because: ClassVar[str] = "its grids are by days of the site, whose time zone was changed"

    def part(self, wanted: TimeRange, view: sqlite3.Connection) -> ViewPart | None:
        """Whole days of the site, for the grids are by day. `None` where its days were others before."""
        zone = Zones(view).only(wanted.site)
        if zone is None:
            return None
        first = wanted.since.astimezone(zone).date()
        last = (wanted.until - MICROSECOND).astimezone(zone).date()
        since, until = day_bounds(first, zone)[0], day_bounds(last, zone)[1]
        moments = (wanted.site, since.timestamp(), until.timestamp())
        rows: dict[str, tuple[str, tuple[Value, ...]]] = {
            "motions": ("site = ? and at >= ? and at < ?", moments),
            "minutes": ("site = ? and minute * 60 >= ? and minute * 60 < ?", moments),
            "grids": ("site = ? and day >= ? and day <= ?", (wanted.site, first.isoformat(), last.isoformat())),
        }
        return ViewPart(since, until, rows)

    def fold(self, view: sqlite3.Connection, batch: Sequence[Recorded], emit: Emit) -> None:
        # NumPy takes 10 MB, which every process would have that knows the list of consumers.
        from consumers.views.motion_grids import load

        grids: dict[tuple[str, str, str], DayGrid] = {}
        known = Zones(view)
        for record in batch:
            event = record.event
            if isinstance(event, RegistryEvent):
                known.take(record.position, event, partial(_has_days, view))
            if not isinstance(event, MotionEvent) or event.data.phase != "end":
                continue
            site, device = record.where
            at = moment(record.time_us)
            if not _insert(view, (site, device), event, at):
                continue
            day = at.astimezone(known.at(site, record.position)).date().isoformat()
            key = (site, device, day)
            if key not in grids:
                grids[key] = load(view, key)
            grids[key].add(event.data.boxes, record.position)
        view.executemany(
            "insert or replace into grids values (?, ?, ?, ?, ?, ?)",
            [(*key, day.samples, day.position, day.grid.tobytes()) for key, day in grids.items()],
        )


def _has_days(view: sqlite3.Connection, site: str) -> bool:
    return view.execute("select 1 from motions where site = ? limit 1", (site,)).fetchone() is not None


def _insert(view: sqlite3.Connection, where: DeviceKey, event: MotionEvent, at: datetime) -> bool:
    """Insert a motion. Return whether it is new."""
    moved = event.data
    inserted = view.execute(
        "insert or ignore into motions values (?, ?, ?, ?, ?, ?, ?, ?)",
        (*where, at.timestamp(), event.id, moved.duration_s, moved.frames, moved.intensity,
         len(moved.boxes)),
    )  # fmt: skip
    if inserted.rowcount == 0:
        return False
    view.execute(
        "insert into minutes values (?, ?, ?, 1, ?) on conflict do update set events = events + 1, "
        "milliseconds = milliseconds + excluded.milliseconds",
        (*where, int(at.timestamp() // 60), round(moved.duration_s * 1000)),
    )
    return True


# Questions


@dataclass(frozen=True, slots=True)
class MotionBucket:
    """The motions that ended in a bucket of time, and how long they took together."""

    start: float
    events: int
    seconds: float


def buckets(
    view: sqlite3.Connection, site: str, device: str, start: datetime, end: datetime, bucket_s: int = 300
) -> list[MotionBucket]:
    """Counts by bucket of whole minutes, oldest first; empty ones are left out."""
    step = max(1, bucket_s // 60)
    found = view.execute(
        "select minute / ?5 * ?5 as bucket, sum(events), sum(milliseconds) from minutes "
        "where site = ?1 and device = ?2 and minute >= ?3 and minute < ?4 group by bucket order by bucket",
        (site, device, int(start.timestamp() // 60), -int(-end.timestamp() // 60), step),
    )
    return [MotionBucket(bucket * 60.0, events, milliseconds / 1000) for bucket, events, milliseconds in found]
