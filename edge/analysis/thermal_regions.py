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
    """°C of the surface. `peak_temp` is the unsmoothed maximum; the alert level is that of the higher maximum.

    `confirmed_level` is that of heat which more than one pixel or more than one frame has measured.
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


class RegionReader:
    """Precomputes the pixels of each region and their correction, for many frames."""

    def __init__(self, rois: Sequence[Roi], reflected: float = 25.0, *, legacy: bool = False) -> None:
        self._rois = [roi for roi in rois if roi.enabled]
        self._sizes = np.array([_pixels(roi).size for roi in self._rois], np.intp)
        self._counts: list[int] = self._sizes.tolist()
        ends = np.cumsum(self._sizes)
        self._starts = ends - self._sizes
        self._slices = [slice(start, end) for start, end in zip(self._starts.tolist(), ends.tolist(), strict=True)]
        self._index = np.concatenate([_pixels(roi) for roi in self._rois]) if self._rois else np.zeros(0, np.intp)
        middles = self._starts + (self._sizes - 1) // 2, self._starts + self._sizes // 2
        self._extremes_and_middles = np.array([ends - 1, self._starts, *middles])
        self._of_regions = _coefficients([roi.emissivity for roi in self._rois], reflected, legacy=legacy)
        factors, offsets = (np.concatenate([each.repeat(self._sizes), each]) for each in self._of_regions)
        self._of_pixels_and_regions = factors, offsets

    def read(self, frame: Celsius, sharp: Celsius, confirmed: Celsius) -> tuple[RegionStatistics, ...]:
        """All arrays are 24 x 32 float32 in °C: `frame` smoothed, `sharp` unsmoothed, `confirmed` without spikes."""
        if not self._rois:
            return ()
        # The correction is monotonic, so only the peaks are corrected, appended to all pixels.
        corrected = _corrected(
            np.concatenate([frame.take(self._index), self._peaks(sharp)]), *self._of_pixels_and_regions
        )
        surface, peaks = corrected[: self._index.size], corrected[self._index.size :]
        means = np.add.reduceat(surface, self._starts) / self._sizes
        spread = surface - means.repeat(self._sizes)
        spread *= spread
        deviations = np.sqrt(np.add.reduceat(spread, self._starts) / self._sizes)
        for part in self._slices:
            surface[part].sort()
        highest, lowest, lower, upper = surface.take(self._extremes_and_middles)
        rows = np.array((highest, lowest, means, (lower + upper) / 2, deviations, peaks)).round(2).T.tolist()
        levels = [roi.thresholds.level(max(row[0], row[-1])) for roi, row in zip(self._rois, rows, strict=True)]
        confirmed_levels = self._confirmed_levels(levels, confirmed)
        described = zip(self._rois, self._counts, rows, levels, confirmed_levels, strict=True)
        return tuple(
            RegionStatistics(roi.name, highest, lowest, mean, median, deviation, size, peak, level, confirmed_level)
            for roi, size, (highest, lowest, mean, median, deviation, peak), level, confirmed_level in described
        )

    def _peaks(self, frame: Celsius) -> Celsius:
        return np.asarray(np.maximum.reduceat(frame.take(self._index), self._starts), np.float32)

    def _confirmed_levels(self, levels: Sequence[AlertLevel], confirmed: Celsius) -> Sequence[AlertLevel]:
        """No higher than `levels`: what is confirmed is no hotter than what was measured."""
        if levels.count("normal") == len(levels):
            return levels
        peaks = _corrected(self._peaks(confirmed), *self._of_regions).astype(np.float64).round(2).tolist()
        return [roi.thresholds.level(peak) for roi, peak in zip(self._rois, peaks, strict=True)]


def _corrected(measured: Celsius, factors: Celsius, offsets: Celsius) -> Celsius:
    """A new array in °C. Two square roots take a tenth of the time of a fourth root."""
    radiation = measured + _KELVIN
    radiation *= radiation
    radiation *= radiation
    radiation *= factors
    radiation += offsets
    np.maximum(radiation, _ZERO, out=radiation)
    np.sqrt(radiation, out=radiation)
    np.sqrt(radiation, out=radiation)
    radiation -= _KELVIN
    return radiation


def _coefficients(emissivities: Sequence[float], reflected: float, *, legacy: bool) -> tuple[Celsius, Celsius]:
    """Both formulas of `edge.analysis.emissivity` are (a T^4 + b)^(1/4) with T in Kelvin. Returns all a and all b (n
    float32).
    """
    emissivity = np.array(emissivities, np.float64)
    factors = 1 / emissivity
    offsets = np.zeros_like(factors) if legacy else (1 - factors) * (reflected + KELVIN) ** 4
    return factors.astype(np.float32), offsets.astype(np.float32)


def _pixels(roi: Roi) -> NDArray[np.intp]:
    (x1, y1), (x2, y2) = roi.coordinates
    return np.arange(COLUMNS * ROWS, dtype=np.intp).reshape(ROWS, COLUMNS)[y1:y2, x1:x2].ravel()
