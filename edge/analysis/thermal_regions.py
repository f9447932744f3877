"""Computes statistics and alert level of all regions of a thermal frame at once."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bus_schemas.settings import Roi
from bus_schemas.thermal import COLUMNS, ROWS, AlertLevel
from edge.analysis.emissivity import KELVIN

Celsius = NDArray[np.float32]
_KELVIN, _ZERO = np.float32(KELVIN), np.float32(0)


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
        self._rois = [roi for roi in rois if roi.enabled]
        self._places = [region_place(roi, shape) for roi in self._rois]
        sides = [(rows.stop - rows.start, columns.stop - columns.start) for rows, columns in self._places]
        self._sizes = np.array([rows * columns for rows, columns in sides], np.intp)
        self._counts: list[int] = self._sizes.tolist()
        ends = np.cumsum(self._sizes)
        self._starts = ends - self._sizes
        self._values = np.empty(int(self._sizes.sum()), np.float32)
        """Of all regions one after the other; `parts` are those of each, `rectangles` the same as they lie. They are
        used again for every frame: large arrays are slow to get.
        """
        self._spread = np.empty_like(self._values)
        spans = [slice(start, end) for start, end in zip(self._starts.tolist(), ends.tolist(), strict=True)]
        self._parts = parts = [self._values[span] for span in spans]
        self._spreads = [self._spread[span] for span in spans]
        self._rectangles = [part.reshape(side) for part, side in zip(parts, sides, strict=True)]
        is_whole = [side == shape for side in sides]
        self._whole = [part for part, whole in zip(parts, is_whole, strict=True) if whole]
        self._smaller = [part for part, whole in zip(parts, is_whole, strict=True) if not whole]
        middles = self._starts + (self._sizes - 1) // 2, self._starts + self._sizes // 2
        self._extremes_and_middles = np.array([ends - 1, self._starts, *middles])
        reflections = [reflected if roi.reflected_c is None else roi.reflected_c for roi in self._rois]
        of_regions = _coefficients([roi.emissivity for roi in self._rois], reflections, legacy=legacy)
        self._of_pixels = tuple(each.astype(np.float32).repeat(self._sizes) for each in of_regions)
        self._of_regions = list(zip(*(each.tolist() for each in of_regions), strict=True))

    def read(
        self, frame: Celsius, sorted_values: Celsius, sharp: Celsius, confirmed: Celsius
    ) -> tuple[RegionStatistics, ...]:
        """All arrays are H x W float32 in °C: `frame` smoothed, `sharp` unsmoothed, `confirmed` without spikes. Only
        `sorted_values` are flat: those of `frame`.
        """
        if not self._rois:
            return ()
        # The correction is monotonic: what is sorted stays so, and of the others only the peaks are corrected.
        peaks, certain = self._peaks(sharp), self._peaks(confirmed)
        self._gather(frame)
        for part in self._smaller:
            part.sort()
        for part in self._whole:
            part[:] = sorted_values
        surface, spread = self._values, self._spread
        _correct(surface, *self._of_pixels)
        means = np.add.reduceat(surface, self._starts) / self._sizes
        for values, mean, into in zip(self._parts, means.astype(np.float32), self._spreads, strict=True):
            np.subtract(values, mean, out=into)
        spread *= spread
        deviations = np.sqrt(np.add.reduceat(spread, self._starts) / self._sizes)
        highest, lowest, lower, upper = surface.take(self._extremes_and_middles)
        rows = np.array((highest, lowest, means, (lower + upper) / 2, deviations)).round(2).T.tolist()
        described = zip(self._rois, self._counts, rows, peaks, certain, strict=True)
        return tuple(
            RegionStatistics(
                *(roi.name, highest, lowest, mean, median, deviation, size, peak),
                alert_level=roi.thresholds.level(peak),
                confirmed_level=roi.thresholds.level(sure),
                confirmed_temp=sure,
            )
            for roi, size, (highest, lowest, mean, median, deviation), peak, sure in described
        )

    def _peaks(self, frame: Celsius) -> list[float]:
        """Of each region, in double precision: a threshold that is reached must not be missed by an error of 1e-5."""
        self._gather(frame)
        measured = np.maximum.reduceat(self._values, self._starts).tolist()
        return [
            round(max((temp + KELVIN) ** 4 * factor + offset, 0.0) ** 0.25 - KELVIN, 6)
            for temp, (factor, offset) in zip(measured, self._of_regions, strict=True)
        ]

    def _gather(self, frame: Celsius) -> None:
        for rectangle, place in zip(self._rectangles, self._places, strict=True):
            rectangle[...] = frame[place]


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
