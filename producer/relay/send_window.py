"""Limits the bytes in flight of a connection to what its link carries in a quarter of a second. No I/O.

The kernel would buffer megabytes, for which a slow link needs minutes, and urgent messages would wait behind them.
"""

from typing import Final

QUEUE_S: Final = 0.25
MIN_WINDOW_BYTES: Final = 4 * 1024
FIRST_WINDOW_BYTES: Final = 16 * 1024
MAX_WINDOW_BYTES: Final = 4 * 1024 * 1024
LONGEST_SPAN_S: Final = 0.5


class SendWindow:
    """Grows and shrinks with the throughput of the link. Times are seconds of a monotonic clock."""

    def __init__(self, round_trip_s: float = 0.0) -> None:
        self._target_s = QUEUE_S + round_trip_s
        self._sent = 0
        self._full: tuple[float, int] | None = None
        """Since when the window has been full, and how many bytes had arrived by then."""
        self.bytes = FIRST_WINDOW_BYTES
        self.bytes_per_s: float | None = None
        """Throughput when the window was last full; `None` until then."""

    def add(self, sent: int) -> None:
        self._sent += sent

    def room(self, queued: int, now: float) -> int:
        """How many bytes may be sent, while `queued` bytes have not arrived at the peer."""
        arrived = self._sent - queued
        if self._full is not None:
            self._learn(*self._full, arrived, queued, now)
        if queued >= self.bytes and self._full is None:
            self._full = now, arrived
        return max(0, self.bytes - queued)

    def _learn(self, since: float, before: int, arrived: int, queued: int, now: float) -> None:
        if queued and arrived - before < self.bytes / 2 and now - since < LONGEST_SPAN_S:
            return
        rate = (arrived - before) / max(now - since, 0.001)
        wanted = rate * self._target_s
        if wanted > self.bytes:
            self._adjust(wanted, rate)
        elif queued:
            # A link that has run empty might have carried more than there was.
            self._adjust((self.bytes + wanted) / 2, rate)
        self._full = (now, arrived) if queued else None

    def _adjust(self, window: float, rate: float) -> None:
        self.bytes = int(min(max(window, MIN_WINDOW_BYTES), MAX_WINDOW_BYTES))
        self.bytes_per_s = rate
