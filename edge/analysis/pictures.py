"""Converts pictures into the forms that are needed: reduced grey, JPEG, thumbnail, BGR."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import simplejpeg
from av.video.frame import VideoFrame
from av.video.plane import VideoPlane
from av.video.reformatter import ColorRange, Interpolation, VideoReformatter
from numpy.typing import NDArray

from edge.agent.defaults import THUMBNAIL
from edge.analysis.damage import Detail, sampled_rows

Bytes8 = NDArray[np.uint8]

SMALL_WIDTH: Final = 320
_BLACK: Final = (0, 128, 128)
_LUMA, _CHROMA = 255 / 219, 255 / 224
_FULL_RANGE: Final = ((_LUMA, -16 * _LUMA), (_CHROMA, 128 - 128 * _CHROMA), (_CHROMA, 128 - 128 * _CHROMA))
"""Factor and offset by which the levels of each plane of video become those of JPEG, from 0 to 255."""
_LUMA_FIRST: Final = frozenset(
    [
        "gray",
        "yuv420p",
        "yuvj420p",
        "yuv422p",
        "yuvj422p",
        "yuv444p",
        "yuvj444p",
        "yuv440p",
        "yuvj440p",
        "nv12",
        "nv21",
        "nv16",
    ]
)
"""Formats of pictures whose first plane is their luma, a byte a pixel."""


@dataclass(frozen=True, slots=True)
class Planes:
    """Full-range BT.601 YCbCr 4:2:0, as in JPEG: `y` H x W, `u` and `v` half of both, rounded up; uint8."""

    y: Bytes8
    u: Bytes8
    v: Bytes8

    def jpeg(self, quality: int = 85) -> bytes:
        jpeg: bytes = simplejpeg.encode_jpeg_yuv_planes(self.y, self.u, self.v, quality=quality, fastdct=True)
        return jpeg


class Pictures:
    """One for each device and thread: its scalers are set up once for each form, and cannot be shared."""

    def __init__(self) -> None:
        self._grey = VideoReformatter()
        self._small = VideoReformatter()
        self._full = VideoReformatter()
        self._bgr = VideoReformatter()
        self._passing: Planes | None = None

    def grey(self, picture: VideoFrame, width: int = SMALL_WIDTH) -> Bytes8:
        """Only the `y` of `small`, for frames that need no thumbnail: two thirds of the time. H x W uint8."""
        width, height = _reduced((picture.width, picture.height), width)
        scaled = self._grey.reformat(
            picture, width, height, "gray", interpolation=Interpolation.AREA, dst_color_range=ColorRange.JPEG, threads=1
        )
        return plane(scaled.planes[0])

    def small(self, picture: VideoFrame, width: int = SMALL_WIDTH) -> Planes:
        """At most `width` wide, aspect kept. Its `y` (H x W uint8, 0 black, 255 white) is the grey of all analyses.

        Averaging while reducing makes sensor noise small enough for them.
        """
        return _planes(self._small, picture, *_reduced((picture.width, picture.height), width))

    def planes(self, picture: VideoFrame) -> Planes:
        if not _is_limited(picture):
            return _planes(self._full, picture, picture.width, picture.height)
        return Planes(*(_full_range(*each) for each in zip(picture.planes, _FULL_RANGE, strict=True)))

    def passing_planes(self, picture: VideoFrame) -> Planes:
        """The same in memory that is used again: they hold until the next call.

        The kernel takes as long to hand out new memory for a large picture as it takes to convert it.
        """
        if not _is_limited(picture):
            return self.planes(picture)
        if self._passing is None or self._passing.y.shape != (picture.height, picture.width):
            self._passing = self.planes(picture)
        else:
            parts = (self._passing.y, self._passing.u, self._passing.v)
            for source, levels, part in zip(picture.planes, _FULL_RANGE, parts, strict=True):
                _full_range(source, levels, part)
        return self._passing

    def jpeg(self, picture: VideoFrame, quality: int = 85) -> bytes:
        return self.passing_planes(picture).jpeg(quality)

    def bgr(self, picture: VideoFrame) -> Bytes8:
        """A copy as H x W x 3 uint8, for detectors."""
        return plane(self._bgr.reformat(picture, format="bgr24").planes[0], channels=3)


def detail(picture: VideoFrame, small: Planes) -> Detail:
    """Measure a picture and its reduction: the values that the analysis needs besides the reduced grey."""
    if picture.format.name not in _LUMA_FIRST:
        return Detail(None, small.u, small.v)
    return Detail(sampled_rows(_view(picture.planes[0])), small.u, small.v)


def thumbnail(small: Planes, size: tuple[int, int] = THUMBNAIL, quality: int = 75) -> bytes:
    """JPEG of exactly `size` (width, height, both even): the whole picture, letterboxed on black."""
    width, height = fitted((small.y.shape[1], small.y.shape[0]), size)
    resized = small if small.y.shape == (height, width) else _resized(small, width, height)
    return (resized if (width, height) == size else _letterboxed(resized, size)).jpeg(quality)


def plane(source: VideoPlane, channels: int = 1) -> Bytes8:
    """H x W or H x W x channels uint8: a view of the plane's memory where its rows are packed, else a copy."""
    rows = np.ascontiguousarray(_view(source, channels))
    return rows if channels == 1 else rows.reshape(source.height, source.width, channels)


