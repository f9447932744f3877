"""Finds out when pictures were taken from the sender reports of their camera (RTCP, RFC 3550, section 6.4.1).

A picture arrives after it was taken: encoding and the network take a part of a second. The reports have the difference,
as far as the clock of the camera can be believed: a difference that no camera has is the error of its clock.
"""

import struct
from collections import deque
from statistics import median
from typing import Any, Final

MOST_LATE_S: Final = 2.0
"""How long encoding and the network may take."""
MOST_EARLY_S: Final = 0.1
"""A picture cannot arrive before it was taken, but reports are not exact."""
SLEW: Final = 0.5
"""Seconds a second by which times are corrected; below 1, so that no picture goes back."""
ROOM_S: Final = 0.3
"""A difference that is corrected at once."""
ROOM_PER_S: Final = 0.02
"""Together half a second in ten: more would be a hole between two segments."""
SAMPLE_EVERY_S: Final = 1.0
SAMPLES: Final = 30
"""Over so many the median counts, because reports are a few seconds apart and each may be wrong."""
_REFERENCE_TIME: Final = struct.Struct("=q")


def reported_time(packet: Any) -> float | None:
    """The wall-clock of a packet by the last report, in seconds since 1970; FFmpeg's `AVProducerReferenceTime`."""
    if not packet.has_sidedata("prft"):
        return None
    microseconds: int = _REFERENCE_TIME.unpack_from(bytes(packet.get_sidedata("prft")))[0]
    return microseconds / 1e6


class Lateness:
    """How much later than they were taken the pictures of one camera arrive; 0 without reports."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.clock_error_s: float | None = None
        """By how much the camera's clock is ahead, where its reports cannot be believed."""
        self._wanted_s = 0.0
        self._room_s = ROOM_S
        self._samples: deque[float] = deque(maxlen=SAMPLES)
        self._sampled_at = self._at = float("-inf")

    def note(self, reported: float, arrived: float, at: float) -> None:
        """A picture that was taken at `reported` and arrived at `arrived`, both in seconds since 1970; `at` is its time
        by a monotonic clock.
        """
        if at - self._sampled_at >= SAMPLE_EVERY_S:
            self._sampled_at = at
            self._samples.append(arrived - reported)
            self._judge(median(self._samples))
        passed_s = min(max(at - self._at, 0.0), 1.0)
        self._at = max(at, self._at)
        self._room_s = min(ROOM_S, self._room_s + ROOM_PER_S * passed_s)
        most = min(SLEW * passed_s, self._room_s)
        step_s = min(max(self._wanted_s - self.seconds, -most), most)
        self.seconds += step_s
        self._room_s -= abs(step_s)

    def remark(self) -> str | None:
        """A sentence about the camera's clock."""
        if self.clock_error_s is None:
            return None
        way = "ahead" if self.clock_error_s > 0 else "behind"
        return f"its clock is {_duration(abs(self.clock_error_s))} {way}; what is recorded has the time of its arrival"

    def _judge(self, late_s: float) -> None:
        if -MOST_EARLY_S <= late_s <= MOST_LATE_S:
            self._wanted_s, self.clock_error_s = max(0.0, late_s), None
        else:
            self.clock_error_s = -late_s


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.1f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} minutes"
    return f"{seconds / 3600:.0f} hours" if seconds < 172_800 else f"{seconds / 86_400:.0f} days"
