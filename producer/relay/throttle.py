"""Limits bytes per second, for links that are paid by the byte."""


class Throttle:
    """A token bucket: a message may start while there is credit, and is paid off afterwards. None is no limit."""

    def __init__(self, bytes_per_s: int | None, now: float) -> None:
        self.bytes_per_s = bytes_per_s
        self._credit = float(bytes_per_s or 0)
        self._at = now

    def credit(self, now: float) -> float:
        """How many bytes may be sent strictly within the limit."""
        if self.bytes_per_s is None:
            return float("inf")
        self._credit = min(float(self.bytes_per_s), self._credit + (now - self._at) * self.bytes_per_s)
        self._at = now
        return self._credit

    def wait_s(self, now: float) -> float:
        """Seconds until a message may start."""
        return 0.0 if self.bytes_per_s is None else max(0.0, -self.credit(now) / self.bytes_per_s)

    def spend(self, size: int) -> None:
        if self.bytes_per_s is not None:
            self._credit -= size