def _view(source: VideoPlane, channels: int = 1) -> Bytes8:
    """H x (W times channels) uint8: the plane's memory, without what pads its rows."""
    rows = np.frombuffer(memoryview(source), np.uint8).reshape(source.height, source.line_size)
    return rows[:, : source.width * channels]


def _is_limited(picture: VideoFrame) -> bool:
    """Whether OpenCV spreads its levels: in a quarter of the time of a scaler, and nearer to the exact values."""
    return picture.format.name == "yuv420p" and picture.color_range != ColorRange.JPEG


def _full_range(source: VideoPlane, scale: tuple[float, float], into: Bytes8 | None = None) -> Bytes8:
    """H x W uint8; `into` is of the same size."""
    rows = _view(source)
    return np.asarray(cv2.addWeighted(rows, scale[0], rows, 0.0, scale[1], dst=into), np.uint8)


def fitted(size: tuple[int, int], into: tuple[int, int]) -> tuple[int, int]:
    """The largest size of the same aspect that fits, in even numbers because chroma has half the resolution."""
    scale = min(into[0] / size[0], into[1] / size[1])
    return tuple(min(limit, max(2, round(side * scale / 2) * 2)) for side, limit in zip(size, into, strict=True))  # type: ignore[return-value]  # two of two


def upright(picture: VideoFrame) -> VideoFrame:
    """The picture as it should be seen: streams of phones and of cameras on their side state a rotation."""
    turns = round(picture.rotation / 90) % 4
    if not turns:
        return picture
    flat = picture.reformat(format="yuv420p")
    parts = [np.rot90(plane(part), turns) for part in flat.planes]
    height, width = parts[0].shape
    if width % 2 or height % 2:
        return picture
    packed = np.concatenate([part.reshape(-1) for part in parts]).reshape(height * 3 // 2, width)
    turned = VideoFrame.from_ndarray(packed, format="yuv420p")
    turned.pts, turned.time_base = picture.pts, picture.time_base
    return turned


def frame_of(bgr: Bytes8) -> VideoFrame:
    """yuv420p, as every decoder gives it, from H x W x 3 uint8 BGR."""
    return VideoFrame.from_ndarray(bgr, format="bgr24").reformat(format="yuv420p")


def _reduced(size: tuple[int, int], width: int) -> tuple[int, int]:
    width = min(width, size[0])
    return width, max(2, round(size[1] * width / size[0]))


def _planes(scaler: VideoReformatter, picture: VideoFrame, width: int, height: int) -> Planes:
    full_range = scaler.reformat(
        picture, width, height, "yuvj420p", interpolation=Interpolation.AREA, dst_color_range=ColorRange.JPEG, threads=1
    )
    return Planes(*(plane(part) for part in full_range.planes))


def _resized(small: Planes, width: int, height: int) -> Planes:
    sizes = ((width, height), (width // 2, height // 2), (width // 2, height // 2))
    parts = zip((small.y, small.u, small.v), sizes, strict=True)
    return Planes(*(np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8) for part, size in parts))


def _letterboxed(small: Planes, size: tuple[int, int]) -> Planes:
    width, height = size
    left = (width - small.y.shape[1]) // 4 * 2
    top = (height - small.y.shape[0]) // 4 * 2
    return Planes(
        *(
            _framed(part, (height // step, width // step), (top // step, left // step), black)
            for part, step, black in zip((small.y, small.u, small.v), (1, 2, 2), _BLACK, strict=True)
        )
    )


def _framed(part: Bytes8, shape: tuple[int, int], corner: tuple[int, int], value: int) -> Bytes8:
    canvas = np.full(shape, value, np.uint8)
    canvas[corner[0] : corner[0] + part.shape[0], corner[1] : corner[1] + part.shape[1]] = part
    return canvas
