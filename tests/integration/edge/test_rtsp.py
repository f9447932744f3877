"""A real RTSP server, read by the source and recorded by the recorder."""

import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import pytest

from edge.capture.recorder import Recorder
from edge.capture.segments import RecordedSegment
from edge.capture.sources.inputs import rtsp
from edge.capture.sources.source import CameraFrame, Samples, SourceUnreachable
from edge.capture.sources.video import VideoSource
from tests.required import missing
from tests.segment_player import played

SYSTEM_PYTHON = "/usr/bin/python3"
SERVER = Path(__file__).with_name("rtsp_server.py")
NEEDED = "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer"


def now() -> datetime:
    return datetime.now(UTC)


def start_server() -> tuple[subprocess.Popen[str], int]:
    process = subprocess.Popen([SYSTEM_PYTHON, str(SERVER)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, int(process.stdout.readline())


def stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    process.wait(timeout=30)
    assert process.stdout is not None
    process.stdout.close()


@pytest.fixture(scope="session")
def gstreamer() -> None:
    try:
        found = subprocess.run([SYSTEM_PYTHON, "-c", NEEDED], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        found = False
    if not found:
        missing("GStreamer's RTSP server is not installed: apt-get install gir1.2-gst-rtsp-server-1.0")


@pytest.fixture(scope="session")
def server(gstreamer: None) -> Iterator[str]:
    process, port = start_server()
    yield f"rtsp://viewer:secret@127.0.0.1:{port}"
    stop(process)


def watch(
    url: str, seconds: float, transport: Literal["tcp", "udp"] = "tcp"
) -> tuple[list[CameraFrame], list[Samples], list[RecordedSegment]]:
    recorder = Recorder(target_seconds=2)
    source = VideoSource(rtsp(url, transport=transport), now, threading.Event().wait, recorder, analysis_fps=5)
    frames: list[CameraFrame] = []
    sounds: list[Samples] = []
    source.open()
    until = None
    while until is None or now() < until:
        match source.read():
            case CameraFrame() as frame:
                until = until or now() + timedelta(seconds=seconds)
                frames.append(frame)
            case Samples() as samples:
                sounds.append(samples)
    source.close()
    return frames, sounds, recorder.take()


def span_s(frames: list[CameraFrame]) -> float:
    return (frames[-1].time - frames[0].time).total_seconds()


def test_packets_of_an_rtsp_camera_are_recorded_while_five_pictures_a_second_are_analysed(server: str) -> None:
    frames, _, segments = watch(f"{server}/silent", seconds=6.5)
    span = (frames[-1].time - frames[0].time).total_seconds()

    assert (frames[0].picture.width, frames[0].picture.height) == (320, 240)
    assert len(frames) / span == pytest.approx(5, rel=0.15)
    assert [segment.duration_s for segment in segments[:-1]] == pytest.approx([2.0] * (len(segments) - 1), abs=0.15)
    assert sum(segment.duration_s for segment in segments) == pytest.approx(span, abs=1.2)
    assert [segment.discontinuity for segment in segments] == [True] + [False] * (len(segments) - 1)
    assert segments[0].fps == pytest.approx(15, abs=1)


def test_each_segment_of_an_rtsp_camera_plays_on_its_own_with_its_sound(server: str) -> None:
    _, sounds, segments = watch(f"{server}/sounding", seconds=4.5)

    assert sounds[0].rate == 44_100
    for segment in segments[:2]:
        seen = played(segment)
        assert seen.pictures[0].key_frame
        assert len(seen.pictures) == pytest.approx(30, abs=2)
        assert seen.sound_s == pytest.approx(2.0, abs=0.4)


def test_a_picture_comes_at_once_although_the_next_keyframe_is_a_minute_away(server: str) -> None:
    start = now()
    frames, _, segments = watch(f"{server}/long", seconds=3)

    assert frames[0].time - start < timedelta(seconds=2)
    assert abs(segments[0].start - frames[0].time) < timedelta(seconds=0.1)
    assert sum(segment.duration_s for segment in segments) == pytest.approx(span_s(frames), abs=0.3)
    assert played(segments[0]).pictures[0].key_frame


def test_a_camera_can_send_over_udp(server: str) -> None:
    frames, _, segments = watch(f"{server}/silent", seconds=2.5, transport="udp")

    assert len(frames) > 8
    assert segments


def test_h265_is_recorded_as_it_is_sent(server: str) -> None:
    frames, _, segments = watch(f"{server}/hevc", seconds=4.5)
    seen = [played(segment) for segment in segments]

    assert {segment.codec for segment in segments} == {"hevc"}
    # How many pictures a second there are depends on how fast the server can encode them.
    assert sum(segment.duration_s for segment in segments) == pytest.approx(span_s(frames), abs=1.2)
    assert sum(len(one.pictures) for one in seen) > 1.5 * len(frames)
    assert {(segment.width, segment.height) for segment in segments} == {(320, 240)}


def test_a_camera_that_is_not_there_is_unreachable_and_the_reason_has_no_password(server: str) -> None:
    with pytest.raises(SourceUnreachable) as refused:
        VideoSource(rtsp("rtsp://viewer:secret@127.0.0.1:9/live?token=secret"), now, threading.Event().wait).open()
    with pytest.raises(SourceUnreachable) as unknown:
        VideoSource(rtsp(f"{server}/elsewhere"), now, threading.Event().wait).open()

    assert str(refused.value).startswith("rtsp://127.0.0.1:9/live: Connection refused: the machine is there")
    assert "secret" not in str(unknown.value)
    assert "Not Found" in str(unknown.value)


def test_a_camera_that_is_switched_off_is_lost_within_the_timeout(gstreamer: None) -> None:
    process, port = start_server()
    source = VideoSource(rtsp(f"rtsp://127.0.0.1:{port}/silent", timeout_s=2), now, threading.Event().wait)
    source.open()
    assert source.read() is not None

    stop(process)
    lost = None
    until = now() + timedelta(seconds=15)
    while lost is None and now() < until:
        try:
            source.read()
        except SourceUnreachable as error:
            lost = error
    source.close()

    assert lost is not None
