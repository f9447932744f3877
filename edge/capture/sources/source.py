"""The protocol of sources, their readings and their errors."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from edge.capture.sources.address import without_credentials as without_credentials

Pause = Callable[[float], object]
"""Waits for that many seconds or less: `threading.Event().wait` in the agent, so that stopping is at once."""


class SourceUnreachable(OSError):
    """Nothing comes from the source and it should be opened again later; the reason names no credentials."""


class AccessRefused(SourceUnreachable):
    """The camera refuses the user or the password: only a person can mend that."""


class AddressUnusable(SourceUnreachable):
    """The environment does not hold the address that the settings name, or what it holds is none.

    The reason quotes nothing of it, and is shown as it is.
    """


class SourceEnded(Exception):
    """A recording that is played once is over."""


@dataclass(frozen=True, slots=True)
class CameraFrame:
    """`picture` is what the decoder left: YUV planes that nobody has copied. `edge.analysis.pictures` makes of it what
    is needed. `time` is when it was taken (UTC); `sequence` counts what this source has handed out, from 1.
    """

    time: datetime
    sequence: int
    picture: VideoFrame


@dataclass(frozen=True, slots=True)
class ThermalFrame:
    """`temperatures` is 24 x 32 float32 in Celsius as the sensor gave it, NaN for what it could not give."""

    time: datetime
    sequence: int
    temperatures: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Samples:
    """Decoded sound, n x channels int16; `time` is that of the first sample."""

    time: datetime
    samples: NDArray[np.int16]
    rate: int

    @property
    def duration_s(self) -> float:
        return len(self.samples) / self.rate


@dataclass(frozen=True, slots=True)
class StreamReport:
    """What a camera sends, every few seconds: its own rate, codec and bit rate, and what is wrong with it.

    A `remark` is about its sound, and no fault of its pictures.
    """

    fps: float
    codec: str
    bits_per_s: int | None = None
    complaint: str | None = None
    remark: str | None = None


Reading = CameraFrame | ThermalFrame | Samples | StreamReport


class Source(Protocol):
    """Used by one capture thread. `read` waits about a second at most, and `None` means that nothing came in it."""

    def open(self) -> None:
        """Raises `SourceUnreachable`."""

    def read(self) -> Reading | None:
        """Raises `SourceUnreachable` when it is lost, `SourceEnded` when a recording is over."""

    def close(self) -> None:
        """May be called at any time, and twice."""
