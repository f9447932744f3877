"""Runs one device: builds its sources and analyses, each in a capture thread of its own."""

import threading
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Final

import numpy as np
import structlog

from bus_schemas.agent import CaptureStatistics
from bus_schemas.node import Health
from bus_schemas.protocol import VIDEO, WATCH_LEASE_S
from bus_schemas.settings import AdjustableSettings
from bus_schemas.topics import live_topic
from edge.agent.analysis_guard import AnalysisGuard
from edge.agent.capture_statistics import CaptureCounter
from edge.agent.capture_threads import CaptureThreads
from edge.agent.commands import offered
from edge.agent.context import AgentContext
from edge.agent.event_factory import EventFactory
from edge.agent.health import Facts, Kind, SourceHealth, health
from edge.agent.night_mode import NightMode
from edge.agent.previews import Previews, Show
from edge.agent.recording_events import change_drafts, segment_drafts
from edge.agent.settings import DeviceSettings
from edge.agent.source_factory import (
    addresses,
    encoding_of,
    scene_of,
    sub_source,
    thermal_source,
    visual_source,
)
from edge.agent.source_settings import SceneSourceSettings
from edge.analysis.detection import ObjectDetection, object_detection
from edge.analysis.pictures import Pictures
from edge.analysis.thermometry import ThermalAnalysis, captions
from edge.analysis.visual import VisualAnalysis
from edge.capture.live_video import LiveVideo
from edge.capture.loop import Pipeline
from edge.capture.recorder import Recorder
from edge.capture.recording_control import RecordingControl
from edge.capture.sources.address import Redactor
from edge.capture.sources.failure_reasons import describe_error
from edge.capture.sources.source import CameraFrame, Reading, Samples, StreamReport, ThermalFrame
from edge.capture.sources.video import VideoSource
from edge.simulation.scene import Scene
from producer.outbox.handoff import OutboxFailed
from producer.outbox.tables import Draft
from producer.relay.bus_messages import OnAcknowledged

Put = Callable[[Sequence[Draft]], object]

VIDEO_TYPE: Final = "video/mp4"
KINDS: Final[tuple[Kind, ...]] = ("visual", "sub", "thermal")

log = structlog.get_logger(__name__)


