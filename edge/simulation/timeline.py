"""Maps the timestamps of a stream to UTC."""

from datetime import datetime, timedelta
from typing import Final

from producer.ids import Clock

TOLERANCE: Final = timedelta(seconds=2)


class StreamTimeline:
    """The first timestamp is now; later ones keep their distance to it, which is smoother than times of arrival.

    A `checked` timeline restarts when it differs from the clock by two seconds: a paused stream, or a clock step.
    """

    def __init__(self, clock: Clock, *, checked: bool) -> None:
        self._clock = clock
        self._checked = checked
        self._zero: datetime | None = None
        self._latest: datetime | None = None
        self.restarts = 0

    def time(self, seconds: float) -> datetime:
        time = self._zero + timedelta(seconds=seconds) if self._zero else None
        if time is None or (self._checked and abs(self._clock() - time) > TOLERANCE):
            self.restarts += 1
            time = self._clock()
            self._zero = time - timedelta(seconds=seconds)
        self._latest = max(self._latest or time, time)
        return time

    def loop(self, first: float, gap: float) -> None:
        """Restart the recording at its timestamp `first`, `gap` seconds after the last picture."""
        if self._latest is not None:
            self._zero = self._latest + timedelta(seconds=gap - first)
