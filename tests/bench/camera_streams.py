"""Makes streams of 1920 x 1080 and 15 fps, as cameras send them, from a recording of pedestrians."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final, Literal

import av
import cv2
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from tests.recordings import PEDESTRIANS, recording

SECONDS: Final = 20
FPS: Final = 15
WIDTH, HEIGHT = 1920, 1080
_NOISE_FIELDS: Final = 8
_BITS_PER_S: Final = 4_000_000
_KEYFRAME_EVERY: Final = 2 * FPS


@dataclass(frozen=True, slots=True)
class CameraStream:
    """`noise` is the deviation of a sensor's noise, in grey levels."""

    name: str
    encoder: Literal["libx264", "libx265"]
    bits_per_s: int
    options: Mapping[str, str]
    noise: float


H264: Final = CameraStream(
    "H.264",
    "libx264",
    _BITS_PER_S,
    {"preset": "veryfast", "profile": "high", "bf": "0", "refs": "1", "g": str(_KEYFRAME_EVERY)},
    noise=3.0,
)
"""High profile at a constant bit rate: arithmetic coding and a loop filter, as cameras' own encoders have them."""
H265: Final = CameraStream(
    "H.265",
    "libx265",
    _BITS_PER_S // 2,
    {
        "preset": "superfast",
        "x265-params": f"bframes=0:ref=1:keyint={_KEYFRAME_EVERY}:repeat-headers=1:log-level=error:pools=1",
    },
    noise=3.0,
)
"""Half the bits, as cameras take them by default."""
FEW_DETAILS: Final = CameraStream(
    "H.264 of few details",
    "libx264",
    3_000_000,
    {"preset": "ultrafast", "tune": "zerolatency", "g": str(_KEYFRAME_EVERY)},
    noise=0.0,
)
"""The least that a decoder can have to do: without noise, arithmetic coding and loop filter."""


def made(stream: CameraStream, folder: Path) -> Path:
    """An MP4 of 20 s with a keyframe every two seconds."""
    path = folder / f"{stream.encoder}-{stream.noise:g}.mp4"
    with av.open(str(path), "w") as target:
        track = target.add_stream(stream.encoder, rate=FPS)
        track.width, track.height, track.pix_fmt, track.bit_rate = WIDTH, HEIGHT, "yuv420p", stream.bits_per_s
        track.options = dict(stream.options)
        for index, picture in enumerate(_pictures(stream.noise)):
            # The recording is of 10 fps.
            picture.pts, picture.time_base = index, Fraction(1, FPS)
            target.mux(track.encode(picture))
        target.mux(track.encode(None))
    return path


def _pictures(deviation: float) -> Iterator[VideoFrame]:
    with av.open(str(recording(PEDESTRIANS))) as source:
        noises = _noises(deviation) if deviation else None
        for _, frame in zip(range(SECONDS * FPS), source.decode(video=0), strict=False):
            enlarged = frame.reformat(WIDTH, HEIGHT, "yuv420p")
            yield enlarged if noises is None else _noisy(enlarged, next(noises))


def _noises(deviation: float) -> Iterator[NDArray[np.int16]]:
    """Fields of HEIGHT x WIDTH int16 without end: a camera smooths its noise, so that it is of two pixels."""
    drawn = np.random.default_rng(1)
    fields = [
        cv2.resize(drawn.normal(0, deviation, (HEIGHT // 2, WIDTH // 2)), (WIDTH, HEIGHT)).round().astype(np.int16)
        for _ in range(_NOISE_FIELDS)
    ]
    while True:
        shift = drawn.integers(0, (HEIGHT, WIDTH))
        yield np.roll(fields[int(drawn.integers(_NOISE_FIELDS))], shift, (0, 1))


def _noisy(picture: VideoFrame, noise: NDArray[np.int16]) -> VideoFrame:
    planes = picture.to_ndarray()
    planes[:HEIGHT] = np.clip(planes[:HEIGHT] + noise, 0, 255)
    return VideoFrame.from_ndarray(planes, format="yuv420p")
