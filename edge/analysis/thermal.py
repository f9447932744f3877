"""Analyses thermal frames: statistics, regions with alert levels, hot spots and composite temperature."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final, Literal, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from bus_schemas.settings import FULL_FRAME, Roi, ThermographySettings
from bus_schemas.thermal import COLUMNS, ROWS, AlertLevel
from edge.analysis.bad_pixels import BadPixels, Mask, replaced
from edge.analysis.thermal_filters import COLDEST, HOTTEST, Confirmation, TemporalFilter, for_ambient, smoothed
from edge.analysis.thermal_regions import RegionReader, RegionStatistics

Celsius = NDArray[np.float32]
Flag = Literal["clamped", "invalid_pixels", "bad_pixels", "no_data"]

VERSION: Final = 3
"""Incremented by changes of the outcome for the same frames, so that findings name their analysis."""
HOTSPOTS_KEPT: Final = 10
SHAPE: Final = (ROWS, COLUMNS)
QUANTILES: Final = (0.0, 0.05, 0.1, 0.5, 0.95, 1.0)
TENTH: Final = 2
_SEVERITY: Final[tuple[AlertLevel, ...]] = ("normal", "warning", "critical", "emergency")


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


@dataclass(frozen=True, slots=True)
class ThermalReading:
    """`frame` (24 x 32 float32, °C) is what pictures are made of. Alert levels and hot spots are those of the
    unsmoothed frame, because smoothing delays and lowers them. `confirmed_max` is the hottest temperature that is not a
    spike of one pixel in one frame. If every pixel is invalid (`no_data`), values are `None` and empty.
    """

    timestamp: datetime
    frame: Celsius
    frame_stats: TemperatureStatistics | None
    regions: tuple[RegionStatistics, ...]
    composite_temperature: float | None
    hotspots: tuple[HotSpotStatistics, ...]
    sensor_temp: float | None
    flags: tuple[Flag, ...]
    confirmed_max: float | None = None
    bad_pixels: int = 0
    """Pixels in whose place others stand: those that the sensor lists, stuck ones, and those without a value."""

    @property
    def confirmed_level(self) -> AlertLevel:
        return max((region.confirmed_level for region in self.regions), key=_SEVERITY.index, default="normal")

    @property
    def alert_level(self) -> AlertLevel:
        return max((region.alert_level for region in self.regions), key=_SEVERITY.index, default="normal")


class ThermalProcessor:
    """Give it every frame of one sensor (24 x 32 float32, °C) once and in order."""

    def __init__(
        self,
        settings: ThermographySettings | None = None,
        rois: Sequence[Roi] = (FULL_FRAME,),
        listed_bad: Iterable[int] = (),
    ) -> None:
        self.bad_pixels = BadPixels(SHAPE, listed_bad)
        self._temporal = TemporalFilter()
        self._confirmation = Confirmation()
        self.apply(settings or ThermographySettings(), rois)
        self._hotspots: deque[HotSpotStatistics] = deque(maxlen=HOTSPOTS_KEPT)
        self._frames = 0
        self._bad_seen = 0

    def apply(self, settings: ThermographySettings, rois: Sequence[Roi]) -> None:
        """Apply settings from the next frame on. What was learned about the sensor stays."""
        self.settings = settings
        self.rois = tuple(rois)
        self._weights = {roi.name: roi.weight for roi in self.rois}
        self._regions = RegionReader(self.rois, settings.reflected_c, legacy=settings.emissivity_formula == "legacy")

    def process(self, raw: Celsius, time: datetime) -> ThermalReading:
        self._frames += 1
        clean, ordered, flags, bad = self._cleaned(raw, time)
        if clean is None:
            nothing = np.full(SHAPE, np.nan, np.float32)
            return ThermalReading(time, nothing, None, (), None, (), None, ("no_data",), bad_pixels=bad)
        ambient = self.settings.ambient_c
        sharp = frame = for_ambient(clean, ambient)
        if self.settings.filtered:
            frame = for_ambient(smoothed(self._temporal.filter(clean)), ambient)
            ordered_frame = _ordered(frame)
        else:
            ordered_frame = for_ambient(ordered, ambient)
        confirmed = self._confirmation.confirmed(sharp)
        regions = self._regions.read(frame, sharp, confirmed)
        is_hot = for_ambient(ordered[-1:], ambient)[0] > self.settings.hot_spot_c
        spots = hotspots(sharp, self.settings.hot_spot_c, time) if is_hot else ()
        self._hotspots.extend(spots)
        return ThermalReading(
            timestamp=time,
            frame=frame,
            frame_stats=_statistics(frame, ordered_frame),
            regions=regions,
            composite_temperature=composite_temperature(regions, self._weights, self.settings.composite),
            hotspots=spots,
            sensor_temp=round(_quantile(ordered, TENTH), 2),
            flags=flags,
            confirmed_max=round(float(confirmed.max()), 2),
            bad_pixels=bad,
        )

    def statistics(self) -> dict[str, int | bool]:
        return {
            "frames_processed": self._frames,
            "bad_pixels_detected": self._bad_seen,
            "buffer_size": len(self._temporal),
            "hotspots_tracked": len(self._hotspots),
            "advanced_processing_enabled": self.settings.filtered,
        }

    def _cleaned(self, raw: Celsius, time: datetime) -> tuple[Celsius | None, Celsius, tuple[Flag, ...], int]:
        """Replace bad pixels and clamp to the range of the sensor: in a fire the frame is worth more than any other.
        Returns the frame, its values sorted, its flags, and how many pixels were replaced.
        """
        bad = self.bad_pixels.find(raw, time)
        ordered = _ordered(raw)
        # What is no number is sorted to the end, and is not within the range either.
        if bad is None and ordered[0] >= COLDEST and ordered[-1] <= HOTTEST:
            return raw, ordered, (), 0
        clean, flags, count = self._repaired(raw, bad)
        return clean, ordered if clean is None else _ordered(clean), flags, count

    def _repaired(self, raw: Celsius, bad: Mask | None) -> tuple[Celsius | None, tuple[Flag, ...], int]:
        flags: list[Flag] = []
        if bad is not None:
            flags.append("bad_pixels")
        finite = np.isfinite(raw)
        if not finite.all():
            invalid = ~finite
            flags.append("invalid_pixels")
            bad = invalid if bad is None else bad | invalid
            if bad.all():
                return None, ("no_data",), bad.size
        clean = raw if bad is None else replaced(raw, bad)
        count = 0 if bad is None else int(np.count_nonzero(bad))
        self._bad_seen += count
        if float(clean.min()) < COLDEST or float(clean.max()) > HOTTEST:
            flags.append("clamped")
            clean = np.clip(clean, COLDEST, HOTTEST)
        return clean, tuple(flags), count


def hotspots(frame: Celsius, threshold: float, time: datetime) -> tuple[HotSpotStatistics, ...]:
    """4-connected components of a 24 x 32 float32 frame above `threshold`, both in °C, hottest first."""
    above = frame > threshold
    if not above.any():
        return ()
    _, labels, stats, centres = cv2.connectedComponentsWithStats(above.view(np.uint8), connectivity=4)
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
    return tuple(sorted(spots, key=lambda spot: -spot.max_temp))


def composite_temperature(
    regions: Sequence[RegionStatistics], weights: Mapping[str, float], method: str
) -> float | None:
    """The composite of the regions' maxima in °C; `None` without regions or where it is switched off."""
    if not regions or method == "none":
        return None
    maxima = [region.max_temp for region in regions]
    if method == "max":
        return max(maxima)
    factors = [weights[region.name] if method == "weighted_average" else 1.0 for region in regions]
    return round(sum(weight * top for weight, top in zip(factors, maxima, strict=True)) / sum(factors), 2)


