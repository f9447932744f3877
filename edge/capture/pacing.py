"""Intervals between actions, measured by the timestamps of the frames."""

from datetime import datetime, timedelta


class Every:
    """Due once in each interval. A missed interval is not made up for, and a clock that goes back restarts it."""

    def __init__(self, seconds: float) -> None:
        self._interval = timedelta(seconds=seconds)
        self._due: datetime | None = None

    def due(self, time: datetime) -> bool:
        if self._due is not None and self._due - self._interval <= time < self._due:
            return False
        late = self._due is None or not self._due <= time < self._due + self._interval
        self._due = (time if late or self._due is None else self._due) + self._interval
        return True


def per_second(rate: float) -> Every | None:
    """None for a rate of 0: never."""
    return Every(1 / rate) if rate else None
