"""Makes thermal events, raw frames and previews from the frames of one thermal sensor."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any, Final, Protocol
from zoneinfo import ZoneInfo

import numpy as np

from bus_schemas.agent import ThermalStatistics
from bus_schemas.limits import MAX_ITEMS
from bus_schemas.settings import AdjustableSettings, Roi
from bus_schemas.thermal import (
    AlertLevel,
    FrameStatistics,
    HotSpot,
    Region,
    RegionThresholds,
    Thermal,
    Transformer,
)
from edge.agent.event_factory import EventFactory
from edge.agent.previews import Previews
from edge.agent.settings import RatesSettings
from edge.analysis.alert_pictures import AlertPictures
from edge.analysis.frame_history import EncodedFrame, FrameHistory
from edge.analysis.fusion import Fusion
from edge.analysis.pictures import Planes
from edge.analysis.render import Caption, thermal_jpeg
from edge.analysis.sensor_checks import SensorChecks
from edge.analysis.thermal import NO_VALUE_BELOW, ThermalProcessor, ThermalReading
from edge.analysis.thermal_filters import COLDEST, HOTTEST
from edge.analysis.thermal_regions import RegionStatistics
from edge.analysis.thermal_statistics import gradient
from edge.analysis.transformer import transformer_region
from edge.analysis.trend_limits import TrendLimits
from edge.capture.pacing import Every, per_second
from edge.capture.sources.source import ThermalFrame
from producer.outbox.priority import Priority
from producer.outbox.tables import Draft

MOST_BESIDE_EVENTS: Final = 16_384
"""Bytes that do not hold up the events behind them for long: a frame of 160 x 120 pixels has about 10,000."""


class CameraBeside(Protocol):
    """The camera of the same device, with its newest full picture."""

    planes: Planes | None
    alert_pictures: AlertPictures


class ThermalAnalysis:
    """Used by one capture thread; `apply` may be called by another."""

    def __init__(
        self,
        event_factory: EventFactory,
        rates: RatesSettings,
        adjustable: AdjustableSettings,
        caption: Callable[[datetime], Caption],
        previews: Previews,
        camera: Callable[[], CameraBeside | None],
    ) -> None:
        self._event_factory = event_factory
        self._wanted = self._applied = adjustable
        self._processor = ThermalProcessor(adjustable.thermography, adjustable.measured_rois)
        self._checks = SensorChecks(self._processor)
        self._fusion = Fusion(adjustable.fusion)
        self._caption = caption
        self._previews = previews
        self._camera = camera
        self._event_due = Every(1 / rates.thermal_fps)
        self._history = FrameHistory(rates)
        self._live_due = per_second(rates.live_fps)
        self._levels: tuple[AlertLevel, AlertLevel, bool, frozenset[str]] = "normal", "normal", False, frozenset()
        self._trend_limits = TrendLimits()
        self.trouble: str | None = None
        """Why temperatures are missing, or those of a region cannot be right, in a sentence."""
        self._requests: deque[Callable[[str], None]] = deque()
        """Snapshots that wait, each to be called with the key of the next raw frame."""

    def apply(self, adjustable: AdjustableSettings) -> None:
        """Apply settings from the next frame on."""
        self._wanted = adjustable

    def statistics(self) -> ThermalStatistics:
        """Also for another thread."""
        return self._processor.statistics()

    def capture_now(self, then: Callable[[str], None]) -> None:
        """Keep the next frame, and call `then` with its key in the capture thread."""
        self._requests.append(then)

    def analyse(self, frame: ThermalFrame) -> list[Draft]:
        """Process a frame. An event is due at its rate, and at once when the alert level changes or is confirmed, or a
        region goes beyond a limit of its trend or returns.
        """
        self._adjust()
        self._processor.know_listed(frame.listed_bad, frame.temperatures.shape)
        reading = self._processor.process(frame.temperatures, frame.time)
        if self._live_due is not None and self._live_due.due(frame.time):
            self._show(reading)
        self.trouble = _all_masked(reading, frame) or impossible_correction(reading, self._processor)
        state = self._checks.check(frame.temperatures, reading)
        if reading.frame_stats is None:
            # Nothing was measured: that is no reading, no cooling down, and nothing to keep.
            return self._late(frame.time)
        # In front of the temperatures that a newly masked pixel changes.
        drafts = [] if state is None else [self._event_factory.event(state, frame.time)]
        levels = reading.alert_level, reading.confirmed_level, self._is_confirmed_hot(reading), self._beyond(reading)
        before, self._levels = self._levels, levels
        is_event = self._event_due.due(frame.time) or levels != before or bool(self._requests)
        is_change = self._has_alert_changed(before)
        is_alert = self._history.around_alert(frame, is_change=is_change)
        is_evidence = is_alert or bool(self._requests)
        kept = self._kept(frame, is_evidence=is_evidence, is_event=is_event)
        media, keys = self._media(kept, is_urgent=is_change or bool(self._requests), is_evidence=is_evidence)
        for key in keys:
            while self._requests:
                self._requests.popleft()(key)
        drafts += media
        if is_event and (data := thermal_data(reading, frame, tuple(keys), self._processor)) is not None:
            drafts.append(self._event_factory.event(data, frame.time))
        return drafts + self._late(frame.time)

    def _late(self, now: datetime) -> list[Draft]:
        """Some of the frames from before an alert."""
        return self._media(self._history.take_late(now), is_evidence=True)[0]

    def _adjust(self) -> None:
        if self._wanted is self._applied:
            return
        self._applied = self._wanted
        self._processor.apply(self._applied.thermography, self._applied.measured_rois)
        if self._applied.fusion != self._fusion.settings:
            self._fusion = Fusion(self._applied.fusion)

    def _has_alert_changed(self, before: tuple[AlertLevel, AlertLevel, bool, frozenset[str]]) -> bool:
        """Whether people are alerted to something else: a spike of one pixel in one frame raises no alert. The camera
        beside the sensor then takes a picture.
        """
        camera, is_change = self._camera(), self._levels[1:] != before[1:]
        if is_change and camera is not None:
            camera.alert_pictures.request()
        return is_change

    def _kept(self, frame: ThermalFrame, *, is_evidence: bool, is_event: bool) -> list[EncodedFrame]:
        """The frame, where it is to be kept."""
        if is_evidence:
            return [self._history.exact(frame)]
        if is_event and self._history.is_due(frame):
            return [self._history.regular(frame)]
        self._history.remember(frame)
        return []

    def _media(
        self, frames: Sequence[EncodedFrame], *, is_urgent: bool = False, is_evidence: bool = False
    ) -> tuple[list[Draft], list[str]]:
        """Their drafts, and the keys by which events refer to them. What people are alerted to, or asked for, goes with
        the events, and what is around it goes before recordings, which take hours on a slow link.
        """
        made = [self._event_factory.medium("thermal", one.picture, one.time) for one in frames]
        is_quick = is_urgent and sum(len(one.picture.payload) for one in frames) <= MOST_BESIDE_EVENTS
        changes: dict[str, Any] = {"priority": Priority.FINDING} if is_quick else {"is_evidence": is_evidence}
        return [replace(draft, **changes) for draft, _ in made], [key for _, key in made]

    def _is_confirmed_hot(self, reading: ThermalReading) -> bool:
        return (reading.confirmed_max or COLDEST) > self._processor.settings.hot_spot_c

    def _beyond(self, reading: ThermalReading) -> frozenset[str]:
        processor = self._processor
        return self._trend_limits.beyond(reading, processor.rois, processor.settings.ambient_c, processor.revisions)

    def _show(self, reading: ThermalReading) -> None:
        if reading.frame_stats is None:
            return
        if self._previews.is_wanted("thermal"):
            caption, rois = self._caption(reading.timestamp), self._processor.rois
            self._previews.show("thermal", thermal_jpeg(reading.frame, caption, rois, reading.regions))
        camera = self._camera()
        if camera is not None and camera.planes is not None and self._previews.is_wanted("fusion"):
            self._previews.show("fusion", self._fusion.jpeg(camera.planes, reading.frame))


def _all_masked(reading: ThermalReading, frame: ThermalFrame) -> str | None:
    if reading.frame_stats is not None or not np.isfinite(frame.temperatures).any():
        return None
    return "every pixel with a value is masked as broken, so that nothing is measured"


def impossible_correction(reading: ThermalReading, processor: ThermalProcessor) -> str | None:
    """Name a region that would reflect more than the sensor measures: most of its pixels come out at absolute zero."""
    name = next((region.name for region in reading.regions if region.median_temp < NO_VALUE_BELOW), None)
    if name is None:
        return None
    roi = next(roi for roi in processor.rois if roi.name == name)
    reflected = processor.settings.reflected_c if roi.reflected_c is None else roi.reflected_c
    return (
        f"the region '{name}' is colder than what it would reflect: with an emissivity of {roi.emissivity:g},"
        f" reflected_c has to be lower than {reflected:g} °C"
    )


def thermal_data(
    reading: ThermalReading, frame: ThermalFrame, media: tuple[str, ...], processor: ThermalProcessor
) -> Thermal | None:
    """The data of a thermal event; `None` where the frame has no valid pixel."""
    statistics = reading.frame_stats
    if statistics is None:
        return None
    found = transformer_region(reading.frame)
    clamped = int(np.count_nonzero((frame.temperatures < COLDEST) | (frame.temperatures > HOTTEST)))
    rows, columns = reading.frame.shape
    rois = {roi.name: roi for roi in processor.rois}
    return Thermal(
        frame_stats=FrameStatistics(
            min_temp=statistics.min,
            max_temp=statistics.max,
            avg_temp=statistics.mean,
            median_temp=statistics.median,
            std_dev=statistics.std,
            percentile_5=statistics.percentile_5,
            percentile_95=statistics.percentile_95,
        ),
        regions=tuple(
            _region(region, rois[region.name], processor.revisions[region.name]) for region in reading.regions
        ),
        hot_spots=tuple(
            HotSpot(center=spot.center, max_temp=spot.max_temp, avg_temp=spot.avg_temp, area=spot.area)
            for spot in reading.hotspots[:MAX_ITEMS]
        ),
        composite_temperature=reading.composite_temperature,
        sensor_temp=reading.sensor_temp,
        gradient_max=round(float(gradient(reading.frame).magnitude.max()), 2),
        clamped_pixels=clamped,
        bad_pixels=reading.bad_pixels,
        confirmed_max_temp=reading.confirmed_max,
        peak_temp=reading.peak,
        ambient_temp=processor.settings.ambient_c,
        columns=columns,
        rows=rows,
        transformer=None if found is None else Transformer(**asdict(found)),
        media=media,
    )


def _region(region: RegionStatistics, roi: Roi, revision: str) -> Region:
    return Region(
        name=region.name,
        max_temp=region.max_temp,
        min_temp=region.min_temp,
        avg_temp=region.avg_temp,
        median_temp=region.median_temp,
        std_dev=region.std_dev,
        pixel_count=region.pixel_count,
        alert_level=region.alert_level,
        confirmed_level=region.confirmed_level,
        peak_temp=region.peak_temp,
        confirmed_temp=region.confirmed_temp,
        thresholds=RegionThresholds(**dict(roi.thresholds), **dict(roi.limits)),
        group=roi.group,
        revision=revision,
    )


def captions(site: Callable[[], str], zone: Callable[[], ZoneInfo]) -> Callable[[datetime], Caption]:
    return lambda time: Caption(site(), time.astimezone(zone()))
