"""Counts motions and their seconds by steps of five seconds and of a minute."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from consumers.store.journal.record import DeviceKey
from consumers.views.motion.motions import MotionProgress

FINE_S: Final = 5
COARSE_S: Final = 60
"""Two widths, so that counts of a day read 1,440 rows and not 17,280."""
WIDTHS: Final = (FINE_S, COARSE_S)


class CountsByTick:
    """Not in the view before `save`."""

    def __init__(self, view: sqlite3.Connection) -> None:
        self._view = view
        self._events: defaultdict[tuple[str, str, int, int], int] = defaultdict(int)
        self._milliseconds: defaultdict[tuple[str, str, int, int], int] = defaultdict(int)

    def add(self, where: DeviceKey, progress: MotionProgress) -> None:
        for width in WIDTHS:
            if progress.began is not None:
                self._events[*where, width, progress.began // 1000 // width] += 1
            for tick, milliseconds in _by_tick(progress.since, progress.until, width * 1000):
                self._milliseconds[*where, width, tick] += milliseconds

    def save(self) -> None:
        keys = self._events.keys() | self._milliseconds.keys()
        self._view.executemany(
            "insert into counts values (?, ?, ?, ?, ?, ?) on conflict do update set events = events + excluded.events, "
            "milliseconds = milliseconds + excluded.milliseconds",
            [(*key, self._events.get(key, 0), self._milliseconds.get(key, 0)) for key in keys],
        )


def _by_tick(since: int, until: int, width: int) -> Iterator[tuple[int, int]]:
    """How many of the milliseconds from `since` to `until` lie in each tick."""
    while since < until:
        tick = since // width
        end = min((tick + 1) * width, until)
        yield tick, end - since
        since = end
