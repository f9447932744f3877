"""Decides when to drop pictures because the link does not carry all of them. No I/O."""

from typing import Final

WATCHED_S: Final = 10.0
LOG_EVERY_S: Final = 300.0


class Thinning:
    """Active while more pictures come than the link carries. The backlog of an outage is no reason, since it shrinks.

    Times are seconds of a monotonic clock.
    """

    def __init__(self) -> None:
        self.is_needed = False
        self._since: float | None = None
        self._before = 0
        self._polls = self._full_polls = 0
        self._unlogged, self._log_at = 0, float("-inf")

    def poll(self, unsent: int, is_full: bool, now: float) -> None:
        """`unsent` pictures wait; `is_full` says whether the link accepted no more just now."""
        if not unsent:
            self.is_needed, self._since = False, None
        elif self._since is None:
            self._begin(unsent, now)
        else:
            self._polls, self._full_polls = self._polls + 1, self._full_polls + is_full
            if now - self._since >= WATCHED_S:
                self.is_needed = self.is_needed or (unsent > self._before and 2 * self._full_polls > self._polls)
                self._begin(unsent, now)

    def dropped_to_log(self, dropped: int, now: float) -> int:
        """Count dropped pictures. Returns how many of them a line of the log names now: lines wear out a card."""
        self._unlogged += dropped
        if not self._unlogged or now < self._log_at:
            return 0
        logged, self._unlogged, self._log_at = self._unlogged, 0, now + LOG_EVERY_S
        return logged

    def pause(self) -> None:
        """Something other than the link delays the pictures."""
        self._since = None

    def _begin(self, unsent: int, now: float) -> None:
        self._since, self._before, self._polls, self._full_polls = now, unsent, 0, 0
