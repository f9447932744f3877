"""Estimates how long watermarks take, and how long to wait before sending again (RFC 6298)."""

from typing import Final

MIN_TIMEOUT_S: Final = 1.0
MAX_TIMEOUT_S: Final = 30.0


class RoundTrip:
    """Smoothed over messages that were sent once: after a retransmission the watermark may belong to either."""

    def __init__(self) -> None:
        self._smoothed_s: float | None = None
        self._deviation_s = 0.0

    def add(self, seconds: float) -> None:
        if self._smoothed_s is None:
            self._smoothed_s, self._deviation_s = seconds, seconds / 2
            return
        self._deviation_s += (abs(self._smoothed_s - seconds) - self._deviation_s) / 4
        self._smoothed_s += (seconds - self._smoothed_s) / 8

    @property
    def smoothed_s(self) -> float | None:
        """`None` until one was measured."""
        return self._smoothed_s

    def timeout_s(self, retries: int) -> float:
        """The retransmission timeout, doubled with each retry."""
        known = 0.0 if self._smoothed_s is None else self._smoothed_s + 4 * self._deviation_s
        return min(max(known, MIN_TIMEOUT_S) * 2.0**retries, MAX_TIMEOUT_S)
