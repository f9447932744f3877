"""A limit of bytes a second, for links that are paid by the byte."""


class Throttle:
    """Lets one message begin while there is credit, whatever its size, and then makes up for it. None is no limit."""

    def __init__(self, bytes_per_s: int | None, now: float) -> None:
        self._rate = bytes_per_s
        self._credit = float(bytes_per_s or 0)
        self._at = now

    def wait_s(self, now: float) -> float:
        """Seconds until a message may begin."""
        if self._rate is None:
            return 0.0
        self._credit = min(float(self._rate), self._credit + (now - self._at) * self._rate)
        self._at = now
        return max(0.0, -self._credit / self._rate)

    def spend(self, size: int) -> None:
        if self._rate is not None:
            self._credit -= size
