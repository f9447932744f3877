"""Computes statistics and alert level of all regions of a thermal frame at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bus_schemas.settings import COLUMNS, ROWS, Roi
from bus_schemas.thermal import AlertLevel
from edge.analysis.emissivity import KELVIN

Celsius = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class RegionStatistics:
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
        self._ends = np.cumsum(self._sizes)
        self._starts = self._ends - self._sizes
        self._slices = [
            slice(start, end) for start, end in zip(self._starts.tolist(), self._ends.tolist(), strict=True)
        ]
        self._index = np.concatenate([_pixels(roi) for roi in self._rois]) if self._rois else np.zeros(0, np.intp)
        self._middles = self._starts + (self._sizes - 1) // 2, self._starts + self._sizes // 2
        factors, offsets = _coefficients([roi.emissivity for roi in self._rois], reflected, legacy=legacy)
        self._factors = np.concatenate([np.repeat(factors, self._sizes), factors, factors])
        self._offsets = np.concatenate([np.repeat(offsets, self._sizes), offsets, offsets])

    def read(self, frame: Celsius, sharp: Celsius, confirmed: Celsius | None = None) -> tuple[RegionStatistics, ...]:
        """All arrays are 24 x 32 float32 in °C: `frame` smoothed, `sharp` unsmoothed, `confirmed` without spikes;
        default `sharp`.
        """
        if not self._rois:
            return ()
        # The correction is monotonic, so only the peaks are corrected, appended to all pixels.
        peaks = np.maximum.reduceat(sharp.take(self._index), self._starts)
        certain = sharp if confirmed is None else confirmed
        certain_peaks = np.maximum.reduceat(certain.take(self._index), self._starts)
        corrected = self._corrected(np.concatenate([frame.take(self._index), peaks, certain_peaks]))
        surface, peaks = corrected[: self._index.size], corrected[self._index.size :]
        means = np.add.reduceat(surface, self._starts) / self._sizes
        spread = surface - np.repeat(means, self._sizes)
        deviations = np.sqrt(np.add.reduceat(spread * spread, self._starts) / self._sizes)
        for part in self._slices:
            surface[part].sort()
        medians = (surface[self._middles[0]] + surface[self._middles[1]]) / 2
        peaks, certain_peaks = peaks[: len(self._rois)], peaks[len(self._rois) :]
        columns = (surface[self._ends - 1], surface[self._starts], means, medians, deviations, peaks, certain_peaks)
        rows = np.array(columns).round(2).T.tolist()
        return tuple(_region(roi, size, row) for roi, size, row in zip(self._rois, self._counts, rows, strict=True))

    def _corrected(self, measured: Celsius) -> Celsius:
        """A new array in °C. Two square roots take a tenth of the time of a fourth root."""
        radiation = measured + np.float32(KELVIN)
        radiation *= radiation
        radiation *= radiation
        radiation *= self._factors
        radiation += self._offsets
        np.maximum(radiation, np.float32(0), out=radiation)
        np.sqrt(radiation, out=radiation)
        np.sqrt(radiation, out=radiation)
        radiation -= np.float32(KELVIN)
        return radiation


def _coefficients(emissivities: Sequence[float], reflected: float, *, legacy: bool) -> tuple[Celsius, Celsius]:
    """Both formulas of `edge.analysis.emissivity` are (a T^4 + b)^(1/4) with T in Kelvin. Returns all a and all b (n
    float32).
    """
    emissivity = np.array(emissivities, np.float64)
    factors = 1 / emissivity
    offsets = np.zeros_like(factors) if legacy else (1 - factors) * (reflected + KELVIN) ** 4
    return factors.astype(np.float32), offsets.astype(np.float32)


def _region(roi: Roi, size: int, row: Sequence[float]) -> RegionStatistics:
    highest, lowest, mean, median, deviation, peak, certain = row
    return RegionStatistics(
        name=roi.name,
        max_temp=highest,
        min_temp=lowest,
        avg_temp=mean,
        median_temp=median,
        std_dev=deviation,
        pixel_count=size,
        peak_temp=peak,
        alert_level=roi.thresholds.level(max(highest, peak)),
        confirmed_level=roi.thresholds.level(certain),
    )


def _pixels(roi: Roi) -> NDArray[np.intp]:
    (x1, y1), (x2, y2) = roi.coordinates
    return np.arange(COLUMNS * ROWS, dtype=np.intp).reshape(ROWS, COLUMNS)[y1:y2, x1:x2].ravel()
