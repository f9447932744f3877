"""Computes statistics and hot spots of a thermal frame."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

Celsius = NDArray[np.float32]

QUANTILES: Final = (0.0, 0.05, 0.1, 0.5, 0.95, 1.0)
TENTH: Final = 2


class TemperatureStatistics(NamedTuple):
    min: float
    max: float
    mean: float
    median: float
    std: float
    percentile_95: float
    percentile_5: float
    range: float


@dataclass(frozen=True, slots=True)
class HotSpotStatistics:
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
    if not above.any():
        return ()
    _, labels, stats, centres = cv2.connectedComponentsWithStats(above.view(np.uint8), connectivity=connectivity)
    inside = np.flatnonzero(above)
    order = inside[np.argsort(labels.ravel()[inside], kind="stable")]
    areas: NDArray[np.intp] = stats[1:, cv2.CC_STAT_AREA].astype(np.intp)
    starts = np.cumsum(areas) - areas
    values = frame.ravel()[order]
    columns = (
        centres[1:].astype(int).tolist(),
        np.maximum.reduceat(values, starts).astype(float).round(2).tolist(),
        (np.add.reduceat(values, starts, dtype=float) / areas).round(2).tolist(),
        areas.tolist(),
    )
    spots = (HotSpotStatistics((x, y), top, mean, area, time) for (x, y), top, mean, area in zip(*columns, strict=True))
    return tuple(sorted((spot for spot in spots if spot.area >= min_area), key=lambda spot: -spot.max_temp))


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
    """Statistics of an H x W float32 frame in °C."""
    mean, deviation = cv2.meanStdDev(frame)
    low, fifth, _, median, ninety_fifth, high = _quantiles(sorted_values)
    return TemperatureStatistics(
        min=round(low, 2),
        max=round(high, 2),
        mean=round(float(mean[0, 0]), 2),
        median=round(median, 2),
        std=round(float(deviation[0, 0]), 2),
        percentile_95=round(ninety_fifth, 2),
        percentile_5=round(fifth, 2),
        range=round(high - low, 2),
    )


def sorted_values(frame: Celsius) -> Celsius:
    """Ascending; what is no number comes last."""
    values = frame.flatten()
    values.sort()
    return values


def _quantiles(ordered: Celsius) -> list[float]:
    """Those of `QUANTILES`. Linear interpolation between the nearest values, as in numpy's percentile."""
    places, fractions = _places(ordered.size)
    lower, upper = ordered.take(places).tolist()
    return [low + (high - low) * share for low, high, share in zip(lower, upper, fractions, strict=True)]


def quantile(ordered: Celsius, number: int) -> float:
    """One of them, at a third of the time."""
    low, high, share = _place(ordered.size, number)
    lower = ordered.item(low)
    return float(lower + (ordered.item(high) - lower) * share)


@lru_cache(maxsize=4)
def _place(size: int, number: int) -> tuple[int, int, float]:
    """The nearest indices below and above one quantile of so many values, and its distance from the one below."""
    places, fractions = _places(size)
    return int(places[0, number]), int(places[1, number]), fractions[number]


@lru_cache(maxsize=4)
def _places(size: int) -> tuple[NDArray[np.intp], list[float]]:
    """The nearest indices below and above each quantile of so many values, and its distance from the one below."""
    places = [share * (size - 1) for share in QUANTILES]
    below = [int(place) for place in places]
    above = [min(index + 1, size - 1) for index in below]
    return np.array([below, above], np.intp), [place - index for place, index in zip(places, below, strict=True)]
