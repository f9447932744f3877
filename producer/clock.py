"""The clock of events: follows the machine's clock slowly, and records each step of it.

A computer without a clock of its own starts in 1970 or when it was switched off, and its clock is set once it finds a
time server. Durations and order must not suffer from that, and the readers of events must be able to know of it.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bus_schemas.event import AFTER_LATEST, EARLIEST
from producer.ids import Clock, utc_now

STEP_S: Final = 0.5
SLEW: Final = 0.01
"""Seconds per second by which a small difference is followed: far below 1, so that time never goes back."""
MAX_READING_S: Final = 0.05
MAX_PENDING_STEPS: Final = 64
MAX_TRIES: Final = 10

Elapsed = Callable[[], float]
"""Seconds since some moment, by a clock that is never set."""


def since_boot() -> float:
    """Counts the time that the machine sleeps, where it can; otherwise waking up would look like a clock step."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


@dataclass(frozen=True, slots=True)
class WallClockStep:
    """A step of the wall clock: times since `since` were shown until `before`, and go on from `after`."""

    since: datetime
    before: datetime
    after: datetime

    @property
    def seconds(self) -> float:
        return (self.after - self.before).total_seconds()


class DisciplinedClock:
    """Starts at the machine's time and goes on with `elapsed`. All threads of a process share it.

    A small difference to the machine's clock is followed slowly, so that no reading is earlier than the one before. A
    large difference is a step: somebody set the clock. It takes effect at once, and `take_steps` returns it.
    """

    def __init__(self, wall: Clock = utc_now, elapsed: Elapsed = since_boot) -> None:
        self._wall = wall
        self._elapsed = elapsed
        self._lock = threading.Lock()
        self._pending_steps: deque[WallClockStep] = deque(maxlen=MAX_PENDING_STEPS)
        began, now, ended = self._read()
        for _ in range(MAX_TRIES):
            if ended - began <= MAX_READING_S:
                break
            began, now, ended = self._read()
        self._zero = self._read_at = began
        self._start = self._since = min(max(now, EARLIEST), AFTER_LATEST - timedelta(days=1))
        self._ahead = 0.0

    def __call__(self) -> datetime:
        with self._lock:
            began, wall, ended = self._read()
            ours = self._at(began)
            passed, self._read_at = began - self._read_at, began
            # A pause between the readings makes them incomparable.
            if ended - began > MAX_READING_S or not EARLIEST <= wall < AFTER_LATEST:
                return ours
            difference = (wall - ours).total_seconds()
            if abs(difference) > STEP_S:
                self._take_over(ours, wall, began)
                return wall
            self._ahead += min(max(difference, -SLEW * passed), SLEW * passed)
            return self._at(began)

    def take_steps(self) -> list[WallClockStep]:
        """Steps that nobody has taken yet, in order. Each is returned once."""
        if not self._pending_steps:
            return []
        with self._lock:
            steps = list(self._pending_steps)
            self._pending_steps.clear()
        return steps

    def _read(self) -> tuple[float, datetime, float]:
        """The machine's time, and the monotonic clock before and after reading it."""
        return self._elapsed(), self._wall(), self._elapsed()

    def _at(self, elapsed: float) -> datetime:
        return self._start + timedelta(seconds=elapsed - self._zero + self._ahead)

    def _take_over(self, ours: datetime, wall: datetime, elapsed: float) -> None:
        self._pending_steps.append(WallClockStep(self._since, ours, wall))
        self._start, self._since, self._zero, self._ahead = wall, wall, elapsed, 0.0
