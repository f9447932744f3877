"""Decides when to open a source again after a failure."""

from collections import deque
from typing import Final

from producer.backoff import Backoff

AT_ONCE_PER_MINUTE: Final = 10
UNREACHABLE: Final = Backoff(first_s=1.1, longest_s=60.0, jitter=0.2, growth=1.1)
"""Each wait is about a tenth of the outage so far, so that an outage is prolonged by little more than a tenth."""
REFUSED: Final = Backoff(first_s=30.0, longest_s=60.0, jitter=0.2)
"""A camera that refuses the password is asked seldom: many lock an account after a few wrong passwords."""
_MINUTE: Final = 60.0


class Retries:
    """For one source: one that had given something is opened again at once, up to ten times a minute; otherwise it is
    waited. Times are seconds of a monotonic clock.
    """

    def __init__(self) -> None:
        self._at_once: deque[float] = deque()
        self._failures = 0

    def wait_s(self, now_s: float, *, gave: bool, is_refused: bool = False) -> float:
        """The wait after a failure; `gave` says whether the source had given something since it was opened."""
        self._failures = 0 if gave else self._failures
        if gave and not is_refused and self._may_at_once(now_s):
            return 0.0
        self._failures += 1
        return (REFUSED if is_refused else UNREACHABLE).after(self._failures)

    def _may_at_once(self, now_s: float) -> bool:
        while self._at_once and self._at_once[0] <= now_s - _MINUTE:
            self._at_once.popleft()
        if len(self._at_once) >= AT_ONCE_PER_MINUTE:
            return False
        self._at_once.append(now_s)
        return True
