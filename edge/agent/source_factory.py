"""Builds the sources of a device from its settings."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final, assert_never
from zoneinfo import ZoneInfo

from bus_schemas.media import MJPEG
from edge.agent.context import AgentContext
from edge.agent.defaults import DRAWN_BITS_PER_S, DRAWN_FPS
from edge.agent.settings import DeviceSettings, OnnxDetectorSettings
from edge.agent.source_settings import (
    FileSourceSettings,
    MjpegSourceSettings,
    Mlx90640SourceSettings,
    NetworkSourceSettings,
    RtspSourceSettings,
    SceneFaultSettings,
    SceneSourceSettings,
    ThermalCsvSourceSettings,
    V4l2SourceSettings,
)
from edge.capture.encoder import Encoding
from edge.capture.recorder import Recorder
from edge.capture.sources import mlx90640, thermal_csv
from edge.capture.sources.inputs import Input, mjpeg, rtsp, v4l2, video_file
from edge.capture.sources.source import AddressUnusable as AddressUnusable
from edge.capture.sources.source import Reading, Source, SourceUnreachable
from edge.capture.sources.video import VideoSource
from edge.simulation.scene import Scene
from edge.simulation.scenes import SceneSound, ThermalSceneSource, VisualSceneSource
from edge.simulation.schedule import FaultKind, SceneFault, Schedule
from edge.simulation.thermal_scene import ThermalScene
from edge.simulation.visual_scene import VisualScene

_SCENE_FAULTS: Final[Mapping[str, FaultKind]] = {
    "blackscreen": "black",
    "freeze": "freeze",
    "audio_loss": "silence",
    "corrupt_rows": "corrupt_rows",
    "macroblocks": "macroblocks",
    "zap": "zap",
    "hot_spot": "hot_spot",
}


PASSED: Final = {
    "sent": frozenset({"h264", "hevc"}),
    "sent_with_mjpeg": frozenset({"h264", "hevc", MJPEG}),
    "h264": frozenset({"h264"}),
    "encoded": frozenset[str](),
}
DRAWN: Final = Encoding(fps=DRAWN_FPS, bit_rate=DRAWN_BITS_PER_S, max_width=1280, preset="ultrafast")
"""As many bits look no better with a slower preset: what differs between two pictures is drawn noise."""


def scene_of(scene: SceneSourceSettings, started: datetime, time_zone: str) -> Scene:
    faults = [
        SceneFault(_SCENE_FAULTS[fault.kind], fault.first_s, fault.lasts_s, fault.every_s)
        for fault in scene.faults
        if fault.kind in _SCENE_FAULTS
    ]
    return Scene(Schedule(started, faults), seed=scene.seed, place=scene.place, zone=ZoneInfo(time_zone))


def encoding_of(settings: DeviceSettings) -> Encoding:
    """How pictures are encoded that are not recorded as they are sent. Drawn scenes need low rates only."""
    rates = settings.rates
    encoding = DRAWN if isinstance(settings.visual, SceneSourceSettings) else Encoding()
    return replace(
        encoding,
        fps=rates.record_fps or encoding.fps,
        max_width=rates.record_width or encoding.max_width,
        bit_rate=rates.record_bits_per_s or encoding.bit_rate,
        passed=PASSED[rates.record_as],
    )


def visual_source(
    settings: DeviceSettings, drawn: Scene | None, recorder: Recorder | None, context: AgentContext
) -> Source:
    source = settings.visual
    assert source is not None, "settings ask for a visual source only where there is one"
    if isinstance(source, SceneSourceSettings):
        assert drawn is not None, "a drawn scene has a model"
        picture = VisualScene(drawn, name=settings.title)
        sound = SceneSound(drawn) if source.audio else None
        scene = VisualSceneSource(picture, sound, context.clock, context.pause, recorder)
        return InterruptedSource(scene, source.faults, context)
    opened = replace(_input(source, context.environ), is_analysed=settings.sub is None)
    return VideoSource(opened, context.clock, context.pause, recorder, settings.rates.analysis_fps)


def sub_source(settings: DeviceSettings, context: AgentContext) -> VideoSource:
    assert settings.sub is not None, "settings ask for a second stream only where there is one"
    opened = _input(settings.sub, context.environ)
    return VideoSource(opened, context.clock, context.pause, None, settings.rates.analysis_fps)


def thermal_source(settings: DeviceSettings, context: AgentContext) -> Source:
    source = settings.thermal
    assert source is not None, "settings ask for a thermal source only where there is one"
    match source:
        case SceneSourceSettings():
            drawn = ThermalScene(scene_of(source, context.started, settings.time_zone))
            return InterruptedSource(ThermalSceneSource(drawn, context.clock, context.pause), source.faults, context)
        case ThermalCsvSourceSettings():
            return thermal_csv.ThermalCsvSource(source.path, context.clock, context.pause, loop=source.loop)
        case Mlx90640SourceSettings(refresh_hz=hertz):
            return mlx90640.Mlx90640Source(
                lambda: mlx90640.AdafruitSensor(hertz, pause=context.pause), context.clock, context.pause
            )
        case _:
            assert_never(source)


def _input(
    source: FileSourceSettings | RtspSourceSettings | MjpegSourceSettings | V4l2SourceSettings,
    environ: Mapping[str, str],
) -> Input:
    match source:
        case FileSourceSettings():
            return video_file(str(source.path), loop=source.loop)
        case RtspSourceSettings():
            return rtsp(address(source, environ), transport=source.transport)
        case MjpegSourceSettings():
            return mjpeg(address(source, environ))
        case V4l2SourceSettings():
            return v4l2(str(source.path))
        case _:
            assert_never(source)


def address(source: NetworkSourceSettings, environ: Mapping[str, str]) -> str:
    if source.url is not None:
        return source.url
    assert source.url_env is not None, "settings allow no address without a name for it"
    if (trouble := source.trouble(environ)) is not None:
        raise AddressUnusable(trouble)
    return environ[source.url_env]


def addresses(settings: DeviceSettings, environ: Mapping[str, str]) -> list[str]:
    """Every text that may contain a password; paths too, because somebody may have put an address into one."""
    given: list[str | None] = []
    for part in (settings.visual, settings.sub, settings.thermal, settings.detector):
        if isinstance(part, NetworkSourceSettings):
            given += [part.url, environ.get(part.url_env or "")]
        elif isinstance(part, FileSourceSettings | V4l2SourceSettings | ThermalCsvSourceSettings):
            given.append(str(part.path))
        elif isinstance(part, OnnxDetectorSettings):
            given.append(str(part.model))
    return [one for one in given if one]


class InterruptedSource:
    """A drawn scene whose camera is unreachable while a `silent` fault is active."""

    def __init__(self, source: Source, faults: Sequence[SceneFaultSettings], context: AgentContext) -> None:
        self._source = source
        self._context = context
        self._silences = [
            SceneFault("freeze", fault.first_s, fault.lasts_s, fault.every_s)
            for fault in faults
            if fault.kind == "silent"
        ]

    def open(self) -> None:
        self._refuse()
        self._source.open()

    def read(self) -> Reading | None:
        self._refuse()
        return self._source.read()

    def close(self) -> None:
        self._source.close()

    def _refuse(self) -> None:
        seconds = (self._context.clock() - self._context.started).total_seconds()
        if any(silence.began(seconds) is not None for silence in self._silences):
            raise SourceUnreachable("the drawn camera does not answer")
