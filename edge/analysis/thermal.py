"""Analyses thermal frames: statistics, regions with alert levels, hot spots and composite temperature."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from operator import mul
from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bus_schemas.agent import ThermalStatistics
from bus_schemas.settings import FULL_FRAME, Roi, ThermographySettings
from bus_schemas.thermal import COLUMNS, ROWS, AlertLevel
from edge.analysis.bad_pixels import BadPixels, Mask, replaced
from edge.analysis.region_revision import region_revision
from edge.analysis.thermal_filters import COLDEST, HOTTEST, Confirmation, TemporalFilter, ambient_offset, smoothed
from edge.analysis.thermal_regions import RegionReader, RegionStatistics
from edge.analysis.thermal_statistics import (
    STATISTICS_SHARES,
    HotSpotStatistics,
    TemperatureStatistics,
    hotspots,
    quantile,
    sorted_values,
    statistics_of,
)

Celsius = NDArray[np.float32]
Flag = Literal["clamped", "invalid_pixels", "bad_pixels", "no_data"]

VERSION: Final = 5
"""Incremented by changes of the outcome for the same frames, so that findings name their analysis."""
HOTSPOTS_KEPT: Final = 10
SHAPE: Final = (ROWS, COLUMNS)
SENSOR_SHARE: Final = 0.1
"""The sensor is as warm as this quantile of its frame."""
NO_VALUE_BELOW: Final = -200.0
"""°C. Drivers write -273.15 for a pixel of which they know no temperature."""
_SEVERITY: Final[tuple[AlertLevel, ...]] = ("normal", "warning", "critical", "emergency")


class ThermalReading(NamedTuple):
    """`frame` (H x W float32, °C) is what pictures are made of. Alert levels and hot spots are those of the
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
    peak: float | None = None
    """The hottest pixel before filtering."""

    @property
    def confirmed_level(self) -> AlertLevel:
        return max((region.confirmed_level for region in self.regions), key=_SEVERITY.index, default="normal")

    @property
    def alert_level(self) -> AlertLevel:
        return max((region.alert_level for region in self.regions), key=_SEVERITY.index, default="normal")


