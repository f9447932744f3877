"""Queries of the motion view: counts by buckets of time, and the track of what moved."""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Final
from zoneinfo import ZoneInfo

from pydantic_core import from_json

from bus_schemas.event import Box
from consumers.store.journal.record import DeviceKey
from consumers.views.motion.areas import Point, reaches_into
from consumers.views.motion.counts import COARSE_S, FINE_S
from consumers.views.motion.motions import MotionRow
from consumers.views.steps import UTC, step_start

POINTS_SEARCHED: Final = 100_000
"""Moments of motion that one search looks at: more than a day of one that never ends."""


@dataclass(frozen=True, slots=True)
class MotionBucket:
    """How many motions went on in a bucket of time, how many of them began in it, and for how many of its seconds
    something moved.
    """

    start: float
    events: int
    began: int
    seconds: float


@dataclass(frozen=True, slots=True)
class TrackPoint:
    """Where something moved at a moment, in seconds since 1970; boxes are (x, y, width, height) in 0..1."""

    time: float
    boxes: tuple[Box, ...]


def bucket_in_use(bucket_s: int) -> int:
    """The bucket that is answered where this one is asked for: a multiple of five seconds, not more than asked."""
    return max(FINE_S, bucket_s // FINE_S * FINE_S)


def buckets(
    view: sqlite3.Connection,
    site: str,
    device: str,
    start: datetime,
    end: datetime,
    bucket_s: int = 300,
    zone: ZoneInfo = UTC,
) -> list[MotionBucket]:
    """Counts by `bucket_in_use(bucket_s)`, oldest first; empty ones are left out. Those of hours and days begin by the
    clock of the zone.
    """
    bucket = bucket_in_use(bucket_s)
    width = FINE_S if bucket % COARSE_S else COARSE_S
    begin = step_start("(tick * width)", bucket, start, end, zone)
    found = view.execute(
        f"select {begin} as begin, sum(began), max(carried * (tick * width = {begin})), sum(milliseconds) from counts "  # noqa: S608 - our own numbers
        "where site = ?1 and device = ?2 and width = ?3 and tick >= ?4 and tick < ?5 group by begin order by begin",
        (site, device, width, int(start.timestamp() // width), -int(-end.timestamp() // width)),
    )
    return [
        MotionBucket(float(at), began + carried, began, milliseconds / 1000)
        for at, began, carried, milliseconds in found
    ]


def track(
    view: sqlite3.Connection, site: str, device: str, start: datetime, end: datetime, most: int
) -> list[TrackPoint]:
    """Where something moved, oldest first; evenly thinned where there are more than `most` moments."""
    bounds = (site, device, round(start.timestamp() * 1000), round(end.timestamp() * 1000))
    found = view.execute(
        "select at, boxes from (select at, boxes, row_number() over (order by at) as number, count(*) over () as total "
        "from tracks where site = ?1 and device = ?2 and at >= ?3 and at < ?4) "
        "where (number - 1) % ((total + ?5 - 1) / ?5) = 0 order by at",
        (*bounds, most),
    )
    return [TrackPoint(at / 1000, tuple(tuple(box) for box in from_json(boxes))) for at, boxes in found]


def motions(
    view: sqlite3.Connection,
    site: str,
    device: str,
    start: datetime,
    end: datetime,
    event_class: str | None = None,
    most: int = 100,
) -> list[MotionRow]:
    """Those that went on in the time, newest first: of one class where one is given."""
    bounds = _milliseconds(start, end)
    return list(islice(_newest_first(view, (site, device), bounds, event_class), most))


@dataclass(frozen=True, slots=True)
class AreaSearch:
    """Motions that reached into an area, newest first. Where there are more, `ended_at` is the start of the last one
    that was looked at, in milliseconds since 1970.
    """

    found: list[MotionRow]
    ended_at: int | None


def motions_within(
    view: sqlite3.Connection,
    where: DeviceKey,
    start: datetime,
    end: datetime,
    corners: Sequence[Point],
    event_class: str | None = None,
    most: int = 100,
) -> AreaSearch:
    """Those of which something moved in the area within the time. It looks at `POINTS_SEARCHED` moments at most."""
    bounds, found, looked_at, last = _milliseconds(start, end), list[MotionRow](), 0, 0
    for row in _newest_first(view, where, bounds, event_class):
        if len(found) == most or looked_at >= POINTS_SEARCHED:
            return AreaSearch(found, last)
        last = row.started
        for boxes in _boxes_of(view, row, bounds):
            looked_at += 1
            if reaches_into(boxes, corners):
                found.append(row)
                break
    return AreaSearch(found, None)


def _milliseconds(start: datetime, end: datetime) -> tuple[int, int]:
    return round(start.timestamp() * 1000), round(end.timestamp() * 1000)


def _newest_first(
    view: sqlite3.Connection, where: DeviceKey, bounds: tuple[int, int], event_class: str | None
) -> Iterator[MotionRow]:
    found = view.execute(
        "select * from motions where site = ?1 and device = ?2 and started < ?4 and latest >= ?3 "
        "and (?5 is null or event_class = ?5) order by started desc",
        (*where, *bounds, event_class),
    )
    return (MotionRow(*row) for row in found)


def _boxes_of(view: sqlite3.Connection, row: MotionRow, bounds: tuple[int, int]) -> Iterator[list[Box]]:
    """The boxes of each moment of a motion, in the order of time."""
    found = view.execute(
        "select boxes from tracks where site = ? and device = ? and at between ? and ? order by at",
        (row.site, row.device, max(row.started, bounds[0]), min(row.latest, bounds[1] - 1)),
    )
    return (from_json(boxes) for (boxes,) in found)
