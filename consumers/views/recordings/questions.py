"""Queries of the recordings view: segments, recordings without gaps, and clips."""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from bus_schemas.event import iso
from producer.times import moment_of_seconds

SAME_SPAN_S = 1.0
"""A pause of more than this between two segments is a gap."""
OVERLAP_S = 0.5
"""Segments follow each other although their clocks are not exact; with more, they were recorded at the same time."""
LONGEST_SEGMENT_S = 3600
"""No segment is longer than the contract allows."""

_OVERLAPPING = """
    from segments where site = ?1 and device = ?2 and start < ?4 and end > ?3
    and start >= coalesce((select min(start) from segments where site = ?1 and device = ?2
        and start > ?3 - 3600 and start <= ?3 and end > ?3), ?3) order by start limit ?5
"""
"""Several segments may have begun before the span: where a clock was set back, two of them cover one moment. 3600 is
`LONGEST_SEGMENT_S`.
"""
_AT_MOST = 20_000


class SegmentRow(NamedTuple):
    """A recorded span. Times in seconds since 1970; `discontinuity` where it does not continue the one before."""

    start: float
    end: float
    key: str
    size: int
    discontinuity: bool
    position: int
    codec: str = "h264"

    @property
    def duration_s(self) -> float:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class ContinuousRecording:
    """Segments without a gap between them; `gap_before_s` is the pause since the span before, `None` for the first."""

    start: float
    end: float
    bytes: int
    segments: int
    gap_before_s: float | None


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip around something that happened; `ended` once no more can belong to it. `picture` is a key of the archive,
    or empty, and `pictured` is when the motion began. `is_playable` while a segment of it is kept.
    """

    recording_id: str
    site: str
    device: str
    trigger: str
    start: float
    end: float
    ended: bool
    picture: str
    pictured: float
    is_playable: bool


@dataclass(frozen=True, slots=True)
class ClipFilter:
    """Clips that overlap the time from `start` to `end`; `None` is any site, device or trigger."""

    start: datetime
    end: datetime
    site: str | None = None
    device: str | None = None
    trigger: str | None = None
    limit: int = 1000


@dataclass(frozen=True, slots=True)
class RecorderPause:
    """The device recorded nothing on purpose from `start` on: `off`, outside its `schedule`, or `no_motion`.

    `end` is `None` while that lasts.
    """

    start: float
    end: float | None
    mode: str
    reason: str | None


def segments(
    view: sqlite3.Connection, site: str, device: str, start: datetime, end: datetime, limit: int = _AT_MOST
) -> list[SegmentRow]:
    """The segments that overlap the span, oldest first."""
    found = view.execute(
        f"select start, end, key, size, discontinuity, position, codec {_OVERLAPPING}",
        (site, device, start.timestamp(), end.timestamp(), limit),
    )
    return [_row(row) for row in found]


def _row(row: tuple[Any, ...]) -> SegmentRow:
    return SegmentRow(row[0], row[1], row[2], row[3], bool(row[4]), row[5], row[6])


def keys_between(view: sqlite3.Connection, site: str, device: str, start: float, end: float) -> tuple[str, ...]:
    """The media of the segments that overlap the span, of seconds since 1970."""
    found = view.execute(f"select key {_OVERLAPPING}", (site, device, start, end, _AT_MOST))
    return tuple(key for (key,) in found)


def newest_segments(view: sqlite3.Connection, site: str, device: str, limit: int = 10) -> list[SegmentRow]:
    """The last segments, oldest first."""
    found = view.execute(
        "select start, end, key, size, discontinuity, position, codec from segments where site = ? and device = ? "
        "order by start desc limit ?",
        (site, device, limit),
    ).fetchall()
    return [_row(row) for row in reversed(found)]


def spans(
    view: sqlite3.Connection, site: str, device: str, start: datetime, end: datetime
) -> list[ContinuousRecording]:
    """Recordings that play without a gap."""
    return list(_joined(segments(view, site, device, start, end)))


def _joined(found: Sequence[SegmentRow]) -> Iterator[ContinuousRecording]:
    if not found:
        return
    run, before = [found[0]], None
    for segment in found[1:]:
        if segment.start - run[-1].end > SAME_SPAN_S:
            yield _span(run, before)
            before, run = run[-1].end, []
        run.append(segment)
    yield _span(run, before)


def _span(run: Sequence[SegmentRow], before: float | None) -> ContinuousRecording:
    gap = None if before is None else round(run[0].start - before, 3)
    return ContinuousRecording(run[0].start, run[-1].end, sum(segment.size for segment in run), len(run), gap)


def clips(view: sqlite3.Connection, wanted: ClipFilter) -> list[Clip]:
    """Newest first."""
    found = view.execute(
        "select recording_id, site, device, trigger, start, end, is_emitted, picture, pictured, exists (select 1 from "
        "segments where segments.site = clips.site and segments.device = clips.device "
        "and segments.start between clips.start - ?7 and clips.end and segments.end > clips.start) from clips "
        "where start < ?1 and end > ?2 and (?3 is null or site = ?3) and (?4 is null or device = ?4) "
        "and (?5 is null or trigger = ?5) order by start desc, recording_id limit ?6",
        (wanted.end.timestamp(), wanted.start.timestamp(), wanted.site, wanted.device, wanted.trigger, wanted.limit,
         LONGEST_SEGMENT_S),
    )  # fmt: skip
    return [
        Clip(row[0], row[1], row[2], row[3], row[4], row[5], bool(row[6]), row[7], row[8], bool(row[9]))
        for row in found
    ]


def pauses(view: sqlite3.Connection, site: str, device: str, start: datetime, end: datetime) -> list[RecorderPause]:
    """When the device recorded nothing on purpose, in the time from `start` to `end`, oldest first.

    A pause ends with the next change, or with the next segment: a device that begins anew says nothing while it
    records.
    """
    found = view.execute(
        "select at, until, mode, reason, (select min(start) from segments where segments.site = ?1 "
        "and segments.device = ?2 and segments.start > changes.at + 1) from (select at, mode, reason, recording, "
        "lead(at) over (order by at, position) as until from recorder_changes where site = ?1 and device = ?2) "
        "as changes where recording = 0 and at < ?4 and (until is null or until > ?3) order by at",
        (site, device, start.timestamp(), end.timestamp()),
    )
    ended = [(at, min((one for one in (until, segment) if one is not None), default=None), mode, reason)
             for at, until, mode, reason, segment in found]  # fmt: skip
    return [RecorderPause(*one) for one in ended if one[1] is None or one[1] > start.timestamp()]


def oldest(view: sqlite3.Connection, site: str, device: str) -> str | None:
    """When the first recording that is left begins."""
    query = "select min(start) from segments where site = ? and device = ?"
    found: Any = view.execute(query, (site, device)).fetchone()[0]
    return None if found is None else iso(moment_of_seconds(found))
