"""One device: its sources, what watches them, and the threads in which that happens."""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from functools import partial

from bus_schemas.node import Health
from bus_schemas.topics import live_topic
from edge.adjustable import Adjustable
from edge.analysis.pictures import Pictures
from edge.author import Author
from edge.building import Surroundings, thermal_source, visual_source, yard
from edge.capture import capture
from edge.detection import lookout
from edge.health import SourceHealth, health
from edge.recorder import Recorder
from edge.settings import DeviceSettings
from edge.source_settings import SceneSource
from edge.sources.source import Frame, Reading, Samples, Source, ThermalFrame
from edge.thermometry import ThermalWatch, captions
from edge.visual import VisualWatch
from producer.tables import Draft

Put = Callable[[Sequence[Draft]], None]
Show = Callable[[str, bytes], None]
"""Takes a topic and a JPEG, which may be dropped."""


class CaptureFailed(RuntimeError):
    """A capture thread has ended by a fault of ours; what it was is in the log."""


class CaptureThread(threading.Thread):
    """A daemon, because a camera that does not answer must not hold up the end of the process."""

    def __init__(self, name: str, work: Callable[[], None]) -> None:
        super().__init__(name=name, daemon=True)
        self._work = work
        self._finished = False

    def run(self) -> None:
        self._work()
        self._finished = True

    def check(self) -> None:
        """Raises `CaptureFailed` where it is neither at work nor done with it."""
        if self.ident is not None and not self.is_alive() and not self._finished:
            raise CaptureFailed(f"the capture thread {self.name} failed")


class Device:
    """Threads begin with `start` and end after the pause of `around` says so."""

    def __init__(
        self,
        settings: DeviceSettings,
        adjustable: Adjustable,
        author: Author,
        around: Surroundings,
        put: Put,
        show: Show,
    ) -> None:
        self.settings = settings
        self.author = author
        self.adjustable = adjustable
        self._around = around
        self._put = put
        self._show = show
        self._recorder = Recorder(settings.rates.segment_s) if settings.rates.record else None
        self._visual: VisualWatch | None = None
        self._thermal: ThermalWatch | None = None
        self._healths: list[SourceHealth] = []
        self._captures: list[tuple[str, Source, SourceHealth, Callable[[Reading | None], None]]] = []
        self._threads: list[CaptureThread] = []
        if settings.visual is not None:
            self._add_visual(settings)
        if settings.thermal is not None:
            self._add_thermal(settings)

    def start(self, stopping: threading.Event) -> None:
        for name, source, source_health, take in self._captures:
            work = partial(capture, source, source_health, take, stopping.is_set, stopping.wait)
            self._threads.append(CaptureThread(f"{self.settings.device}-{name}", work))
        for thread in self._threads:
            thread.start()

    def check(self) -> None:
        for thread in self._threads:
            thread.check()

    def join(self, timeout_s: float) -> None:
        for thread in self._threads:
            thread.join(timeout_s)

    def health(self) -> Health:
        return health([source.facts for source in self._healths], time.monotonic())

    def apply(self, adjustable: Adjustable) -> None:
        self.adjustable = adjustable
        for watch in self._watches():
            watch.apply(adjustable)

    def capture_now(self) -> None:
        for watch in self._watches():
            watch.capture_now()

    def _watches(self) -> Iterable[VisualWatch | ThermalWatch]:
        return [watch for watch in (self._visual, self._thermal) if watch is not None]

    def _add_visual(self, settings: DeviceSettings) -> None:
        scene = settings.visual
        drawn = yard(scene, self._around.started, settings.time_zone) if isinstance(scene, SceneSource) else None
        pictures = Pictures()
        looking = lookout(settings.detector, settings.zones, pictures, drawn) if settings.detector else None
        preview = partial(self._show, live_topic(self.author.source, "visual"))
        self._visual = VisualWatch(self.author, settings.rates, self.adjustable, pictures, looking, preview)
        source = visual_source(settings, drawn, self._recorder, self._around)
        source_health = SourceHealth("visual", self._around.clock, records=self._recorder is not None)
        self._healths.append(source_health)
        self._captures.append(
            ("visual", source, source_health, partial(self._take_visual, self._visual, source_health))
        )

    def _add_thermal(self, settings: DeviceSettings) -> None:
        self._thermal = ThermalWatch(
            self.author,
            settings.rates,
            self.adjustable,
            captions(settings.site_name or settings.site, settings.time_zone),
            self._show_thermal,
            lambda: self._visual.planes if self._visual is not None else None,
        )
        source = thermal_source(settings, self._around)
        source_health = SourceHealth("thermal", self._around.clock)
        self._healths.append(source_health)
        take = partial(self._take_thermal, self._thermal, source_health)
        self._captures.append(("thermal", source, source_health, take))

    def _show_thermal(self, kind: str, jpeg: bytes) -> None:
        self._show(live_topic(self.author.source, kind), jpeg)

    def _take_visual(self, watch: VisualWatch, source_health: SourceHealth, reading: Reading | None) -> None:
        drafts: list[Draft] = []
        if isinstance(reading, Frame):
            source_health.gave(reading.time, (reading.picture.width, reading.picture.height))
            drafts += watch.look(reading)
        elif isinstance(reading, Samples):
            watch.hear(reading)
        if self._recorder is not None and (finished := self._recorder.take()):
            source_health.segment_began(finished[-1].start + timedelta(seconds=finished[-1].duration_s))
            drafts += watch.segments(finished)
        if drafts:
            self._put(drafts)

    def _take_thermal(self, watch: ThermalWatch, source_health: SourceHealth, reading: Reading | None) -> None:
        if isinstance(reading, ThermalFrame):
            source_health.gave(reading.time, (32, 24))
            if drafts := watch.look(reading):
                self._put(drafts)
