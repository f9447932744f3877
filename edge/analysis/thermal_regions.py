"""Computes statistics and alert level of all regions of a thermal frame at once."""

from collections.abc import Sequence
from math import floor
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bus_schemas.settings import Roi
from bus_schemas.thermal import COLUMNS, ROWS, AlertLevel
from edge.analysis.emissivity import KELVIN

Celsius = NDArray[np.float32]
_MILLIONTHS = 1e6
_KELVIN, _ZERO = np.float32(KELVIN), np.float32(0)


Heat = tuple[Celsius, float]
"""A frame and its hottest pixel."""


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
        enabled = [(roi, region_place(roi, shape)) for roi in rois if roi.enabled]
        ordered = sorted(enabled, key=lambda one: _size_of(one[1]) == shape)
        """As their values lie in memory: regions of the whole frame come last."""
        self._rois = [roi for roi, _ in ordered]
        self._order = [ordered.index(one) for one in enabled]
        sides = [_size_of(place) for _, place in ordered]
        self._sizes = np.array([rows * columns for rows, columns in sides], np.intp)
        self._known = [
            _Known(roi, roi.name, rows * columns, roi.thresholds.warning)
            for roi, (rows, columns) in zip(self._rois, sides, strict=True)
        ]
        self._lay_out([place for _, place in ordered], sides.count((shape[0], shape[1])))
        reflections = [reflected if roi.reflected_c is None else roi.reflected_c for roi in self._rois]
        of_regions = _coefficients([roi.emissivity for roi in self._rois], reflections, legacy=legacy)
        self._of_pixels = tuple(each.astype(np.float32).repeat(self._sizes) for each in of_regions)
        self._of_regions = list(zip(*(each.tolist() for each in of_regions), strict=True))

    def _lay_out(self, places: Sequence[tuple[slice, slice]], wholes: int) -> None:
        """The values of all regions one after the other; `parts` are those of each, `rectangles` the same as they lie.
        They are used again for every frame: large arrays are slow to get.
        """
        smaller, ends = len(places) - wholes, np.cumsum(self._sizes)
        self._starts = ends - self._sizes
        self._smaller_starts = self._starts[:smaller]
        self._values = np.empty(int(self._sizes.sum()), np.float32)
        self._spread = np.empty_like(self._values)
        spans = [slice(start, end) for start, end in zip(self._starts.tolist(), ends.tolist(), strict=True)]
        self._parts = [self._values[span] for span in spans]
        self._spreads = [self._spread[span] for span in spans]
        self._smaller, self._wholes = self._parts[:smaller], self._parts[smaller:]
        self._rectangles = [
            (part.reshape(_size_of(place)), place) for part, place in zip(self._smaller, places, strict=False)
        ]
        self._gathered = self._values[: int(self._sizes[:smaller].sum())]
        middles = self._starts + (self._sizes - 1) // 2, self._starts + self._sizes // 2
        self._extremes_and_middles = np.array([ends - 1, self._starts, *middles])

    def read(
        self, frame: Celsius, sorted_values: Celsius, sharp: Heat, confirmed: Heat
    ) -> tuple[RegionStatistics, ...]:
        """All arrays are H x W float32 in °C: `frame` smoothed, `sharp` unsmoothed, `confirmed` without spikes. Only
        `sorted_values` are flat: those of `frame`.
        """
        if not self._rois:
            return ()
        # The correction is monotonic: what is sorted stays so, and of the others only the peaks are corrected.
        peaks, certain = self._peaks(*sharp), self._peaks(*confirmed)
        self._gather(frame)
        for part in self._smaller:
            part.sort()
        for part in self._wholes:
            part[:] = sorted_values
        rows = zip(*self._statistics().tolist(), strict=True)
        found = list(map(_described, self._known, rows, peaks, certain))
        return tuple([found[index] for index in self._order])

    def _statistics(self) -> NDArray[np.float64]:
        """Highest, lowest, mean, median and deviation of each region, rounded (5 x n)."""
        surface, spread, table = self._values, self._spread, np.empty((5, len(self._rois)))
        _correct(surface, *self._of_pixels)
        means = np.divide(np.add.reduceat(surface, self._starts), self._sizes, out=table[2])
        for values, mean, into in zip(self._parts, means.astype(np.float32), self._spreads, strict=True):
            np.subtract(values, mean, out=into)
        spread *= spread
        np.divide(np.add.reduceat(spread, self._starts), self._sizes, out=table[4])
        np.sqrt(table[4], out=table[4])
        table[0], table[1], lower, upper = surface.take(self._extremes_and_middles)
        table[3] = (lower + upper) / 2
        return table.round(2)

    def _peaks(self, frame: Celsius, hottest: float) -> list[float]:
        """Of each region, in double precision: a threshold that is reached must not be missed by an error of 1e-5."""
        measured: list[float] = []
        if self._rectangles:
            self._gather(frame)
            measured += np.maximum.reduceat(self._gathered, self._smaller_starts).tolist()
        measured += [hottest] * len(self._wholes)
        return [_surface(temp, *of) for temp, of in zip(measured, self._of_regions, strict=True)]

    def _gather(self, frame: Celsius) -> None:
        for rectangle, place in self._rectangles:
            rectangle[...] = frame[place]


class _Known(NamedTuple):
    """A region, with what of it is asked for every frame."""

    roi: Roi
    name: str
    pixels: int
    warning: float

    def level(self, temp: float) -> AlertLevel:
        return "normal" if temp < self.warning else self.roi.thresholds.level(temp)


def _described(known: _Known, row: tuple[float, ...], peak: float, sure: float) -> RegionStatistics:
    highest, lowest, mean, median, deviation = row
    levels = known.level(peak), known.level(sure)
    return RegionStatistics(known.name, highest, lowest, mean, median, deviation, known.pixels, peak, *levels, sure)


def _surface(temp: float, factor: float, offset: float) -> float:
    surface: float = max((temp + KELVIN) ** 4 * factor + offset, 0.0) ** 0.25 - KELVIN
    return floor(surface * _MILLIONTHS + 0.5) / _MILLIONTHS


def _size_of(place: tuple[slice, slice]) -> tuple[int, int]:
    rows, columns = place
    return rows.stop - rows.start, columns.stop - columns.start


def _correct(radiation: Celsius, factors: Celsius, offsets: Celsius) -> None:
    """In place, in °C. Two square roots take a tenth of the time of a fourth root."""
    radiation += _KELVIN
    radiation *= radiation
    radiation *= radiation
    radiation *= factors
    radiation += offsets
    np.maximum(radiation, _ZERO, out=radiation)
    np.sqrt(radiation, out=radiation)
    np.sqrt(radiation, out=radiation)
    radiation -= _KELVIN


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
    """Rows and columns of a frame of that shape that lie in the region, even if in part."""
    (x1, y1), (x2, y2) = roi.coordinates
    rows, columns = shape
    return (
        slice(y1 * rows // ROWS, -(-y2 * rows // ROWS)),
        slice(x1 * columns // COLUMNS, -(-x2 * columns // COLUMNS)),
    )
