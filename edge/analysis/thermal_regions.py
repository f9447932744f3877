"""Computes statistics and alert level of all regions of a thermal frame at once."""

from collections.abc import Sequence
from math import floor
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from bus_schemas.settings import Roi
from bus_schemas.thermal import COLUMNS, ROWS, AlertLevel
from edge.analysis.emissivity import KELVIN
from edge.analysis.partial_sort import sort_places

Celsius = NDArray[np.float32]
_MILLIONTHS = 1e6
_ENDS_AND_MEDIAN = np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0.5, 0.5]])
"""The factors of the highest, the lowest and both middle values, which are one if their number is odd."""


class RegionStatistics(NamedTuple):
    """°C of the surface. `peak_temp` is the unsmoothed maximum and `confirmed_temp` the one that more than one pixel
    or frame has measured; both decide on the levels, and are not rounded but by what arithmetic adds.
    """

    name: str
    max_temp: float
    min_temp: float
    avg_temp: float
    median_temp: float
    std_dev: float
    pixel_count: int
    peak_temp: float
    alert_level: AlertLevel
    confirmed_level: AlertLevel
    confirmed_temp: float


class RegionReader:
    """Precomputes the pixels of each region and their correction, for many frames."""

    def __init__(
        self,
        rois: Sequence[Roi],
        reflected: float = 25.0,
        *,
        legacy: bool = False,
        shape: tuple[int, ...] = (ROWS, COLUMNS),
    ) -> None:
        enabled = [roi for roi in rois if roi.enabled]
        pixels = [_pixels_of(roi, shape) for roi in enabled]
        ordered = sorted(range(len(enabled)), key=lambda number: pixels[number].is_whole)
        """The order of their values in memory: regions of the whole frame come last."""
        self._rois = [enabled[number] for number in ordered]
        self._order = [ordered.index(number) for number in range(len(enabled))]
        self._sizes = np.array([pixels[number].size for number in ordered], np.intp)
        self._known = [
            _Known(enabled[number], enabled[number].name, pixels[number].size, enabled[number].thresholds.warning)
            for number in ordered
        ]
        self._lay_out([pixels[number] for number in ordered])
        reflections = [reflected if roi.reflected_c is None else roi.reflected_c for roi in self._rois]
        of_regions = _coefficients([roi.emissivity for roi in self._rois], reflections, legacy=legacy)
        self._correction = _Correction(*(each.astype(np.float32).repeat(self._sizes) for each in of_regions))
        self._of_regions = list(zip(*(each.tolist() for each in of_regions), strict=True))

    def _lay_out(self, pixels: Sequence["_RegionPixels"]) -> None:
        """The values of all regions one after the other; `parts` are those of each, `rectangles` the same as they lie.
        They are used again for every frame: large arrays are slow to get.
        """
        smaller, ends = sum(not one.is_whole for one in pixels), np.cumsum(self._sizes)
        self._starts = ends - self._sizes
        self._smaller_starts = self._starts[:smaller]
        self._values = np.empty(int(self._sizes.sum()), np.float32)
        self._gathered = np.empty((3, int(self._sizes[:smaller].sum())), np.float32)
        spans = [slice(start, end) for start, end in zip(self._starts.tolist(), ends.tolist(), strict=True)]
        self._parts = [self._values[span] for span in spans]
        self._smaller, self._wholes = self._parts[:smaller], self._parts[smaller:]
        self._sorted_places = [(part, _ends_and_middles(part.size)) for part in self._smaller]
        self._pixels = np.concatenate([one.numbers for one in pixels[:smaller]]) if smaller else np.empty(0, np.intp)
        middles = self._starts + (self._sizes - 1) // 2, self._starts + self._sizes // 2
        self._extremes_and_middles = np.array([ends - 1, self._starts, *middles])

    def read(
        self, frames: Celsius, sorted_values: Celsius, hottest: tuple[float, float]
    ) -> tuple[RegionStatistics, ...]:
        """`frames` are three (3 x H x W float32, °C): smoothed, unsmoothed, and without spikes. `sorted_values` are
        those of the first, in order at both ends and in the middle, and `hottest` the hottest pixels of the others.
        """
        if not self._rois:
            return ()
        # The correction is monotonic: what is sorted stays so, and of the others only the peaks are corrected.
        frames.reshape(3, -1).take(self._pixels, axis=1, out=self._gathered, mode="clip")
        self._values[: self._pixels.size] = self._gathered[0]
        for part, places in self._sorted_places:
            sort_places(part, places)
        for part in self._wholes:
            part[:] = sorted_values
        rows = zip(*self._statistics().tolist(), strict=True)
        found = list(map(_described, self._known, rows, *self._peaks(hottest)))
        return tuple([found[index] for index in self._order])

    def _statistics(self) -> NDArray[np.float64]:
        """Highest, lowest, median, mean and deviation of each region, rounded (5 x n)."""
        surface, table = self._values, np.empty((5, len(self._rois)))
        self._correction.apply(surface)
        np.dot(_ENDS_AND_MEDIAN, surface.take(self._extremes_and_middles), out=table[:3])
        means = np.add.reduceat(surface, self._starts) / self._sizes
        for values, mean in zip(self._parts, means.astype(np.float32), strict=True):
            values -= mean
        surface *= surface
        np.divide(np.add.reduceat(surface, self._starts), self._sizes, out=table[4])
        np.sqrt(table[4], out=table[4])
        table[3] = means
        return table.round(2)

    def _peaks(self, hottest: tuple[float, float]) -> list[list[float]]:
        """The peaks of each region, unsmoothed and confirmed, in double precision: a threshold must not be missed by an
        error of 1e-5.
        """
        measured: list[list[float]] = [[], []]
        if self._smaller:
            measured = np.maximum.reduceat(self._gathered[1:], self._smaller_starts, axis=1).tolist()
        return [
            [_surface(temp, *of) for temp, of in zip(peaks + [top] * len(self._wholes), self._of_regions, strict=True)]
            for peaks, top in zip(measured, hottest, strict=True)
        ]


