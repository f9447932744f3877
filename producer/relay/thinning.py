"""Decides when pictures are given up because the link does not carry all of them: decisions without I/O."""

from typing import Final

WATCHED_SECONDS: Final = 10.0


class Thinning:
    """Holds while more pictures come than the link carries. What an outage has left is no reason: that gets less.

    Times are of a monotonic clock, in seconds.
    """

    def __init__(self) -> None:
        self.is_needed = False
        self._since: float | None = None
        self._before = 0
        self._looks = self._held = 0

    def look(self, unsent: int, held: bool, now: float) -> None:
        """`unsent` pictures wait; `held` says that the link took no more just now."""
        if not unsent:
            self.is_needed, self._since = False, None
        elif self._since is None:
            self._begin(unsent, now)
        else:
            self._looks, self._held = self._looks + 1, self._held + held
            if now - self._since >= WATCHED_SECONDS:
                self.is_needed = self.is_needed or (unsent > self._before and 2 * self._held > self._looks)
                self._begin(unsent, now)

    def pause(self) -> None:
        """Something else than the link holds the pictures up."""
        self._since = None

    def _begin(self, unsent: int, now: float) -> None:
        self._since, self._before, self._looks, self._held = now, unsent, 0, 0
