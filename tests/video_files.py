"""Video files read as sources, by a simulated clock."""

from pathlib import Path

from edge.capture.recorder import Recorder
from edge.capture.sources.inputs import video_file
from edge.capture.sources.source import CameraFrame, Reading, SourceEnded
from edge.capture.sources.video import VideoSource
from tests.simulated_clock import SimulatedClock


def all_of(source: VideoSource, most: int = 10_000) -> list[Reading]:
    source.open()
    readings = rest_of(source, most)
    source.close()
    return readings


def rest_of(source: VideoSource, most: int = 10_000) -> list[Reading]:
    readings: list[Reading] = []
    try:
        while len(readings) < most:
            reading = source.read()
            readings += [reading] if reading else []
    except SourceEnded:
        pass
    return readings


def frames_of(readings: list[Reading]) -> list[CameraFrame]:
    return [reading for reading in readings if isinstance(reading, CameraFrame)]


def sourced(path: Path, recorder: Recorder | None = None, **options: bool) -> tuple[VideoSource, SimulatedClock]:
    clock = SimulatedClock()
    return VideoSource(
        video_file(str(path), **options), clock, clock.pause, recorder, analysis_fps=5, elapsed=clock.elapsed
    ), clock
