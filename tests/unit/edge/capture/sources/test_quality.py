"""What is said of the stream of a camera: that it comes, and nothing that the hub refuses."""

import io
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
import pytest
from av.video.stream import VideoStream

from bus_schemas.codec import to_bytes
from bus_schemas.node import HealthEvent
from edge.agent.health import SourceHealth, health
from edge.analysis.pictures import frame_of
from edge.capture.recorder import Recorder
from edge.capture.sources.inputs import video_file
from edge.capture.sources.packet_timing import PacketTiming
from edge.capture.sources.quality import StreamQuality
from edge.capture.sources.source import CameraFrame, StreamReport
from edge.capture.sources.video import VideoSource
from tests.mjpeg_recording import KEPT
from tests.simulated_clock import SimulatedClock
from tests.video_files import all_of, sourced


def filmed(path: Path, codec: str, pixels: str, count: int, rate: int, options: dict[str, str]) -> Path:
    with av.open(str(path), "w") as container:
        video = container.add_stream(codec, rate=rate)
        assert isinstance(video, VideoStream)
        video.width, video.height, video.pix_fmt, video.options = 160, 90, pixels, {**options}
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
    with av.open(io.BytesIO(segment.data), "r") as container:
        assert len(list(container.decode(video=0))) == 30


class Timing:
    """What arrives of a camera or a file: so many pictures a second."""

    def __init__(self, fps: float) -> None:
        self._fps = fps

    def measured(self) -> tuple[float, int | None]:
        return self._fps, 1_000_000


@pytest.mark.parametrize("fps", [0.01, 25.0, 90_000.0])
@pytest.mark.parametrize("year", [1900, 1970, 2025, 2107])
def test_what_a_camera_says_of_itself_however_wrong_is_a_health_event_that_the_hub_takes(fps: float, year: int) -> None:
    clock = SimulatedClock()
    quality = StreamQuality(clock.elapsed, None)
    quality.lateness.note(datetime(year, 1, 1, tzinfo=UTC).timestamp(), clock().timestamp(), 1.0)
    reported = SourceHealth("visual", clock, elapsed=clock.elapsed)
    reported.attempting()
    reported.connected()
    reported.stream_reported(quality.report(cast(PacketTiming, Timing(fps)), "h264"))
    reported.frame_arrived(clock(), (640, 360))

    made = HealthEvent(
        id="1", source="/sites/A/devices/B", time=clock(), data=health([reported.facts], clock.elapsed())
    )

    taken = HealthEvent.model_validate_json(to_bytes(made))
    assert taken.data.reason is not None
    assert taken.data.reason.startswith("its clock is")
