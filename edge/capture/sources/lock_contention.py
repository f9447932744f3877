"""Measures whether a thread has to wait for a processor, or for Python's global lock."""

import time
from collections.abc import Callable
from typing import Final

WAIT_S: Final = 0.0005
"""A sleep of no length takes less if both are free after it."""
HIGH_SHARE: Final = 0.3
LOW_SHARE: Final = 0.1
CALLS_PER_MEASUREMENT: Final = 8
_SMOOTHING: Final = 1 / 8


def _yield() -> None:
    time.sleep(0)


class LockContention:
    """Measured by the thread that waits. Assumed high until it was found to be low."""

    def __init__(self, release: Callable[[], None] = _yield, elapsed: Callable[[], float] = time.perf_counter) -> None:
        self._release = release
        self._elapsed = elapsed
        self._share = 1.0
        self._calls = 0
        self.is_high = True

    def measure(self) -> None:
        """Every few calls, release the lock for a moment, as every call of FFmpeg does."""
        self._calls += 1
        if self._calls % CALLS_PER_MEASUREMENT:
            return
        began = self._elapsed()
        self._release()
        has_waited = self._elapsed() - began > WAIT_S
        self._share += (has_waited - self._share) * _SMOOTHING
        self.is_high = self._share > (LOW_SHARE if self.is_high else HIGH_SHARE)