class DeviceRunner:
    """`start` starts its threads; they stop when `stopping` is set. Sources are built in their threads, repeatedly
    where that fails: a device always exists, and its health says what is wrong.
    """

    def __init__(
        self,
        settings: DeviceSettings,
        adjustable: AdjustableSettings,
        event_factory: EventFactory,
        context: AgentContext,
        put: Put,
        show: Show,
    ) -> None:
        self.settings = settings
        self.event_factory = event_factory
        self.adjustable = adjustable
        self.commands = offered(settings)
        self.node = context.node
        self.light = context.light
        self._counter = CaptureCounter()
        self._context = context
        self._put = put
        self._show = show
        self._redact = Redactor(addresses(settings, context.environ)).redact
        self._night = NightMode(settings, context)
        zone = settings.zone(adjustable)
        self._control = RecordingControl(adjustable.recording, zone, is_allowed=settings.rates.record)
        topic = live_topic(event_factory.source, VIDEO)
        self._live = LiveVideo(lambda message: show(topic, message, VIDEO_TYPE))
        self._previews = Previews(self._show_preview)
        self._visual: VisualAnalysis | None = None
        self._thermal: ThermalAnalysis | None = None
        self._threads = CaptureThreads(settings.device, self._redact)
        sources = {"visual": settings.visual, "sub": settings.sub, "thermal": settings.thermal}
        self._healths: dict[Kind, SourceHealth] = {
            kind: SourceHealth(kind, context.clock) for kind in KINDS if sources[kind] is not None
        }

    def start(self, stopping: threading.Event) -> None:
        makers: dict[Kind, Callable[[str], Pipeline]] = {
            "visual": self._make_visual,
            "sub": self._make_sub,
            "thermal": self._make_thermal,
        }
        self._threads.start(makers, self._healths, stopping)

    def join(self, until_s: float) -> None:
        """Wait for the threads until a time of the monotonic clock."""
        self._threads.join(until_s)

    def finish(self, timeout_s: float) -> bool:
        """Finish the recordings of threads that wait for their camera. False if one of them is still working."""
        return self._threads.finish(timeout_s)

    def abandon(self) -> None:
        """Wait no longer for threads that still run."""
        for source_health in self._healths.values():
            source_health.abandoned()

    @property
    def facts(self) -> list[Facts]:
        return [source.facts for source in self._healths.values()]

    def health(self) -> Health:
        return health(self.facts, time.monotonic())

    def captured(self) -> CaptureStatistics:
        """Counters of what was captured since the agent started."""
        return self._counter.statistics()

    def apply(self, adjustable: AdjustableSettings) -> None:
        self.adjustable = adjustable
        self._control.apply(adjustable.recording, self.settings.zone(adjustable))
        for analysis in self._analyses():
            analysis.apply(adjustable)

    def watch(self, kind: object, *, from_keyframe: bool = False) -> None:
        """Somebody watches: send live video, or previews of a kind, for a while."""
        if kind == VIDEO:
            self._live.watch(WATCH_LEASE_S, from_keyframe=from_keyframe)
        elif isinstance(kind, str):
            self._previews.watch(kind, WATCH_LEASE_S)

    def reopen(self, *, rebuild: bool, kinds: Collection[Kind] | None = None) -> None:
        """Close its sources (of these kinds, or all) and open them again now; one whose recording is over begins
        again.
        """
        self._threads.reopen(rebuild=rebuild, kinds=kinds)

    def hanging(self, now: float) -> list[str]:
        """Names of its capture threads that have made no step for too long."""
        return self._threads.hanging(now)

    def record_now(self, seconds: float) -> datetime:
        """Returns until when it records at least."""
        return self._control.record_now(self._context.clock(), seconds)

    def set_night(self, is_night: bool | None, seconds: float) -> None:
        """It is night, or day, for so long; `None` lets the settings decide again."""
        self._night.override(is_night, seconds)

    def capture_now(self, then: Callable[[str], None]) -> None:
        """Keep a picture now, and call `then` with its key in a capture thread, once for each source."""
        for analysis in self._analyses():
            analysis.capture_now(then)

    def _analyses(self) -> Iterable[VisualAnalysis | ThermalAnalysis]:
        return [analysis for analysis in (self._visual, self._thermal) if analysis is not None]

    def _make_visual(self, name: str) -> Pipeline:
        settings, scene = self.settings, self.settings.visual
        recorder = Recorder(settings.rates.segment_s, encoding_of(settings), self._control, self._live)
        self._counter.buffered = recorder.buffered_bytes
        drawn = (
            scene_of(scene, self._context.started, settings.time_zone)
            if isinstance(scene, SceneSourceSettings)
            else None
        )
        source = visual_source(settings, drawn, recorder, self._context)
        guard = (
            AnalysisGuard(name, self._healths["visual"], self._redact)
            if settings.sub is not None
            else self._begin_analysis(name, "visual", drawn)
        )
        take = partial(self._take_visual, recorder, guard)
        return Pipeline(source, take, source.takeover) if isinstance(source, VideoSource) else Pipeline(source, take)

    def _make_sub(self, name: str) -> Pipeline:
        source = sub_source(self.settings, self._context)
        return Pipeline(source, partial(self._take_sub, self._begin_analysis(name, "sub", None)), source.takeover)

    def _begin_analysis(self, name: str, kind: Kind, drawn: Scene | None) -> AnalysisGuard:
        settings, pictures = self.settings, Pictures()
        detection, missing = self._object_detection(pictures, drawn)
        self._visual = VisualAnalysis(
            self.event_factory, settings, self.adjustable, pictures, detection, self._previews
        )
        self._visual.regular.thinning = self._context.thinning
        return AnalysisGuard(name, self._healths[kind], self._redact, missing)

    def _object_detection(self, pictures: Pictures, drawn: Scene | None) -> tuple[ObjectDetection | None, str | None]:
        """The object detection, or why there is none. A model that cannot be loaded must not stop the recording."""
        try:
            detector = self.settings.detector
            return (object_detection(detector, self.settings.zones, pictures, drawn) if detector else None), None
        except BaseException as error:  # noqa: BLE001  (of a model, or of the library that is to run it)
            reason = f"the detector cannot be used: {describe_error(error, self._redact)}"
            log.warning("detector failed", device=self.settings.device, reason=reason)
            return None, reason

    def _make_thermal(self, name: str) -> Pipeline:
        source = thermal_source(self.settings, self._context)
        self._thermal = ThermalAnalysis(
            self.event_factory,
            self.settings.rates,
            self.adjustable,
            captions(self._site_name, lambda: self.settings.zone(self.adjustable)),
            self._previews,
            lambda: self._visual,
        )
        self._counter.thermal = self._thermal.statistics
        source_health = self._healths["thermal"]
        guard = AnalysisGuard(name, source_health, self._redact)
        return Pipeline(source, partial(self._take_thermal, self._thermal, source_health, guard))

    def _site_name(self) -> str:
        return self.settings.place(self.adjustable).site_name or self.settings.site

    def _show_preview(self, kind: str, jpeg: bytes, on_acknowledged: OnAcknowledged | None = None) -> None:
        self._show(live_topic(self.event_factory.source, kind), jpeg, on_acknowledged=on_acknowledged)

    def _take_visual(self, recorder: Recorder, guard: AnalysisGuard, reading: Reading | None) -> None:
        """Take a frame of the camera's first stream, which is analysed where the camera has no second one."""
        source_health = self._healths["visual"]
        drafts: list[Draft] = []
        if isinstance(reading, CameraFrame):
            source_health.frame_arrived(reading.time, (reading.picture.width, reading.picture.height))
            drafts += self._analyse(guard, reading) if self.settings.sub is None else []
        elif isinstance(reading, Samples) and self._visual is not None:
            drafts += guard.drafts(partial(analyse_sound, self._visual, reading))
        elif isinstance(reading, StreamReport):
            source_health.stream_reported(reading)
        source_health.recording_since(recorder.open_since)
        drafts += segment_drafts(self.event_factory, recorder.take())
        drafts += change_drafts(self.event_factory, recorder.take_changes())
        self._hand_over(drafts)

    def _take_sub(self, guard: AnalysisGuard, reading: Reading | None) -> None:
        source_health = self._healths["sub"]
        if isinstance(reading, CameraFrame):
            source_health.frame_arrived(reading.time, (reading.picture.width, reading.picture.height))
            self._hand_over(self._analyse(guard, reading))
        elif isinstance(reading, StreamReport):
            source_health.stream_reported(reading)

    def _analyse(self, guard: AnalysisGuard, frame: CameraFrame) -> list[Draft]:
        analysis = self._visual
        assert analysis is not None, "a guard is made together with its analysis"
        analysis.apply(self._night.in_force(self.adjustable, frame.time))
        guard.also = self._night.trouble
        drafts = guard.drafts(partial(analysis.analyse, frame))
        if guard.failure is not None:
            drafts += analysis.skipped(frame, guard.failure)
        if analysis.moved_at is not None:
            self._control.moved(analysis.moved_at)
        return drafts

    def _take_thermal(
        self, analysis: ThermalAnalysis, source_health: SourceHealth, guard: AnalysisGuard, reading: Reading | None
    ) -> None:
        if isinstance(reading, ThermalFrame):
            if np.isfinite(reading.temperatures).any():
                rows, columns = reading.temperatures.shape
                source_health.frame_arrived(reading.time, (columns, rows))
            else:
                source_health.blank_frame_arrived()
            guard.also = analysis.trouble
            self._hand_over(guard.drafts(partial(analysis.analyse, reading)))

    def _hand_over(self, drafts: Sequence[Draft]) -> None:
        # A failed outbox is a failure of the agent, whose main thread notices it and restarts.
        with suppress(OutboxFailed):
            if drafts:
                self._put(drafts)
                self._counter.note(drafts)


def analyse_sound(analysis: VisualAnalysis, samples: Samples) -> list[Draft]:
    """Sound makes no events of its own; frame events contain its level."""
    analysis.analyse_sound(samples)
    return []
