"""Measures how long messages are behind what the kernel sees of the way to the broker. No I/O.

Something on the way may take bytes faster than the link behind it carries them: a tunnel, or a proxy that ends the
connection and makes one of its own. It buffers megabytes that the kernel counts as arrived. Then the kernel holds
nothing any more, and the acknowledgement of the broker does not come.
"""


class HiddenDelay:
    """Times are seconds of a monotonic clock."""

    def __init__(self) -> None:
        self._held_at = 0.0
        self._quickest_s: float | None = None
        self._newest_s = 0.0

    def hold(self, now: float) -> None:
        """Bytes wait here for the link, which is no delay that nobody sees."""
        self._held_at = now

    def acknowledge(self, sent_s: float, now: float) -> None:
        self._newest_s = now - max(sent_s, self._held_at)
        self._quickest_s = self._newest_s if self._quickest_s is None else min(self._quickest_s, self._newest_s)

    def overdue_s(self, oldest_s: float | None, now: float) -> float:
        """For how much longer than the quickest one the message that was sent then waits; 0 where there is none."""
        return 0.0 if oldest_s is None else max(0.0, now - max(oldest_s, self._held_at) - (self._quickest_s or 0.0))

    def delay_s(self, oldest_s: float | None, now: float) -> float:
        """By how much messages take longer than the quickest one took."""
        return max(self._newest_s - (self._quickest_s or 0.0), self.overdue_s(oldest_s, now))
