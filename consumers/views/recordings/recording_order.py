"""Orders segments as they were recorded, also where a clock was set back and the same time was recorded again."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from operator import attrgetter
from typing import Final

from consumers.views.recordings.questions import OVERLAP_S, SegmentRow, newest_segments, segments
from producer.times import moment_of_seconds

SET_BACK_S: Final = 2 * 3600
"""By so much a clock may be set back, and what is recorded since is found to be the newest."""

_Span = tuple[float, float]


def in_order_of_recording(found: Sequence[SegmentRow]) -> list[SegmentRow]:
    """The segments, which are given in the order of their begins, as a player plays them.

    That is the order of time, in which what arrived late takes its place. Where two passes of a clock recorded the
    same time, the earlier pass comes whole before the later one.
    """
    if _is_as_recorded(found):
        return list(found)
    ordered: list[SegmentRow] = []
    rest = list(found)
    for start, end in _recorded_twice(found):
        place = next((place for place, one in enumerate(rest) if one.start >= start), len(rest))
        after = next((place for place, one in enumerate(rest) if one.start >= end), len(rest))
        ordered += rest[:place]
        ordered += sorted(rest[place:after], key=attrgetter("position"))
        rest = rest[after:]
    return ordered + rest


def _is_as_recorded(found: Sequence[SegmentRow]) -> bool:
    return all(before.position < after.position for before, after in pairwise(found))


def last_recorded(view: sqlite3.Connection, site: str, device: str, limit: int) -> list[SegmentRow]:
    """The segments that were recorded last, in the order of recording: what a live list shows."""
    newest = newest_segments(view, site, device, limit)
    if not newest or (_is_as_recorded(newest) and not _is_recorded_again(view, site, device, newest[-1])):
        return newest
    since, until = (moment_of_seconds(newest[-1].start + shift) for shift in (-SET_BACK_S, 1))
    return in_order_of_recording(segments(view, site, device, since, until))[-limit:]


def _is_recorded_again(view: sqlite3.Connection, site: str, device: str, newest: SegmentRow) -> bool:
    query = "select 1 from segments where site = ? and device = ? and start > ? and start < ? and position > ? limit 1"
    asked = (site, device, newest.start - SET_BACK_S, newest.start, newest.position)
    return view.execute(query, asked).fetchone() is not None


def _recorded_twice(found: Sequence[SegmentRow]) -> Iterator[_Span]:
    """The time ranges that several passes recorded, each from the first to the last overlap of two of them."""
    pass_of = _numbered_passes(found)
    shared: dict[tuple[int, int], _Span] = {}
    reach = found[0]
    for one in found[1:]:
        mine, other = pass_of[one.position], pass_of[reach.position]
        if mine != other and reach.end - one.start > OVERLAP_S:
            pair = min(mine, other), max(mine, other)
            start, end = shared.get(pair, (reach.start, one.start))
            shared[pair] = min(start, reach.start), max(end, one.end, reach.end)
        if one.end > reach.end:
            reach = one
    yield from _joined(sorted(shared.values()))


def _numbered_passes(found: Iterable[SegmentRow]) -> dict[int, int]:
    """The pass of each segment, by its position: another one begins where the clock went back."""
    passes: dict[int, int] = {}
    number, latest = 0, 0.0
    for one in sorted(found, key=attrgetter("position")):
        number += one.start < latest
        latest = one.start
        passes[one.position] = number
    return passes


def _joined(spans: Sequence[_Span]) -> Iterator[_Span]:
    reached: _Span | None = None
    for start, end in spans:
        if reached is not None and start < reached[1]:
            reached = reached[0], max(reached[1], end)
            continue
        if reached is not None:
            yield reached
        reached = start, end
    if reached is not None:
        yield reached
