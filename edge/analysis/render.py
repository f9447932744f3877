"""Renders temperatures: the thermal JPEG with its regions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from bus_schemas.settings import Roi, region_words
from bus_schemas.thermal import COLUMNS, ROWS, AlertLevel
from edge.agent.defaults import THERMAL_PREVIEW
from edge.analysis.lettering import Lettering
from edge.analysis.pictures import Bytes8, Planes
from producer.times import clock_words

Celsius = NDArray[np.float32]

Rectangle = tuple[int, int, int, int]
"""x, y, width and height in pixels."""

SIZE: Final = THERMAL_PREVIEW
BAR: Final = 40
_BAR_LIGHT: Final = 0.3
MOST_DRAWN: Final = 16_000_000
"""Pixels of an enlarged frame."""
LEVEL_BGR: Final[dict[AlertLevel, tuple[int, int, int]]] = {
    "emergency": (0, 0, 255),
    "critical": (0, 165, 255),
    "warning": (0, 255, 255),
    "normal": (0, 255, 0),
}


def _palette() -> tuple[Bytes8, Bytes8, Bytes8]:
    """INFERNO as tables of Y, U and V (256 uint8 each), so that no picture is made in BGR first."""
    bgr = cv2.applyColorMap(np.arange(256, dtype=np.uint8).reshape(256, 1), cv2.COLORMAP_INFERNO)
    ycrcb = cv2.cvtColor(bgr, cv2.COLOR_BGR2YCrCb).reshape(256, 3)
    return ycrcb[:, 0].copy(), ycrcb[:, 2].copy(), ycrcb[:, 1].copy()  # type: ignore[return-value]  # OpenCV keeps uint8


def _yuv(bgr: tuple[int, int, int]) -> tuple[int, int, int]:
    y, v, u = cv2.cvtColor(np.array([[bgr]], np.uint8), cv2.COLOR_BGR2YCrCb)[0, 0].tolist()
    return y, u, v


PALETTE: Final = _palette()
_LEVEL_YUV: Final = {level: _yuv(bgr) for level, bgr in LEVEL_BGR.items()}
_LABELS: Final = Lettering(12)
_CAPTIONS: Final = Lettering(14)


class RegionLabel(Protocol):
    """The temperatures written at a region, °C: as measured now, or as an event said them."""

    @property
    def name(self) -> str: ...
    @property
    def max_temp(self) -> float: ...
    @property
    def avg_temp(self) -> float: ...
    @property
    def alert_level(self) -> AlertLevel: ...


@dataclass(frozen=True, slots=True)
class Caption:
    """`time` is the local time of the site, as people there read their clocks."""

    site: str
    time: datetime


def normalised(frame: Celsius) -> Bytes8:
    """H x W uint8 from H x W °C: coldest 0, hottest 255; a flat frame is all zeros."""
    low, high = _range(frame)
    if not high > low:
        return np.zeros(frame.shape, np.uint8)
    scaled = (frame - np.float32(low)) * np.float32(255.0 / (high - low))
    np.copyto(scaled, 0, where=np.isnan(scaled))
    return scaled.astype(np.uint8)


def thermal_jpeg(
    frame: Celsius,
    caption: Caption | None,
    rois: Sequence[Roi] = (),
    regions: Sequence[RegionLabel] = (),
    quality: int = 85,
) -> bytes:
    """640 x 480 JPEG of an H x W float32 frame in °C, with boxes and labels of the regions in the colour of their
    alert level, and with a caption site, time and range below.
    """
    planes = coloured(normalised(frame), SIZE)
    found = {region.name: region for region in regions}
    read = [(roi, found[roi.name]) for roi in rois if roi.name in found]
    for roi, region in read:
        _outline(planes, roi, region)
    labels: list[Rectangle] = []
    for roi, region in read:
        labels.append(_label(planes, roi, region, labels))
    if caption is not None:
        _bar(planes, caption, *_range(frame))
    return planes.jpeg(quality)


def plain_jpeg(frame: Celsius, scale: int, quality: int = 85) -> bytes:
    """JPEG of an H x W float32 frame in °C, enlarged bicubically, with nothing written into it. Raises `ValueError`
    where it would be too large.
    """
    height, width = (max(2, side * scale // 2 * 2) for side in frame.shape)
    if height * width > MOST_DRAWN:
        raise ValueError(f"{width} x {height} pixels are more than are drawn: ask for a smaller scale")
    return coloured(normalised(frame), (width, height)).jpeg(quality)


def _range(frame: Celsius) -> tuple[float, float]:
    """Coldest and hottest valid pixel in °C; both `nan` where there is none."""
    return float(np.fmin.reduce(frame, None)), float(np.fmax.reduce(frame, None))


def coloured(grey: Bytes8, size: tuple[int, int]) -> Planes:
    """H x W uint8 enlarged bicubically to `size` (width, height, both even), in INFERNO."""
    width, height = size
    large = cv2.resize(grey, size, interpolation=cv2.INTER_CUBIC)
    half = cv2.resize(grey, (width // 2, height // 2), interpolation=cv2.INTER_CUBIC)
    luma, u, v = PALETTE
    # In place of what it was made of: a new plane costs as much as the colour.
    planes = cv2.LUT(large, luma, dst=large), cv2.LUT(half, u), cv2.LUT(half, v, dst=half)
    return Planes(*(np.asarray(plane, np.uint8) for plane in planes))


def _outline(planes: Planes, roi: Roi, region: RegionLabel) -> None:
    (x1, y1), (x2, y2) = roi.coordinates
    x_scale, y_scale = SIZE[0] // COLUMNS, SIZE[1] // ROWS
    first, last = (x1 * x_scale, y1 * y_scale), (x2 * x_scale - 1, y2 * y_scale - 1)
    y, u, v = _LEVEL_YUV[region.alert_level]
    if roi.polygon is not None:
        _polygon(planes, np.array(roi.polygon) * (x_scale, y_scale), (y, u, v))
        return
    _box(planes.y, first, last, y, 2)
    for part, value in ((planes.u, u), (planes.v, v)):
        _box(part, (first[0] // 2, first[1] // 2), (last[0] // 2, last[1] // 2), value, 1)


def _box(part: Bytes8, first: tuple[int, int], last: tuple[int, int], value: int, thickness: int) -> None:
    """Draw inside the edge, so that a box along the edge of the picture is visible."""
    (left, top), (right, bottom) = first, last
    part[top : top + thickness, left : right + 1] = value
    part[bottom + 1 - thickness : bottom + 1, left : right + 1] = value
    part[top : bottom + 1, left : left + thickness] = value
    part[top : bottom + 1, right + 1 - thickness : right + 1] = value


def _polygon(planes: Planes, corners: NDArray[np.float64], colour: tuple[int, int, int]) -> None:
    """`corners` (n x 2) in pixels of the picture; its right and bottom edges belong to the last pixels."""
    last = np.array(SIZE) - 1
    for part, value, scale, thickness in zip((planes.y, planes.u, planes.v), colour, (1, 2, 2), (2, 1, 1), strict=True):
        line = (np.minimum(corners, last) / scale).round().astype(np.int32)
        cv2.polylines(part, [line], isClosed=True, color=value, thickness=thickness)


def _label(planes: Planes, roi: Roi, region: RegionLabel, taken: Sequence[Rectangle]) -> Rectangle:
    """At the top of its region, or so far below that it covers no other label. Returns where it is."""
    (x1, y1), _ = roi.coordinates
    text = f"{region_words(region.name)}: {region.max_temp:.1f}C (avg: {region.avg_temp:.1f}C)"
    wide, high = min(SIZE[0], _LABELS.image(text).shape[1]), _LABELS.height
    x, top = min(x1 * (SIZE[0] // COLUMNS) + 4, SIZE[0] - wide), y1 * (SIZE[1] // ROWS) + 4
    below = SIZE[1] - BAR - high
    places = (*range(min(top, below), below + 1, high), *range(min(top, below) - high, -1, -high))
    free = (y for y in places if not any(_overlap((x, y, wide, high), other) for other in taken))
    place = _LABELS.write(planes.y, text, (x, next(free, top)))
    _without_colour(planes, *place)
    return place


def _overlap(one: Rectangle, other: Rectangle) -> bool:
    (x, y, wide, high), (left, top, width, height) = one, other
    return x < left + width and left < x + wide and y < top + height and top < y + high


def _bar(planes: Planes, caption: Caption, low: float, high: float) -> None:
    """70 % black over the bottom 40 rows, with the texts in it."""
    top = SIZE[1] - BAR
    for part, rest in ((planes.y[top:], 0.0), (planes.u[top // 2 :], 128.0), (planes.v[top // 2 :], 128.0)):
        part[:] = cv2.convertScaleAbs(part, alpha=_BAR_LIGHT, beta=rest * (1 - _BAR_LIGHT))
    corner = top + (BAR - _CAPTIONS.height) // 2
    ranged = f"Range: {low:.1f}C - {high:.1f}C"
    right = SIZE[0] - 10 - _CAPTIONS.image(ranged).shape[1]
    for text, x in ((f"{caption.site} | {clock_words(caption.time)}", 10), (ranged, right)):
        words = _CAPTIONS.image(text)[:, : SIZE[0] - x]
        part = planes.y[corner : corner + words.shape[0], x : x + words.shape[1]]
        np.maximum(part, words, out=part)


def _without_colour(planes: Planes, x: int, y: int, wide: int, high: int) -> None:
    for part in (planes.u, planes.v):
        part[y // 2 : (y + high + 1) // 2, x // 2 : (x + wide + 1) // 2] = 128