@dataclass(frozen=True, slots=True)
class Gradient:
    """`magnitude` in °C and `direction` in degrees (atan2, -180..180), both 24 x 32 float32."""

    magnitude: Celsius
    direction: Celsius


def gradient(frame: Celsius) -> Gradient:
    """Sobel 3 x 3 along both axes, not normalised, of a 24 x 32 float32 frame in °C."""
    along_x = np.asarray(cv2.Sobel(frame, cv2.CV_32F, 1, 0), np.float32)
    along_y = np.asarray(cv2.Sobel(frame, cv2.CV_32F, 0, 1), np.float32)
    return Gradient(np.hypot(along_x, along_y), np.degrees(np.arctan2(along_y, along_x)))


def _statistics(frame: Celsius, ordered: Celsius) -> TemperatureStatistics:
    """Statistics of a 24 x 32 float32 frame in °C; `ordered` are its values sorted."""
    mean, deviation = cv2.meanStdDev(frame)
    low, fifth, _, median, ninety_fifth, high = _quantiles(ordered)
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


def _ordered(frame: Celsius) -> Celsius:
    values = frame.flatten()
    values.sort()
    return values


def _quantiles(ordered: Celsius) -> list[float]:
    """Those of `QUANTILES`. Linear interpolation between the nearest values, as in numpy's percentile."""
    places, fractions = _places(ordered.size)
    lower, upper = ordered.take(places).tolist()
    return [low + (high - low) * share for low, high, share in zip(lower, upper, fractions, strict=True)]


def _quantile(ordered: Celsius, number: int) -> float:
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
