"""When packets of a live camera came, and when their pictures were taken."""

from collections.abc import Sequence
from typing import Any

import pytest
from av.audio.stream import AudioStream
from av.packet import Packet
from av.video.stream import VideoStream

from edge.capture.sources.demuxer import DemuxedPacket
from edge.capture.sources.inputs import rtsp
from edge.capture.sources.packet_timing import Counter, PacketTiming
from edge.capture.sources.read_ahead import NOTHING


class Scripted:
    """What was read ahead of a camera; a picture of it is complete when the next one begins."""

    video: VideoStream | None = None
    audio: AudioStream | None = None
    codec, is_late_by_one, reorders, size, cut_short = "h264", True, False, (160, 120), 0

    def __init__(self, arrivals: Sequence[DemuxedPacket]) -> None:
        self._arrivals = list(arrivals)

    def next(self) -> DemuxedPacket | None:
        return self._arrivals.pop(0) if self._arrivals else None

    def resume(self) -> None: ...

    def decode(self, packet: Any) -> list[Any]:
        return [packet]

    def skip_to_keyframes(self, skips: bool) -> None: ...

    def close(self) -> None: ...


def pictures(begun_s: Sequence[float]) -> list[DemuxedPacket]:
    """With a clock of their own, each handed out when the next one begins."""
    complete_s = [*begun_s[1:], begun_s[-1] + 0.1]
    return [DemuxedPacket("video", Packet(b"p"), begun - 93, at) for begun, at in zip(begun_s, complete_s, strict=True)]


def times(arrivals: Sequence[DemuxedPacket]) -> list[float]:
    found: list[float] = []
    given = PacketTiming(rtsp("rtsp://camera/1"), Scripted(arrivals), lambda: 999.0, 100.0, Counter(lambda: 0.0))
    while (arrival := given.next()) is not None:
        if arrival is not NOTHING:
            found.append(given.time(arrival))
    return found


def test_pictures_have_the_times_at_which_they_came_and_not_those_at_which_they_are_taken() -> None:
    begun_s = [100 + number / 10 for number in range(30)]

    assert times(pictures(begun_s)) == pytest.approx(begun_s, abs=0.05)


def test_a_silence_says_nothing_about_the_picture_before_it() -> None:
    begun_s = [100 + number / 10 for number in range(20)] + [105 + number / 10 for number in range(20)]
    sent = pictures(begun_s)

    assert times([*sent[:19], *[NOTHING] * 6, *sent[19:]]) == pytest.approx(begun_s, abs=0.05)


def test_a_camera_that_begins_late_is_not_taken_for_one_that_was_buffered() -> None:
    begun_s = [103 + number / 10 for number in range(20)]

    assert times([*[NOTHING] * 4, *pictures(begun_s)]) == pytest.approx(begun_s, abs=0.1)
