"""Statistics and alert level of every region of a thermal frame, all regions at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge.analysis.emissivity import KELVIN
from edge.analysis.roi import HEIGHT, WIDTH, AlertLevel, Roi

Celsius = NDArray[np.float32]
Doubles = NDArray[np.float64]

_APART: Final = 1e6  # farther than any two temperatures: keeps regions in order when all are sorted together


@dataclass(frozen=True, slots=True)
class RegionStatistics:
    """Degrees Celsius of the surface. `peak_temp` is the unsmoothed maximum: the alert level is that of the higher."""

    name: str
    max_temp: float
    min_temp: float
    avg_temp: float
    median_temp: float
    std_dev: float
    pixel_count: int
    peak_temp: float
    alert_level: AlertLevel


class RegionReader:
    """Where the pixels of each region are and what to do with them, worked out once for many frames."""

    def __init__(self, rois: Sequence[Roi], reflected: float = 25.0, *, legacy: bool = False) -> None:
        self._rois = [roi for roi in rois if roi.enabled]
        self._sizes = np.array([_pixels(roi).size for roi in self._rois], np.intp)
        self._counts: list[int] = self._sizes.tolist()
        self._ends = np.cumsum(self._sizes)
        self._starts = self._ends - self._sizes
        self._index = np.concatenate([_pixels(roi) for roi in self._rois]) if self._rois else np.zeros(0, np.intp)
        self._offset = np.repeat(np.arange(len(self._rois)) * _APART, self._sizes)
        self._emissivity = _Emissivity([roi.emissivity for roi in self._rois], self._sizes, reflected, legacy=legacy)
        self._middles = self._starts + (self._sizes - 1) // 2, self._starts + self._sizes // 2

    def read(self, frame: Celsius, sharp: Celsius) -> tuple[RegionStatistics, ...]:
        if not self._rois:
            return ()
        surface = self._emissivity.surface(frame.take(self._index))
        # The correction rises with the temperature, so that the peak is corrected alone instead of every pixel.
        peaks = self._emissivity.peaks(np.maximum.reduceat(sharp.take(self._index), self._starts))
        ordered = np.sort(surface + self._offset) - self._offset
        means = np.add.reduceat(surface, self._starts) / self._sizes
        spread = surface - np.repeat(means, self._sizes)
        deviations = np.sqrt(np.add.reduceat(spread * spread, self._starts) / self._sizes)
        medians = (ordered[self._middles[0]] + ordered[self._middles[1]]) / 2
        columns = (ordered[self._ends - 1], ordered[self._starts], means, medians, deviations, peaks)
        rows = np.array(columns).round(2).T.tolist()
        return tuple(_region(roi, size, row) for roi, size, row in zip(self._rois, self._counts, rows, strict=True))


class _Emissivity:
    """`edge.analysis.emissivity` over all regions at once: either formula is t = (a T^4 + b)^(1/4), T in Kelvin."""

    def __init__(self, values: Sequence[float], sizes: NDArray[np.intp], reflected: float, *, legacy: bool) -> None:
        emissivity = np.array(values, np.float64)
        self._a = 1 / emissivity
        self._b = np.zeros_like(self._a) if legacy else -(1 - emissivity) / emissivity * (reflected + KELVIN) ** 4
        self._pixel_a = np.repeat(self._a, sizes)
        self._pixel_b = np.repeat(self._b, sizes)

    def surface(self, measured: Celsius) -> Doubles:
        return _corrected(measured, self._pixel_a, self._pixel_b)

    def peaks(self, measured: Celsius) -> Doubles:
        return _corrected(measured, self._a, self._b)


def _corrected(measured: Celsius, factor: Doubles, offset: Doubles) -> Doubles:
    radiation = measured.astype(np.float64)
    radiation += KELVIN
    radiation *= radiation
    radiation *= radiation
    radiation *= factor
    radiation += offset
    np.maximum(radiation, 0.0, out=radiation)
    np.sqrt(radiation, out=radiation)
    np.sqrt(radiation, out=radiation)
    radiation -= KELVIN
    return radiation


def _region(roi: Roi, size: int, row: Sequence[float]) -> RegionStatistics:
    highest, lowest, mean, median, deviation, peak = row
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
    )


def _pixels(roi: Roi) -> NDArray[np.intp]:
    (x1, y1), (x2, y2) = roi.coordinates
    return np.arange(WIDTH * HEIGHT, dtype=np.intp).reshape(HEIGHT, WIDTH)[y1:y2, x1:x2].ravel()
