"""Counts motions and their seconds by steps of five seconds and of a minute."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from consumers.store.journal.record import DeviceKey
from consumers.views.motion.motions import MotionProgress

FINE_S: Final = 5
COARSE_S: Final = 60
"""Two widths, so that counts of a day read 1,440 rows and not 17,280."""
WIDTHS: Final = (FINE_S, COARSE_S)


_Key = tuple[str, str, int, int]
"""Site, device, width and tick."""


@dataclass(slots=True)
class _Tick:
    """`carried` is 1 where a motion of the tick before goes on in it."""

    began: int = 0
    carried: int = 0
    milliseconds: int = 0


class CountsByTick:
    """Not in the view before `save`."""

    def __init__(self, view: sqlite3.Connection) -> None:
        self._view = view
        self._ticks: defaultdict[_Key, _Tick] = defaultdict(_Tick)

    def add(self, where: DeviceKey, progress: MotionProgress) -> None:
        for width in WIDTHS:
            if progress.is_new:
                self._ticks[*where, width, progress.started // 1000 // width].began += 1
            for start, milliseconds in _by_tick(progress.since, progress.until, width * 1000):
                tick = self._ticks[*where, width, start // 1000 // width]
                tick.milliseconds += milliseconds
                if start % (width * 1000) == 0 and start > progress.started:
                    tick.carried = 1

    def save(self) -> None:
        self._view.executemany(
            "insert into counts values (?, ?, ?, ?, ?, ?, ?) on conflict do update set began = began + excluded.began, "
            "carried = max(carried, excluded.carried), milliseconds = milliseconds + excluded.milliseconds",
            [(*key, tick.began, tick.carried, tick.milliseconds) for key, tick in self._ticks.items()],
        )


def _by_tick(since: int, until: int, width: int) -> Iterator[tuple[int, int]]:
    """The time from `since` to `until`, in milliseconds, in parts by tick: when each begins, and how long it is."""
    while since < until:
        end = min((since // width + 1) * width, until)
        yield since, end - since
        since = end
