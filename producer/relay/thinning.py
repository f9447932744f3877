"""Decides when to drop pictures because the link does not carry all of them. No I/O."""

from typing import Final

WATCHED_S: Final = 10.0


class Thinning:
    """Holds while more pictures come than the link carries. What an outage has left is no reason: that gets less.

    Times are of a monotonic clock, in seconds.
    """

    def __init__(self) -> None:
        self.is_needed = False
        self._since: float | None = None
        self._before = 0
        self._polls = self._full_polls = 0

    def poll(self, unsent: int, is_full: bool, now: float) -> None:
        """`unsent` pictures wait; `is_full` says that the link took no more just now."""
        if not unsent:
            self.is_needed, self._since = False, None
        elif self._since is None:
            self._begin(unsent, now)
        else:
            self._polls, self._full_polls = self._polls + 1, self._full_polls + is_full
            if now - self._since >= WATCHED_S:
                self.is_needed = self.is_needed or (unsent > self._before and 2 * self._full_polls > self._polls)
                self._begin(unsent, now)

    def pause(self) -> None:
        """Something else than the link holds the pictures up."""
        self._since = None

    def _begin(self, unsent: int, now: float) -> None:
        self._since, self._before, self._polls, self._full_polls = now, unsent, 0, 0
