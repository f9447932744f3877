"""The view of motion: how often, how long and where something moved, known while it still moves."""

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import ClassVar

from bus_schemas.camera import MotionEvent
from bus_schemas.event import Event
from bus_schemas.registry import RegistryEvent
from consumers.engine import zones
from consumers.engine.projection import Emit, Projection
from consumers.engine.rebuild.time_range import TimeRange, Value, ViewPart
from consumers.engine.zones import Zones
from consumers.store.journal.record import DeviceKey, Recorded
from consumers.views.motion.counts import CountsByTick
from consumers.views.motion.keeping import prune
from consumers.views.motion.motions import Motions
from consumers.views.motion.tracks import Tracks
from producer.times import MICROSECOND, day_bounds, moment

_MOST_DAYS_WIDENED = 7


class MotionProjection(Projection):
    """A motion is counted when it begins, its seconds while it goes on; a grid belongs to a device and a day of its
    site.
    """

    name: ClassVar[str] = "motion"
    version: ClassVar[int] = 7
    models: ClassVar[tuple[type[Event], ...]] = (MotionEvent, RegistryEvent)
    schema: ClassVar[str] = f"""
    create table if not exists motions (
        site text not null, device text not null, started integer not null, latest integer not null,
        ended integer not null, frames integer not null, intensity real not null, event_class text,
        primary key (site, device, started)
    ) strict, without rowid;
    create table if not exists counts (
        site text not null, device text not null, width integer not null, tick integer not null,
        began integer not null, carried integer not null, milliseconds integer not null,
        primary key (site, device, width, tick)
    ) strict, without rowid;
    create table if not exists tracks (
        site text not null, device text not null, at integer not null, boxes text not null,
        primary key (site, device, at)
    ) strict, without rowid;
    create table if not exists grids (
        site text not null, device text not null, day text not null, samples integer not null,
        position integer not null, grid blob not null, primary key (site, device, day)
    ) strict;
    {zones.SCHEMA}"""

    # A day of a zone begins up to 14 hours before that of UTC.
    before_floor: ClassVar[Mapping[str, str]] = {
        "motions": "started / 1000.0 <= horizon(site, device)",
        "counts": "tick * width <= horizon(site, device)",
        "tracks": "at / 1000.0 <= horizon(site, device)",
        "grids": "unixepoch(day) - 14 * 3600 <= horizon(site, device)",
        **zones.BEFORE_FLOOR,
    }
    part_context: ClassVar[tuple[str, ...]] = ("zones",)
    whole_because: ClassVar[str] = (
        "its grids are by days of the site, whose time zone was changed, or something moved there for many days"
    )

    def part(self, wanted: TimeRange, view: sqlite3.Connection) -> ViewPart | None:
        """Whole days of the site, for the grids are by day, and no motion is cut. `None` where its days were others
        before.
        """
        zone = Zones(view).only(wanted.site)
        if zone is None:
            return None
        first = wanted.since.astimezone(zone).date()
        last = (wanted.until - MICROSECOND).astimezone(zone).date()
        for _ in range(_MOST_DAYS_WIDENED):
            since, until = day_bounds(first, zone)[0], day_bounds(last, zone)[1]
            cut_at = [at for at in (since, until) if _is_cut(view, wanted.site, at.timestamp())]
            if not cut_at:
                break
            first -= timedelta(days=since in cut_at)
            last += timedelta(days=until in cut_at)
        else:
            return None
        begin, end = since.timestamp(), until.timestamp()
        milliseconds = (wanted.site, begin * 1000, end * 1000)
        rows: dict[str, tuple[str, tuple[Value, ...]]] = {
            "motions": ("site = ? and started >= ? and started < ?", milliseconds),
            "counts": ("site = ? and tick * width >= ? and tick * width < ?", (wanted.site, begin, end)),
            "tracks": ("site = ? and at >= ? and at < ?", milliseconds),
            "grids": ("site = ? and day >= ? and day <= ?", (wanted.site, first.isoformat(), last.isoformat())),
        }
        return ViewPart(since, until, rows)

    def settle_part(self, view: sqlite3.Connection, site: str) -> None:
        prune(view, view.execute("select distinct site, device from motions where site = ?", (site,)).fetchall())

    def fold(self, view: sqlite3.Connection, batch: Sequence[Recorded], emit: Emit) -> None:
        # NumPy takes 10 MB, which every process would have that knows the list of consumers.
        from consumers.views.motion.grids import DayGrids

        motions, counts, grids, tracks = Motions(view), CountsByTick(view), DayGrids(view), Tracks(view)
        known, moved = Zones(view), set[DeviceKey]()
        for record in batch:
            event = record.event
            if isinstance(event, RegistryEvent):
                motions.save()
                known.take(record.position, event, partial(_has_days, view))
            if not isinstance(event, MotionEvent):
                continue
            at_ms = record.time_us // 1000
            progress = motions.advance(record.where, event.data, at_ms)
            if progress is None:
                continue
            moved.add(record.where)
            counts.add(record.where, progress)
            if progress.has_new_boxes:
                day = moment(record.time_us).astimezone(known.at(record.where[0], record.position)).date()
                grids.add((*record.where, day.isoformat()), event.data.boxes, record.position)
                tracks.add(record.where, at_ms, event.data.boxes)
        for part in (motions, counts, grids, tracks):
            part.save()
        prune(view, moved)


def _is_cut(view: sqlite3.Connection, site: str, at: float) -> bool:
    query = "select 1 from motions where site = ?1 and started < ?2 and latest >= ?2 limit 1"
    return view.execute(query, (site, at * 1000)).fetchone() is not None


def _has_days(view: sqlite3.Connection, site: str) -> bool:
    return view.execute("select 1 from motions where site = ? limit 1", (site,)).fetchone() is not None
