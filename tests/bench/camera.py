"""How much of a core a camera takes: recorded, analysed, with pictures, beside what only copies and decodes it."""

import io
import shutil
import subprocess
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from tempfile import TemporaryDirectory
from typing import Final

import av
import psutil
from av.video.frame import VideoFrame

from bus_schemas.settings import AdjustableSettings
from edge.agent.event_factory import EventFactory
from edge.agent.previews import Previews
from edge.agent.recording_events import segment_drafts
from edge.agent.settings import DeviceSettings, RatesSettings
from edge.analysis.pictures import Pictures, thumbnail
from edge.analysis.visual import VisualAnalysis
from edge.capture.recorder import Recorder
from edge.capture.sources.inputs import video_file
from edge.capture.sources.source import CameraFrame, SourceEnded
from edge.capture.sources.video import VideoSource
from producer.ids import Ids, utc_now
from tests.bench.camera_streams import FEW_DETAILS, FPS, H264, H265, SECONDS, CameraStream, made
from tests.bench.measure import Measurement, median, summary
from tests.builders import SITE

START = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
RUNS = 3
RATES: Final = RatesSettings()
STARTED_S: Final = 0.1
"""A run of so short a part of the file shows what the start of a program takes."""


def case_camera() -> list[Measurement]:
    """A camera of 1080p and 15 fps for 20 s: record all, analyse 5 fps, 2 captures a second and a thumbnail.

    Figures are milliseconds of CPU for one second of video: 150 is 15 % of a core. It is read from a file as fast as
    it can be; transport and the outbox come to it. In turns with it, in the same run:

    - the limit: the program `ffmpeg` copies and decodes the same file with one thread, its start not counted;
    - the same with the library that the product decodes with, in one loop;
    - that loop with the pictures that are asked for: 5 reductions, 2 full pictures as JPEG and a thumbnail a second.
      This floor has no detector, no event and no segment.
    """
    with TemporaryDirectory() as folder:
        return [one for stream in (H264, H265, FEW_DETAILS) for one in _measured(stream, Path(folder))]


def _measured(stream: CameraStream, folder: Path) -> list[Measurement]:
    path = made(stream, folder)
    runs = [(watched(path), by_program(path), in_one_loop(path), in_one_loop(path, draws=True)) for _ in range(RUNS)]
    memory = psutil.Process().memory_info().rss / 1e6
    ours, program, loop, floor = (list(each) for each in zip(*runs, strict=True))
    limit, name = median(program), f"1080p camera {stream.name}"
    includes = f"CPU ms a second of video; the loop {median(loop):.1f}; process {memory:.0f} MB"
    return [
        replace(summary(name, ours, includes), goal_ms=round(1.1 * limit, 1), limit="ffmpeg", limit_ms=round(limit, 1)),
        summary(f"{name}, floor", floor, "the loop, and the pictures asked for; no analysis, no events"),
    ]


def watched(path: Path) -> float:
    """As the capture thread of an agent takes it."""
    recorder, factory = Recorder(10), EventFactory(SITE, "yard", Ids(utc_now))
    source = VideoSource(
        video_file(str(path), pace=False), lambda: START, lambda _: None, recorder, analysis_fps=5, elapsed=lambda: 0.0
    )
    settings = DeviceSettings.model_validate(
        {"site": SITE, "device": "yard", "visual": {"kind": "file", "path": str(path)}}
    )
    previews = Previews(lambda *_: None)
    analysis = VisualAnalysis(factory, settings, AdjustableSettings(), Pictures(), None, previews)
    begun_s = time.process_time()
    source.open()
    try:
        while True:
            reading = source.read()
            if isinstance(reading, CameraFrame):
                analysis.analyse(reading)
            segment_drafts(factory, recorder.take())
    except SourceEnded:
        source.close()
    return _each_second(time.process_time() - begun_s, SECONDS)


def by_program(path: Path) -> float:
    """By `ffmpeg`; by the loop where there is none."""
    program = shutil.which("ffmpeg")
    if program is None:
        return in_one_loop(path)
    all_s, start_s = (_program_s(program, path, seconds) for seconds in (SECONDS, STARTED_S))
    return _each_second(all_s - start_s, SECONDS - STARTED_S)


def _program_s(program: str, path: Path, seconds: float) -> float:
    before = getrusage(RUSAGE_CHILDREN)
    options = ("-nostdin", "-v", "error", "-y", "-threads", "1", "-t", str(seconds), "-i", str(path), "-map", "0:v")
    copied = ("-c", "copy", "-f", "mpegts", str(path.with_suffix(".ts")))
    subprocess.run([program, *options, *copied, "-map", "0:v", "-f", "null", "-"], check=True)
    after = getrusage(RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def in_one_loop(path: Path, *, draws: bool = False) -> float:
    """With the library of the product; `draws` the pictures that are asked for."""
    begun_s, copied, drawing = time.process_time(), io.BytesIO(), Drawing()
    with av.open(str(path)) as container, av.open(copied, "w", format="mpegts") as target:
        stream = container.streams.video[0]
        stream.thread_count = 1
        track = target.add_stream_from_template(stream)
        for packet in container.demux(stream):
            for picture in packet.decode():
                if draws:
                    drawing.draw(picture)
            if packet.dts is not None:
                packet.stream = track
                target.mux_one(packet)
    return _each_second(time.process_time() - begun_s, SECONDS)


class Drawing:
    """Makes the reduced pictures, captures and thumbnails of a stream at the usual rates, and nothing of them."""

    def __init__(self) -> None:
        self._pictures = Pictures()
        self._number = 0

    def draw(self, picture: VideoFrame) -> None:
        number, self._number = self._number, self._number + 1
        if self._is_due(number, RATES.analysis_fps):
            small = self._pictures.small(picture)
            if self._is_due(number, RATES.thumbnail_fps):
                thumbnail(small)
        if self._is_due(number, RATES.capture_fps):
            self._pictures.jpeg(picture)

    @staticmethod
    def _is_due(number: int, rate: float) -> bool:
        return int(number * rate / FPS) > int((number - 1) * rate / FPS) or number == 0


def _each_second(cpu_s: float, seconds: float) -> float:
    return cpu_s * 1000 / seconds
