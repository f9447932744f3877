"""Decides when to open a source again after a failure."""

import random
from collections import deque
from typing import Final

AT_ONCE_PER_MINUTE: Final = 10
SHARE: Final = 0.1
FIRST_S: Final = 1.0
REFUSED_S: Final = 30.0
LAST_S: Final = 60.0
JITTER: Final = 0.2
_MINUTE: Final = 60.0


class Retries:
    """For one source. Times are seconds of a monotonic clock.

    A source that had given something is opened again at once, up to ten times a minute. Otherwise the wait is a tenth
    of the outage, 1 s at least and 60 s at most, so that an outage is prolonged by little more than a tenth. Each wait
    is up to a fifth longer or shorter, so that cameras behind one switch do not reconnect together. A camera that
    refuses the password is asked seldom from the beginning: many lock an account after a few wrong passwords.
    """

    def __init__(self) -> None:
        self._at_once: deque[float] = deque()

    def wait_s(self, now_s: float, silent_s: float, *, gave: bool, is_refused: bool = False) -> float:
        """The wait after a failure at `now_s` of a source that has given nothing for `silent_s`. `gave` says whether it
        had given something since it was opened.
        """
        if gave and not is_refused and self._may_at_once(now_s):
            return 0.0
        least_s = REFUSED_S if is_refused else FIRST_S
        wait_s = min(max(silent_s * SHARE, least_s), LAST_S)
        return wait_s * random.uniform(1 - JITTER, 1 + JITTER)

    def _may_at_once(self, now_s: float) -> bool:
        while self._at_once and self._at_once[0] <= now_s - _MINUTE:
            self._at_once.popleft()
        if len(self._at_once) >= AT_ONCE_PER_MINUTE:
            return False
        self._at_once.append(now_s)
        return True