class ThermalProcessor:
    """Give it every frame of one sensor (H x W float32, °C) once and in order. A frame of another size is of another
    sensor: nothing is known of its pixels.
    """

    def __init__(
        self,
        settings: ThermographySettings | None = None,
        rois: Sequence[Roi] = (FULL_FRAME,),
        listed_bad: Iterable[int] = (),
    ) -> None:
        self._shape: tuple[int, ...] = SHAPE
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
        self._offset = ambient_offset(settings.ambient_c)
        self._make_regions()
        self.bad_pixels.offset_limit = settings.bad_pixel_offset_c
        self.bad_pixels.know_declared(settings.broken_pixels)
        if not (settings.filtered and settings.temporal_filter):
            # Frames of an earlier time must not be averaged with those after it is switched on again.
            self._temporal = TemporalFilter()

    def know_listed(self, pixels: tuple[int, ...], shape: tuple[int, ...]) -> None:
        """The broken pixels that the sensor itself lists, before its frame of that shape."""
        if shape != self._shape:
            self._begin(shape)
        self.bad_pixels.know_listed(pixels)

    def process(self, raw: Celsius, time: datetime) -> ThermalReading:
        self._frames += 1
        if raw.shape != self._shape:
            self._begin(raw.shape)
        clean, ordered, flags, bad = self._cleaned(raw, time)
        if clean is None:
            nothing = np.full(raw.shape, np.nan, np.float32)
            return ThermalReading(time, nothing, None, (), None, (), None, ("no_data",), bad_pixels=bad)
        settings = self.settings
        # Together, because regions take their pixels from all three at once.
        frames = np.empty((3, *raw.shape), np.float32)
        frame, sharp, confirmed = frames[0], frames[1], frames[2]
        np.subtract(self._filtered(clean), self._offset, out=frame)
        np.subtract(clean, self._offset, out=sharp)
        self._confirmation.confirm(sharp, confirmed)
        sorted_frame = sorted_values(frame, STATISTICS_SHARES)
        peak, confirmed_max = float(ordered[-1] - self._offset), confirmed.item(confirmed.argmax())
        regions = self._regions.read(frames, sorted_frame, (peak, confirmed_max))
        spots = self._hot_spots(sharp, time) if peak > settings.hot_spot_c else ()
        return ThermalReading(
            timestamp=time,
            frame=frame,
            frame_stats=statistics_of(frame, sorted_frame),
            regions=regions,
            composite_temperature=composite_temperature(regions, self._weights, settings.composite),
            hotspots=spots,
            sensor_temp=round(quantile(ordered, SENSOR_SHARE), 2),
            flags=flags,
            confirmed_max=round(confirmed_max, 2),
            bad_pixels=bad,
            peak=round(peak, 2),
        )

    def _begin(self, shape: tuple[int, ...]) -> None:
        self._shape = shape
        self.bad_pixels = BadPixels((shape[0], shape[1]))
        self._temporal = TemporalFilter()
        self._confirmation = Confirmation()
        self.apply(self.settings, self.rois)

    def _make_regions(self) -> None:
        settings = self.settings
        self._regions = RegionReader(
            self.rois, settings.reflected_c, legacy=settings.emissivity_formula == "legacy", shape=self._shape
        )
        self.revisions = {roi.name: region_revision(roi, settings, self._shape) for roi in self.rois}
        """By region, the way in which it is measured."""

    def _filtered(self, clean: Celsius) -> Celsius:
        settings, frame = self.settings, clean
        if settings.filtered and settings.temporal_filter:
            frame = self._temporal.filter(clean)
        if settings.filtered and settings.spatial_filter:
            frame = smoothed(frame)
        return frame

    def _hot_spots(self, sharp: Celsius, time: datetime) -> tuple[HotSpotStatistics, ...]:
        settings = self.settings
        connectivity = int(settings.hot_spot_connectivity)
        spots = hotspots(sharp, settings.hot_spot_c, time, connectivity, settings.hot_spot_min_area)
        self._hotspots.extend(spots)
        return spots

    def statistics(self) -> ThermalStatistics:
        return ThermalStatistics(
            frames=self._frames,
            bad_pixels=self._bad_seen,
            averaged_frames=len(self._temporal),
            hot_spots=len(self._hotspots),
            filtered=self.settings.filtered,
        )

    def _cleaned(self, raw: Celsius, time: datetime) -> tuple[Celsius | None, Celsius, tuple[Flag, ...], int]:
        """Replace bad pixels and clamp to the range of the sensor: in a fire the frame is worth more than any other.
        Returns the frame, its values sorted for `SENSOR_SHARE`, its flags, and how many pixels were replaced.
        """
        bad = self.bad_pixels.find(raw, time)
        if not self.settings.bad_pixel_filter:
            bad = None
        ordered = sorted_values(raw, (SENSOR_SHARE,))
        # What is no number is sorted to the end, and is not within the range either.
        if bad is None and ordered.item(0) >= COLDEST and ordered.item(-1) <= HOTTEST:
            return raw, ordered, (), 0
        clean, flags, count = self._repaired(raw, bad)
        return clean, ordered if clean is None else sorted_values(clean, (SENSOR_SHARE,)), flags, count

    def _repaired(self, raw: Celsius, bad: Mask | None) -> tuple[Celsius | None, tuple[Flag, ...], int]:
        flags: list[Flag] = []
        if bad is not None:
            flags.append("bad_pixels")
        invalid = ~(np.isfinite(raw) & (raw >= NO_VALUE_BELOW))
        if invalid.any():
            flags.append("invalid_pixels")
            bad = invalid if bad is None else bad | invalid
        if bad is not None and bad.all():
            return None, ("no_data",), bad.size
        clean = raw if bad is None else replaced(raw, bad)
        count = 0 if bad is None else int(np.count_nonzero(bad))
        self._bad_seen += count
        if float(clean.min()) < COLDEST or float(clean.max()) > HOTTEST:
            flags.append("clamped")
            clean = np.clip(clean, COLDEST, HOTTEST)
        return clean, tuple(flags), count


def composite_temperature(
    regions: Sequence[RegionStatistics], weights: Mapping[str, float], method: str
) -> float | None:
    """The composite of the regions' maxima in °C; `None` without regions or where it is switched off."""
    if not regions or method == "none":
        return None
    maxima = [region.max_temp for region in regions]
    if method == "max":
        return max(maxima)
    if method != "weighted_average":
        return round(sum(maxima) / len(maxima), 2)
    factors = [weights[region.name] for region in regions]
    weighted: float = sum(map(mul, factors, maxima))
    return round(weighted / sum(factors), 2)
