"""What is recorded without being decoded is said to come."""

import io
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.stream import VideoStream

from edge.agent.health import SourceHealth, health
from edge.analysis.pictures import frame_of
from edge.capture.recorder import Recorder
from edge.capture.sources.inputs import video_file
from edge.capture.sources.source import CameraFrame, StreamReport
from edge.capture.sources.video import VideoSource
from tests.mjpeg_recording import KEPT
from tests.simulated_clock import SimulatedClock
from tests.video_files import all_of, sourced


def filmed(path: Path, codec: str, pixels: str, count: int, rate: int, options: dict[str, str]) -> Path:
    with av.open(str(path), "w") as container:
        video: VideoStream = container.add_stream(codec, rate=rate)
        video.width, video.height, video.pix_fmt, video.options = 160, 90, pixels, options
        for number in range(count):
            picture = frame_of(np.full((90, 160, 3), 20 + number % 200, np.uint8)).reformat(format=pixels)
            picture.pts, picture.time_base = number, Fraction(1, rate)
            container.mux(video.encode(picture))
        container.mux(video.encode(None))
    return path


def test_a_camera_of_which_only_keyframes_are_decoded_is_well_for_the_minute_between_two(tmp_path: Path) -> None:
    one_keyframe = {"g": "1000", "sc_threshold": "0", "tune": "zerolatency"}
    path = filmed(tmp_path / "rare.mp4", "libx264", "yuv420p", 160, 2, one_keyframe)
    clock, recorder = SimulatedClock(), Recorder()
    source = VideoSource(
        replace(video_file(str(path)), is_analysed=False), clock, clock.pause, recorder, elapsed=clock.elapsed
    )
    reported = SourceHealth("visual", clock, elapsed=clock.elapsed)
    reported.attempting()
    reported.connected()
    statuses = []

    source.open()
    for _ in range(12):
        reading = source.read()
        if isinstance(reading, CameraFrame):
            reported.frame_arrived(reading.time, (160, 90))
        elif isinstance(reading, StreamReport):
            reported.stream_reported(reading)
        # Nothing is paced here that is not decoded.
        clock.pause(6)
        statuses.append(health([reported.facts], clock.elapsed()).status)

    assert set(statuses) == {"healthy"}


def test_mjpeg_that_is_kept_as_it_comes_is_kept_whole_on_a_machine_that_is_too_slow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.capture.sources.load_shedding.DECODING_S", 0.0)
    path = filmed(tmp_path / "sent.avi", "mjpeg", "yuvj420p", 30, 10, {})
    recorder = Recorder(10, KEPT)
    source, _ = sourced(path, recorder, pace=False)
    looked_at = [reading for reading in all_of(source) if isinstance(reading, CameraFrame)]

    assert 0 < len(looked_at) < 30
    [segment] = recorder.take()
    with av.open(io.BytesIO(segment.data)) as container:
        assert len(list(container.decode(video=0))) == 30