class _RegionPixels(NamedTuple):
    """The pixels of a region in a flat frame, by their numbers (n intp)."""

    numbers: NDArray[np.intp]
    is_whole: bool

    @property
    def size(self) -> int:
        return self.numbers.size


def _pixels_of(roi: Roi, shape: tuple[int, ...]) -> _RegionPixels:
    polygon = polygon_pixels(roi, shape)
    if polygon is not None:
        return _RegionPixels(polygon, is_whole=False)
    numbers = np.arange(shape[0] * shape[1]).reshape(shape)[region_place(roi, shape)].ravel()
    return _RegionPixels(numbers, is_whole=numbers.size == shape[0] * shape[1])


class _Known(NamedTuple):
    """A region, with what of it is asked for every frame."""

    roi: Roi
    name: str
    pixels: int
    warning: float

    def level(self, temp: float) -> AlertLevel:
        return "normal" if temp < self.warning else self.roi.thresholds.level(temp)


def _described(known: _Known, row: tuple[float, ...], peak: float, sure: float) -> RegionStatistics:
    highest, lowest, median, mean, deviation = row
    levels = known.level(peak), known.level(sure)
    return RegionStatistics(known.name, highest, lowest, mean, median, deviation, known.pixels, peak, *levels, sure)


def _surface(temp: float, factor: float, offset: float) -> float:
    surface: float = max((temp + KELVIN) ** 4 * factor + offset, 0.0) ** 0.25 - KELVIN
    return floor(surface * _MILLIONTHS + 0.5) / _MILLIONTHS


def _ends_and_middles(size: int) -> list[int]:
    """Ascending."""
    return sorted({0, (size - 1) // 2, size // 2, size - 1})


class _Correction:
    """By arrays instead of numbers: NumPy converts a number in each call, and compares many values with one slowly."""

    def __init__(self, factors: Celsius, offsets: Celsius) -> None:
        self._factors, self._offsets = factors, offsets
        self._kelvin, self._zero = np.array(KELVIN, np.float32), np.zeros_like(factors)

    def apply(self, radiation: Celsius) -> None:
        """In place, in °C. Two square roots take a tenth of the time of a fourth root."""
        radiation += self._kelvin
        radiation *= radiation
        radiation *= radiation
        radiation *= self._factors
        radiation += self._offsets
        np.maximum(radiation, self._zero, out=radiation)
        cv2.sqrt(radiation, dst=radiation)
        cv2.sqrt(radiation, dst=radiation)
        radiation -= self._kelvin


def _coefficients(
    emissivities: Sequence[float], reflected: Sequence[float], *, legacy: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Both formulas of `edge.analysis.emissivity` are (a T^4 + b)^(1/4) with T in Kelvin. Returns all a and all b (n
    float64).
    """
    emissivity = np.array(emissivities, np.float64)
    factors = 1 / emissivity
    offsets = np.zeros_like(factors) if legacy else (1 - factors) * (np.array(reflected, np.float64) + KELVIN) ** 4
    return factors, offsets


def region_place(roi: Roi, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Rows and columns of a frame of that shape that lie in the rectangle of the region, even if in part."""
    (x1, y1), (x2, y2) = roi.coordinates
    rows, columns = shape
    return (
        slice(y1 * rows // ROWS, -(-y2 * rows // ROWS)),
        slice(x1 * columns // COLUMNS, -(-x2 * columns // COLUMNS)),
    )


def polygon_pixels(roi: Roi, shape: tuple[int, ...]) -> NDArray[np.intp] | None:
    """The pixels of a region that is a polygon, as ascending numbers (n intp) in the flat frame of that shape; `None`
    where it is a rectangle. A pixel is in it by its middle, and of two polygons with a common edge in one of them. A
    polygon that is too narrow for any pixel has the one in which its corners are in the mean.
    """
    if roi.polygon is None:
        return None
    rows, columns = shape
    x, y = (np.arange(columns) + 0.5) * (COLUMNS / columns), (np.arange(rows) + 0.5) * (ROWS / rows)
    inside = np.zeros(shape, np.bool_)
    for (x1, y1), (x2, y2) in zip(roi.polygon, (*roi.polygon[1:], roi.polygon[0]), strict=True):
        crossing = (y1 > y) != (y2 > y)
        if crossing.any():
            at = x1 + (y[crossing] - y1) / (y2 - y1) * (x2 - x1)
            inside[crossing] ^= x < at[:, np.newaxis]
    if inside.any():
        return np.flatnonzero(inside)
    middle_x, middle_y = (sum(each) / len(roi.polygon) for each in zip(*roi.polygon, strict=True))
    row, column = min(rows - 1, int(middle_y * rows / ROWS)), min(columns - 1, int(middle_x * columns / COLUMNS))
    return np.array([row * columns + column], np.intp)


def region_values(roi: Roi, frame: Celsius) -> Celsius:
    """The pixels of a frame (H x W) that are in the region, in any shape."""
    pixels = polygon_pixels(roi, frame.shape)
    return frame[region_place(roi, frame.shape)] if pixels is None else frame.ravel()[pixels]
