"""Counts what retention has dropped of each day, so that the numbers of a live list never fall."""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby, pairwise
from operator import itemgetter
from typing import NamedTuple

from consumers.views.recordings.breaks import is_break_between
from consumers.views.recordings.questions import SegmentRow
from consumers.views.recordings.recording_order import in_order_of_recording

DAY_S = 86_400
SCHEMA = """
    create table if not exists dropped_counts (
        site text not null, device text not null, day integer not null, position integer not null,
        segments integer not null, breaks integer not null, primary key (site, device, day, position)
    ) strict, without rowid;
    """
"""`day` is in days since 1970; `position` that of the event of retention."""
BEFORE_FLOOR = "position < :floor"
_DROPPED = """
    select site, device, start, end, key, size, discontinuity, position, codec from segments
    where (?1 is null or site = ?1) and (?2 is null or device = ?2) and start >= ?3 and start < ?4
    order by site, device, start
"""
_FOLLOWING = """
    select start, end, key, size, discontinuity, position, codec from segments
    where site = ? and device = ? and start >= ? order by start limit 1
"""


class DroppedCount(NamedTuple):
    """The segments of a day that are gone, and the breaks that went with them."""

    segments: int
    breaks: int


def dropped_count(view: sqlite3.Connection, site: str, device: str, day: int) -> DroppedCount:
    query = "select total(segments), total(breaks) from dropped_counts where site = ? and device = ? and day = ?"
    segments, breaks = view.execute(query, (site, device, day)).fetchone()
    return DroppedCount(int(segments), int(breaks))


def count_dropped(
    view: sqlite3.Connection, site: str | None, device: str | None, start: float, end: float, position: int
) -> None:
    """Before the segments that begin in this time are deleted, of one device, or of all where `None` is given."""
    found = view.execute(_DROPPED, (site, device, start, end)).fetchall()
    for where, rows in groupby(found, itemgetter(0, 1)):
        dropped = in_order_of_recording([SegmentRow(*row[2:]) for row in rows])
        following = [SegmentRow(*row) for row in view.execute(_FOLLOWING, (*where, end))]
        segments = Counter(_day(one) for one in dropped)
        breaks = Counter(_breaks([*dropped, *following]))
        view.executemany(
            "insert or replace into dropped_counts values (?, ?, ?, ?, ?, ?)",
            [(*where, day, position, segments[day], breaks[day]) for day in segments | breaks],
        )


def _breaks(rows: Iterable[SegmentRow]) -> Iterator[int]:
    """The day of each segment after a break. A live list counts from the first segment that lasts into its day."""
    for before, after in pairwise(one for one in rows if one.key):
        day = _day(after)
        if before.end > day * DAY_S and is_break_between(before, after):
            yield day


def _day(segment: SegmentRow) -> int:
    return int(segment.start // DAY_S)
