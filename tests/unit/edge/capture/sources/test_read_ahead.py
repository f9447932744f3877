"""A live camera is read while nobody has time for what it sends."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from queue import SimpleQueue
from typing import Any

import pytest
from av.audio.stream import AudioStream
from av.packet import Packet
from av.video.stream import VideoStream

from edge.capture.sources import read_ahead, reader_thread
from edge.capture.sources.demuxer import DemuxedPacket
from edge.capture.sources.inputs import rtsp
from edge.capture.sources.liveness import ReadLimit
from edge.capture.sources.read_ahead import NOTHING, AbandonedReaders, ReadAhead
from edge.capture.sources.source import SourceUnreachable
from edge.capture.sources.video import VideoSource
from tests.cameras import script
from tests.cameras.case import Case, RtspCase
from tests.cameras.server import Cameras
from tests.eventually import eventually


class Camera:
    """A demuxer that gives what it is given, and waits for it as FFmpeg does."""

    video: VideoStream | None = None
    audio: AudioStream | None = None
    codec, is_late_by_one, reorders, size, cut_short = "h264", False, False, (160, 120), 0

    def __init__(self) -> None:
        self.sent: SimpleQueue[DemuxedPacket | BaseException | None] = SimpleQueue()
        self.closed = threading.Event()
        self.resumed = 0

    def next(self) -> DemuxedPacket | None:
        found = self.sent.get()
        if isinstance(found, BaseException):
            raise found
        return found

    def resume(self) -> None:
        self.resumed += 1

    def decode(self, packet: Any) -> list[Any]:
        return [packet]

    def skip_to_keyframes(self, skips: bool) -> None:
        raise AssertionError("nobody asked for it")

    def close(self) -> None:
        self.closed.set()


def picture(number: int, size: int = 10) -> DemuxedPacket:
    return DemuxedPacket("video", Packet(bytes(size)), float(number))


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@contextmanager
def reading(limit_s: float = 10.0) -> Iterator[tuple[ReadAhead, Camera, Clock]]:
    camera, clock = Camera(), Clock()
    ahead = ReadAhead(camera, ReadLimit(limit_s), clock)
    yield ahead, camera, clock
    camera.sent.put(None)
    ahead.close()
    assert camera.closed.wait(30)


def test_what_came_while_nobody_asked_bears_the_time_at_which_it_came() -> None:
    with reading() as (ahead, camera, clock):
        for number in range(3):
            clock.now = 100.0 + number
            camera.sent.put(picture(number))
            eventually(lambda count=number + 1: len(ahead._read) == count)  # type: ignore[misc]  # mypy cannot infer a lambda with defaults
        clock.now = 107.0

        assert ahead.behind_s == 7.0
        taken = [ahead.next() for _ in range(3)]
    assert [(one.stamp, one.at_s) for one in taken if one] == [(0.0, 100.0), (1.0, 101.0), (2.0, 102.0)]


def test_a_silence_is_told_and_one_beyond_the_limit_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_ahead, "WAIT_S", 0.01)
    with reading(limit_s=10.0) as (ahead, _, clock):
        clock.now = 109.0
        assert ahead.next() is NOTHING
        assert ahead.behind_s == 0.0
        clock.now = 110.5
        with pytest.raises(TimeoutError):
            ahead.next()


def test_after_an_error_reading_goes_on_when_it_is_told_to() -> None:
    with reading() as (ahead, camera, _):
        camera.sent.put(ValueError("damaged"))
        camera.sent.put(picture(1))
        with pytest.raises(ValueError, match="damaged"):
            ahead.next()
        assert not camera.sent.empty()
        ahead.resume()
        found = ahead.next()
    assert (found.stamp if found else None, camera.resumed) == (1.0, 1)


def test_the_patience_of_a_socket_is_not_that_of_the_camera() -> None:
    with reading() as (ahead, camera, _):
        camera.sent.put(picture(1))
        camera.sent.put(TimeoutError())
        camera.sent.put(picture(2))
        stamps = [found.stamp for _ in range(2) if (found := ahead.next())]
    # Once without the limit of FFmpeg from the first packet on, and once after the timeout.
    assert (stamps, camera.resumed) == ([1.0, 2.0], 2)


def test_the_end_stays_the_end() -> None:
    with reading() as (ahead, camera, _):
        camera.sent.put(picture(1))
        camera.sent.put(None)
        assert [ahead.next() is None for _ in range(3)] == [False, True, True]


def test_no_more_is_held_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_ahead, "MOST_BYTES", 250)
    with reading() as (ahead, camera, _):
        for number in range(9):
            camera.sent.put(picture(number, 100))
        eventually(lambda: len(ahead._read) == 3)
        assert camera.sent.qsize() == 6
        stamps = [found.stamp for _ in range(9) if (found := ahead.next())]
    assert stamps == [float(number) for number in range(9)]


def test_a_camera_that_says_nothing_is_closed_when_it_gives_something(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_ahead, "CLOSING_S", 0.01)
    camera = Camera()
    ReadAhead(camera, ReadLimit(10.0), Clock()).close()

    assert not camera.closed.is_set()
    camera.sent.put(picture(1))
    assert camera.closed.wait(30)


def test_a_thread_that_had_no_memory_to_begin_is_a_silent_camera_which_is_opened_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(read_ahead, "WAIT_S", 0.01)
    monkeypatch.setattr(read_ahead, "CLOSING_S", 0.01)
    monkeypatch.setattr(reader_thread, "BEGINS_S", 0.01)
    monkeypatch.setattr(reader_thread, "start_new_thread", lambda *_: 1)
    # What `threading.Thread` would begin by: there it would wait for ever.
    monkeypatch.setattr("threading._start_new_thread", lambda *_: 1)
    clock, abandoned = Clock(), AbandonedReaders()
    ahead = ReadAhead(Camera(), ReadLimit(10.0), clock, abandoned)
    clock.now = 111.0
    with pytest.raises(TimeoutError):
        ahead.next()
    ahead.close()

    assert not abandoned.any


def test_ffmpeg_asks_for_no_limit_from_the_first_packet_until_the_machine_is_known_not_to_be_busy() -> None:
    camera, limit = Camera(), ReadLimit(10.0)
    ahead = ReadAhead(camera, limit, Clock())
    assert float(limit) == 10.0

    camera.sent.put(picture(1))
    eventually(lambda: camera.resumed == 1)
    assert float(limit) == -1.0

    camera.sent.put(None)
    ahead.close()


def test_the_limit_holds_as_long_as_a_thread_that_was_given_up_waits_in_ffmpeg(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_ahead, "CLOSING_S", 0.01)
    first, second, limit, abandoned = Camera(), Camera(), ReadLimit(10.0), AbandonedReaders()
    ReadAhead(first, ReadLimit(10.0), Clock(), abandoned).close()
    ahead = ReadAhead(second, limit, Clock(), abandoned)
    for number in range(2):
        second.sent.put(picture(number))
        eventually(lambda count=number + 1: len(ahead._read) == count)  # type: ignore[misc]  # mypy cannot infer a lambda with defaults
    assert float(limit) == 10.0

    first.sent.put(picture(1))
    assert first.closed.wait(30)
    eventually(lambda: not abandoned.any)
    second.sent.put(picture(2))
    eventually(lambda: float(limit) == -1.0)

    second.sent.put(None)
    ahead.close()


def read_until_lost(source: VideoSource) -> None:
    source.open()
    while True:
        source.read()


def test_a_camera_that_sends_reports_and_no_packets_leaves_no_thread_behind() -> None:
    cases: dict[str, Case] = {
        "reports": RtspCase(lambda _: script.reports(script.CLOCK, script.VIDEO, lambda at: at, every_s=0.1))
    }
    with Cameras(cases) as cameras:
        camera = rtsp(cameras.address("reports"), timeout_s=0.3)
        source = VideoSource(camera, lambda: datetime.now(UTC), time.sleep)
        for _ in range(2):
            with pytest.raises(SourceUnreachable, match="no data"):
                read_until_lost(source)
            source.close()
        eventually(lambda: not read_ahead._of(camera.address).any)
