"""Measures how busy a processor was between two readings of its counters."""

import time
from collections.abc import Callable
from typing import Final

import psutil

from producer.clock import Elapsed

SHORTEST_S: Final = 1.0
"""The use of a processor over a shorter time says nothing."""

Busy = Callable[[], tuple[float, float]]
"""Reads two counters in seconds: of what was used, and of what there was."""


class ProcessorUse:
    """In percent; `None` until it was measured for a second. A question that comes sooner gets the answer before."""

    def __init__(self, read: Busy, elapsed: Elapsed = time.monotonic) -> None:
        self._read = read
        self._elapsed = elapsed
        self._since = elapsed()
        self._used, self._all = read()
        self._percent: float | None = None

    def percent(self) -> float | None:
        """Since the last measurement."""
        now, (used, in_all) = self._elapsed(), self._read()
        if now - self._since >= SHORTEST_S and in_all > self._all:
            self._percent = round(max(0.0, 100 * (used - self._used) / (in_all - self._all)), 1)
            self._since, self._used, self._all = now, used, in_all
        return self._percent


def of_machine() -> tuple[float, float]:
    """Busy seconds, and all seconds, of the processors of this machine."""
    times = psutil.cpu_times()
    in_all = sum(times) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)
    return in_all - times.idle - getattr(times, "iowait", 0.0), in_all


def of_process(process: psutil.Process, elapsed: Elapsed = time.monotonic) -> Busy:
    """Seconds that a process has used, and seconds of one core."""

    def read() -> tuple[float, float]:
        times = process.cpu_times()
        return times.user + times.system, elapsed()

    return read
