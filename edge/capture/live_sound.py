"""Makes the sound of live video reach as far as its pictures: a player shows no picture for which sound is missing."""

from datetime import datetime
from typing import Final

from edge.capture.bitstream import CLOCK, Unit
from edge.capture.fragments import channels_of

SILENT_AFTER: Final = CLOCK
"""How far sound may be behind the pictures before silence stands for it; what comes later than that is left out."""
LONGEST_SILENCE: Final = 60 * CLOCK
"""The end of a longer pause gets silence, as of a machine that was suspended for hours."""
FRAME_SAMPLES: Final = 1024
_SHORTEST_HEADER: Final = 7
_SILENCE: Final = {
    1: bytes((0x00, 0xC8, 0x00, 0x80, 0x23, 0x80)),
    2: bytes((0x21, 0x00, 0x49, 0x90, 0x02, 0x19, 0x00, 0x23, 0x80)),
}
"""A frame of AAC-LC by its channels, without a header."""


class LiveSound:
    """The sound of one run. A camera may name sound and never send any, or pause it."""

    def __init__(self, rate: int | None) -> None:
        self._frame = round(FRAME_SAMPLES * CLOCK / rate) if rate else 0
        self.channels: int | None = None
        """`None` before the first sound."""
        self._end = 0

    def take(self, unit: Unit) -> Unit | None:
        """The piece of sound with its duration; `None` where it does not go on after the one before."""
        if not self._frame or len(unit.data) < _SHORTEST_HEADER:
            return None
        if self.channels is not None and unit.pts < self._end - self._frame // 2:
            return None
        self.channels = channels_of(unit.data)
        self._end = unit.pts + self._frame
        return unit._replace(duration=self._frame)

    def silence_until(self, pts: int, time: datetime) -> list[Unit]:
        """Units of silence from the end of the sound up to pictures at `pts`; none where it has only just ended."""
        if self.channels is None or pts - self._end <= SILENT_AFTER:
            return []
        self._end = max(self._end, pts - LONGEST_SILENCE)
        made: list[Unit] = []
        while self._end + self._frame <= pts:
            made.append(
                Unit("audio", _SILENCE[self.channels], self._end, self._end, self._frame, keyframe=False, time=time)
            )
            self._end += self._frame
        return made
