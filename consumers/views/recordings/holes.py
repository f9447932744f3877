"""Finds the holes of a recording, and says of each what caused it, as far as the log knows.

Evidence of a cause is an interval. A hole is cut where one cause ends and another begins; what no evidence covers is
`unknown`, but for a few seconds beside a known cause: a camera counts as away only some time after its last picture.
"""

import sqlite3
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import inf, isfinite
from typing import Any, Final, Literal, get_args

from consumers.views.recordings.questions import SAME_SPAN_S
from consumers.views.recordings.recorded import recorded_between

HoleCause = Literal[
    "not_scheduled",
    "agent_stopped",
    "agent_down",
    "camera_off",
    "hub_away",
    "disk_full",
    "dropped",
    "events_lost",
    "not_begun",
    "on_its_way",
    "unknown",
]
"""In the order in which they are believed where several hold at once."""

_CAUSES: Final[tuple[HoleCause, ...]] = get_args(HoleCause)
NOTICED_AFTER_S = 45.0
"""By then it is known why nothing comes; what remains of a hole beside a known cause has the same one."""
STILL_GOING_S = 30.0
"""A recording goes on whose last segment ended no longer ago: the next one is not over yet, or on its way."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """An event that could have caused a hole. Times in seconds since 1970; `data` are facts for the words."""

    cause: HoleCause
    start: float
    end: float
    data: Mapping[str, Any] = field(default_factory=dict)
    is_certain: bool = True
    """Whether nothing was recorded for that cause. Of what is not certain only that is believed which nothing else
    explains.
    """

    @property
    def rank(self) -> tuple[bool, int]:
        return not self.is_certain, _CAUSES.index(self.cause)


@dataclass(frozen=True, slots=True)
class Hole:
    """Seconds since 1970; `is_open` where nothing has been recorded since."""

    start: float
    end: float
    is_open: bool = False
    cause: HoleCause = "unknown"
    since: float | None = None
    """Since when the cause holds, where it began before the hole or the range did."""
    data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def duration_s(self) -> float:
        return self.end - self.start


def holes(view: sqlite3.Connection, where: tuple[str, str], start: float, end: float, now: float) -> list[Hole]:
    """The time from `start` to `end` that is not recorded, oldest first; nothing of what has not come yet."""
    end = min(end, now)
    reached = start
    found = []
    for begun, ended in recorded_between(view, where, start, end):
        if begun - reached > SAME_SPAN_S:
            found.append(Hole(reached, begun))
        reached = max(reached, ended)
    grace_s = STILL_GOING_S if now - end < STILL_GOING_S and reached > start else SAME_SPAN_S
    if end - reached > grace_s:
        found.append(Hole(reached, end, is_open=not _goes_on(view, where, end)))
    return found


def _goes_on(view: sqlite3.Connection, where: tuple[str, str], after: float) -> bool:
    query = "select 1 from segments where site = ? and device = ? and start >= ? limit 1"
    return view.execute(query, (*where, after)).fetchone() is not None


def dropped(view: sqlite3.Connection, where: tuple[str, str], start: float, end: float) -> list[Evidence]:
    """The time ranges that retention has dropped, joined where they follow each other by one rule."""
    joined: list[Evidence] = []
    rows = view.execute(
        "select start, end, rule from dropped where site in (?1, '') and device in (?2, '') and start < ?4 and end > ?3"
        " order by rule, start",
        (*where, start, end),
    )
    for begun, ended, rule in rows:
        last = joined[-1] if joined else None
        if last is not None and last.data["rule"] == rule and begun <= last.end + SAME_SPAN_S:
            joined[-1] = replace(last, end=max(last.end, ended))
        else:
            joined.append(Evidence("dropped", begun, ended, {"rule": rule}))
    return joined


def explained(found: Sequence[Hole], evidence: Sequence[Evidence]) -> list[Hole]:
    """The holes, which are in order, with their causes, cut where those change."""
    return [part for hole, near in _with_near(found, evidence) for part in _explain(hole, near)]


def _with_near(found: Sequence[Hole], evidence: Sequence[Evidence]) -> Iterator[tuple[Hole, list[Evidence]]]:
    """Each hole with the evidence that touches it. One pass over both: there may be thousands."""
    coming = deque(sorted(evidence, key=lambda one: one.start))
    going: list[Evidence] = []
    for hole in found:
        going = [one for one in going if one.end > hole.start - SAME_SPAN_S]
        while coming and coming[0].start < hole.end + SAME_SPAN_S:
            going.append(coming.popleft())
        yield hole, [one for one in going if one.end > hole.start - SAME_SPAN_S]


def _explain(hole: Hole, near: Sequence[Evidence]) -> list[Hole]:
    cuts = sorted({hole.start, hole.end, *(_within(hole, edge) for one in near for edge in (one.start, one.end))})
    parts = [_part(hole, begun, ended, near) for begun, ended in pairwise(cuts) if ended > begun]
    return _joined(_without_splinters(parts))


def _within(hole: Hole, moment: float) -> float:
    return min(max(moment, hole.start), hole.end)


def _part(hole: Hole, start: float, end: float, near: Iterable[Evidence]) -> Hole:
    """This part of a hole, by the evidence that is believed first."""
    holding = [one for one in near if one.start <= start and one.end >= end]
    is_open = hole.is_open and end == hole.end
    if not holding:
        return Hole(start, end, is_open)
    best = min(holding, key=lambda one: (one.rank, one.start, -one.end))
    since = best.start if isfinite(best.start) else None
    return Hole(start, end, is_open, best.cause, since, best.data)


def _without_splinters(parts: list[Hole]) -> list[Hole]:
    """A short rest without a known cause has that of the part after it, or else of the part before. So has a part that
    is shorter than any hole.
    """
    if len(parts) < 2:
        return parts
    *first, last = parts
    whole = [_as(last, first[-1])]
    for part in reversed(first):
        whole.append(_as(part, whole[-1]))
    return whole[::-1]


def _as(part: Hole, beside: Hole) -> Hole:
    longest = NOTICED_AFTER_S if part.cause == "unknown" else SAME_SPAN_S
    if part.duration_s > longest:
        return part
    return replace(part, cause=beside.cause, since=beside.since, data=beside.data)


def _joined(parts: Iterable[Hole]) -> list[Hole]:
    joined: list[Hole] = []
    for part in parts:
        last = joined[-1] if joined else None
        if last is not None and last.cause == part.cause and _facts(last) == _facts(part):
            joined[-1] = replace(last, end=part.end, is_open=part.is_open)
        else:
            joined.append(part)
    return joined


def _facts(hole: Hole) -> dict[str, Any]:
    """The key by which causes differ: several incidents may stand for the same."""
    return {key: value for key, value in hole.data.items() if key != "incident"}


def positions_around(view: sqlite3.Connection, where: tuple[str, str], hole: Hole) -> tuple[float, float]:
    """The positions in the journal of the segments before and after a hole; infinite where there is none."""
    before = "select position from segments where site = ? and device = ? and start < ? order by start desc limit 1"
    after = "select position from segments where site = ? and device = ? and start >= ? order by start limit 1"
    first = view.execute(before, (*where, hole.start)).fetchone()
    last = view.execute(after, (*where, hole.end)).fetchone()
    return -inf if first is None else first[0], inf if last is None else last[0]
