"""Computes statistics and hot spots of a thermal frame."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import repeat
from math import sqrt
from operator import itemgetter
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.analysis.partial_sort import sort_places

Celsius = NDArray[np.float32]

STATISTICS_SHARES: Final = (0.05, 0.5, 0.95)
"""The quantiles among the statistics of a frame."""
_HOTTEST: Final = itemgetter(1)


class TemperatureStatistics(NamedTuple):
    min: float
    max: float
    mean: float
    median: float
    std: float
    percentile_95: float
    percentile_5: float
    range: float


class HotSpotStatistics(NamedTuple):
    """`center` is (x, y) in thermal pixels; temperatures in °C, `area` in pixels."""

    center: tuple[int, int]
    max_temp: float
    avg_temp: float
    area: int
    timestamp: datetime


def hotspots(
    frame: Celsius, threshold: float, time: datetime, connectivity: int = 4, min_area: int = 1
) -> tuple[HotSpotStatistics, ...]:
    """Connected components of an H x W float32 frame above `threshold`, both in °C, hottest first."""
    above = frame > threshold
    count, labels, stats, centres = cv2.connectedComponentsWithStats(above.view(np.uint8), connectivity=connectivity)
    if count < 2:
        return ()
    inside = above.ravel().nonzero()[0]
    order = inside[labels.ravel()[inside].argsort(kind="stable")]
    areas: NDArray[np.intp] = stats[1:, cv2.CC_STAT_AREA].astype(np.intp)
    starts = areas.cumsum() - areas
    values = frame.ravel()[order].astype(float)
    temperatures = np.empty((2, count - 1))
    np.maximum.reduceat(values, starts, out=temperatures[0])
    np.divide(np.add.reduceat(values, starts), areas, out=temperatures[1])
    tops, means = temperatures.round(2).tolist()
    middles = zip(*centres[1:].astype(int).T.tolist(), strict=True)
    spots = list(map(HotSpotStatistics._make, zip(middles, tops, means, areas.tolist(), repeat(time))))
    if min_area > 1:
        spots = [spot for spot in spots if spot.area >= min_area]
    spots.sort(key=_HOTTEST, reverse=True)
    return tuple(spots)


@dataclass(frozen=True, slots=True)
class Gradient:
    """`magnitude` in °C and `direction` in degrees (atan2, -180..180), both H x W float32."""

    magnitude: Celsius
    direction: Celsius


def gradient(frame: Celsius) -> Gradient:
    """Sobel 3 x 3 along both axes, not normalised, of an H x W float32 frame in °C."""
    along_x = np.asarray(cv2.Sobel(frame, cv2.CV_32F, 1, 0), np.float32)
    along_y = np.asarray(cv2.Sobel(frame, cv2.CV_32F, 0, 1), np.float32)
    return Gradient(np.hypot(along_x, along_y), np.degrees(np.arctan2(along_y, along_x)))


def statistics_of(frame: Celsius, sorted_values: Celsius) -> TemperatureStatistics:
    """Statistics of an H x W float32 frame in °C, and of its values in the order of `STATISTICS_SHARES`."""
    low, high, median = sorted_values.item(0), sorted_values.item(-1), quantile(sorted_values, 0.5)
    # Beside the median all sums are so small that single precision loses nothing.
    beside = (frame - np.float32(median)).ravel()
    shift = cv2.sumElems(beside)[0] / beside.size
    variance = beside.dot(beside).item() / beside.size - shift * shift
    return TemperatureStatistics(
        min=round(low, 2),
        max=round(high, 2),
        mean=round(median + shift, 2),
        median=round(median, 2),
        std=round(sqrt(max(variance, 0.0)), 2),
        percentile_95=round(quantile(sorted_values, 0.95), 2),
        percentile_5=round(quantile(sorted_values, 0.05), 2),
        range=round(high - low, 2),
    )


def sorted_values(frame: Celsius, shares: tuple[float, ...]) -> Celsius:
    """Ascending at both ends and where these quantiles are; what is no number comes last."""
    values = frame.flatten()
    sort_places(values, _places(values.size, shares))
    return values


def quantile(ordered: Celsius, share: float) -> float:
    """By linear interpolation between the nearest values, as in numpy's percentile."""
    low, high, beyond = _place(ordered.size, share)
    lower = ordered.item(low)
    return float(lower + (ordered.item(high) - lower) * beyond)


@lru_cache(maxsize=16)
def _place(size: int, share: float) -> tuple[int, int, float]:
    """The nearest indices below and above a quantile of so many values, and its distance from the one below."""
    place = share * (size - 1)
    low = int(place)
    return low, min(low + 1, size - 1), place - low


@lru_cache(maxsize=16)
def _places(size: int, shares: tuple[float, ...]) -> tuple[int, ...]:
    """Both ends, and where those quantiles are."""
    near = (_place(size, share) for share in shares)
    return tuple(sorted({0, size - 1, *(place for low, high, _ in near for place in (low, high))}))
