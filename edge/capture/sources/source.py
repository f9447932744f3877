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
"""Waits for that many seconds or less: `threading.Event().wait` in the agent, so that it stops at once."""


class SourceUnreachable(OSError):
    """The source gives nothing and should be opened again later. The reason contains no credentials.

    Its text begins with the address, where one is given; `why` is the rest.
    """

    def __init__(self, why: str, address: str | None = None) -> None:
        self.why = why
        self.is_camera = address is not None and "://" in address
        super().__init__(why if address is None else f"{without_credentials(address)}: {why}")


class AccessRefused(SourceUnreachable):
    """The camera refuses user or password: only a person can correct that."""


class AddressUnusable(SourceUnreachable):
    """The variable that the settings name is missing, or holds no usable address.

    The reason quotes nothing of it, and is shown as it is.
    """


class SourceEnded(Exception):
    """A recording that is played once is over."""


@dataclass(frozen=True, slots=True)
class CameraFrame:
    """`picture` is the decoder's output: YUV planes, not copied; `edge.analysis.pictures` converts it. `time` is when
    it was taken (UTC); `sequence` counts the frames of this source from 1.
    """

    time: datetime
    sequence: int
    picture: VideoFrame


@dataclass(frozen=True, slots=True)
class ThermalFrame:
    """`temperatures` is H x W float32 in °C as the sensor measured it, NaN for invalid pixels. `listed_bad` are the
    indices of the pixels that the sensor lists as broken.
    """

    time: datetime
    sequence: int
    temperatures: NDArray[np.float32]
    listed_bad: tuple[int, ...] = ()


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
    """What a camera sends, every few seconds: its rate, codec, bit rate, and what is wrong with it.

    A `remark` is about its sound or its clock, and not a fault of its pictures.
    """

    fps: float
    codec: str
    bits_per_s: int | None = None
    complaint: str | None = None
    remark: str | None = None
    clock_error_s: float | None = None
    """By how much its clock is ahead, where its reports cannot be believed."""
    skipped_at: datetime | None = None
    """When its newest picture was taken, where pictures come that are recorded and not decoded."""


Reading = CameraFrame | ThermalFrame | Samples | StreamReport


class Source(Protocol):
    """Used by one capture thread. `read` waits for about a second at most; `None` means that nothing came."""

    def open(self) -> None:
        """Raises `SourceUnreachable`."""

    def read(self) -> Reading | None:
        """Raises `SourceUnreachable` when it is lost, `SourceEnded` when a recording is over."""

    def close(self) -> None:
        """May be called at any time, and twice."""
