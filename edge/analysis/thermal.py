"""Analyses thermal frames: statistics, regions with alert levels, hot spots and composite temperature."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from bus_schemas.settings import FULL_FRAME, Roi, ThermographySettings
from bus_schemas.thermal import AlertLevel
from edge.analysis.bad_pixels import BadPixels, replaced
from edge.analysis.thermal_filters import COLDEST, HOTTEST, Confirmation, TemporalFilter, for_ambient, smoothed
from edge.analysis.thermal_regions import RegionReader, RegionStatistics

Celsius = NDArray[np.float32]
Flag = Literal["clamped", "invalid_pixels", "bad_pixels", "no_data"]

VERSION: Final = 3
"""Incremented by changes of the outcome for the same frames, so that findings name their analysis."""
HOTSPOTS_KEPT: Final = 10
SHAPE: Final = (24, 32)
_SEVERITY: Final[tuple[AlertLevel, ...]] = ("normal", "warning", "critical", "emergency")


@dataclass(frozen=True, slots=True)
class TemperatureStatistics:
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
        clean, flags, bad = self._cleaned(raw, time)
        if clean is None:
            nothing = np.full(SHAPE, np.nan, np.float32)
            return ThermalReading(time, nothing, None, (), None, (), None, ("no_data",), bad_pixels=bad)
        sharp = for_ambient(clean, self.settings.ambient_c)
        frame = sharp
        if self.settings.filtered:
            frame = for_ambient(smoothed(self._temporal.filter(clean)), self.settings.ambient_c)
        statistics, tenth = _statistics(frame, clean)
        confirmed = self._confirmation.confirmed(sharp)
        regions = self._regions.read(frame, sharp, confirmed)
        spots = hotspots(sharp, self.settings.hot_spot_c, time)
        self._hotspots.extend(spots)
        composite = composite_temperature(regions, self._weights, self.settings.composite)
        top = round(float(confirmed.max()), 2)
        return ThermalReading(time, frame, statistics, regions, composite, spots, tenth, flags, top, bad)

    def statistics(self) -> dict[str, int | bool]:
        return {
            "frames_processed": self._frames,
            "bad_pixels_detected": self._bad_seen,
            "buffer_size": len(self._temporal),
            "hotspots_tracked": len(self._hotspots),
            "advanced_processing_enabled": self.settings.filtered,
        }

    def _cleaned(self, raw: Celsius, time: datetime) -> tuple[Celsius | None, tuple[Flag, ...], int]:
        """Replace bad pixels and clamp to the range of the sensor: in a fire the frame is worth more than any other.
        Returns the frame, its flags, and how many pixels were replaced.
        """
        flags: list[Flag] = []
        bad = self.bad_pixels.find(raw, time)
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


def _statistics(frame: Celsius, raw: Celsius) -> tuple[TemperatureStatistics, float]:
    """Statistics of a frame by one sort, and the 10th percentile of the raw frame; both 24 x 32 float32, °C."""
    ordered = np.sort(frame, axis=None)
    mean, deviation = cv2.meanStdDev(frame)
    low, high = float(ordered[0]), float(ordered[-1])
    unfiltered = ordered if frame is raw else np.sort(raw, axis=None)
    return TemperatureStatistics(
        min=round(low, 2),
        max=round(high, 2),
        mean=round(float(mean[0, 0]), 2),
        median=round(_quantile(ordered, 0.5), 2),
        std=round(float(deviation[0, 0]), 2),
        percentile_95=round(_quantile(ordered, 0.95), 2),
        percentile_5=round(_quantile(ordered, 0.05), 2),
        range=round(high - low, 2),
    ), round(_quantile(unfiltered, 0.1), 2)


def _quantile(ordered: Celsius, share: float) -> float:
    """Linear interpolation between the nearest values of a sorted array, as in numpy's percentile."""
    place = share * (ordered.size - 1)
    below = int(place)
    low = float(ordered[below])
    return low + (float(ordered[min(below + 1, ordered.size - 1)]) - low) * (place - below)
