"""Live video as fragmented MP4: decoded again, it is what was filmed."""

import io
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any

import av
import numpy as np
import pytest

from edge.capture.bitstream import CLOCK, Unit
from edge.capture.encoder import AudioEncoder, Encoding, VideoEncoder
from edge.capture.live_video import LiveVideo
from edge.capture.mpegts import Layout
from tests.grey_pictures import pictures

START = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)
FPS = 25
STEP = CLOCK // FPS


class Viewer:
    """Somebody who watches, with a clock of the test."""

    def __init__(self) -> None:
        self.now = 0.0
        self.messages: list[bytes] = []
        self.live = LiveVideo(self.messages.append, lambda: self.now)

    def take(self) -> bytes:
        taken = b"".join(self.messages)
        self.messages.clear()
        return taken


def video_units(count: int, *, keyframe_every: int = 25, first: int = 0) -> list[Unit]:
    encoder = VideoEncoder(Encoding(fps=FPS, bit_rate=300_000), (160, 90))
    return [
        unit
        for index, picture in enumerate(pictures(count, (160, 90)), first)
        for unit in encoder.encode(
            picture,
            index * STEP,
            START + timedelta(seconds=index / FPS),
            keyframe=(index - first) % keyframe_every == 0,
        )
    ]


def hevc_units(count: int) -> list[Unit]:
    codec: Any = av.CodecContext.create("libx265", "w")
    codec.width, codec.height, codec.pix_fmt = 160, 90, "yuv420p"
    codec.time_base, codec.framerate = Fraction(1, CLOCK), Fraction(FPS)
    codec.options = {"preset": "ultrafast", "tune": "zerolatency", "x265-params": "log-level=none:repeat-headers=1"}
    units: list[Unit] = []
    for index, picture in enumerate(pictures(count, (160, 90))):
        picture = picture.reformat(format="yuv420p")
        picture.pts, picture.time_base = index * STEP, Fraction(1, CLOCK)
        units += [
            Unit("video", bytes(packet), packet.pts, packet.dts, STEP, packet.is_keyframe, START)
            for packet in codec.encode(picture)
        ]
    return units


def decoded(data: bytes) -> tuple[list[float], list[int], int]:
    """The times of the pictures in seconds, their grey, and how many samples of sound there are."""
    times, greys, samples = [], [], 0
    with av.open(io.BytesIO(data), "r", format="mp4") as container:
        for frame in container.decode():
            if isinstance(frame, av.VideoFrame):
                times.append(round(float(frame.time or 0), 3))
                greys.append(int(frame.to_ndarray(format="gray").mean()))
            else:
                samples += frame.samples
    return times, greys, samples


def test_nothing_is_sent_while_nobody_watches() -> None:
    viewer = Viewer()
    viewer.live.start(Layout(160, 90, None))
    for unit in video_units(30):
        viewer.live.add(unit)

    assert viewer.messages == []


def test_who_begins_to_watch_gets_everything_since_the_last_keyframe_at_once() -> None:
    viewer = Viewer()
    viewer.live.start(Layout(160, 90, None))
    units = video_units(50)
    for unit in units[:40]:
        viewer.live.add(unit)
    viewer.live.watch(10)
    viewer.live.add(units[40])

    assert len(viewer.messages) == 1
    times, greys, _ = decoded(viewer.take())
    assert times == [round(index / FPS, 3) for index in range(25, 41)]
    assert greys == pytest.approx([20 + index for index in range(25, 41)], abs=3)


def test_pictures_follow_within_an_eighth_of_a_second_and_each_keyframe_can_be_begun_at() -> None:
    viewer = Viewer()
    viewer.live.start(Layout(160, 90, None))
    viewer.live.watch(10)
    for unit in video_units(75):
        viewer.live.add(unit)

    begins = [message[4:8] == b"ftyp" for message in viewer.messages]
    assert sum(begins) == 3
    assert 75 / 4 <= len(viewer.messages) <= 75 / 3 + 3
    second = b"".join(viewer.messages[begins.index(True, 1) :])
    assert decoded(second)[0][:2] == [1.0, 1.04]
    assert len(decoded(viewer.take())[0]) >= 72


def test_sound_comes_with_the_pictures() -> None:
    viewer = Viewer()
    viewer.live.start(Layout(160, 90, 16_000))
    viewer.live.watch(10)
    for unit in sorted(video_units(50) + sound_units(2), key=lambda unit: (unit.pts, unit.kind)):
        viewer.live.add(unit)

    times, _, samples = decoded(viewer.take())
    assert len(times) >= 47
    assert samples >= 28_000


def sound_units(seconds: float) -> list[Unit]:
    hum = (8000 * np.sin(np.arange(round(16_000 * seconds)) / 20)).astype(np.int16).reshape(-1, 1)
    return AudioEncoder(16_000, 1).encode(hum, 16_000, 0, START)


def sent(units: list[Unit]) -> list[bytes]:
    """What a camera that names sound sends, from each keyframe on."""
    viewer = Viewer()
    viewer.live.start(Layout(160, 90, 16_000))
    viewer.live.watch(10)
    for unit in sorted(units, key=lambda unit: (unit.pts, unit.kind)):
        viewer.live.add(unit)
    begins = [number for number, message in enumerate(viewer.messages) if message[4:8] == b"ftyp"]
    return [b"".join(viewer.messages[first:last]) for first, last in pairwise([*begins, len(viewer.messages)])]


def test_a_camera_that_names_sound_and_sends_none_is_shown_without() -> None:
    """An empty track of sound keeps every player from showing a picture."""
    assert [b"mp4a" in part for part in sent(video_units(60))] == [False] * 3


def test_sound_that_begins_late_comes_with_the_next_keyframe() -> None:
    late = [unit._replace(pts=unit.pts + CLOCK * 3 // 2, dts=unit.dts + CLOCK * 3 // 2) for unit in sound_units(1)]
    parts = sent(video_units(70) + late)

    assert [b"mp4a" in part for part in parts] == [False, False, True]
    assert decoded(parts[2])[2] > 4_000


def test_silence_stands_for_sound_that_pauses() -> None:
    again = [unit._replace(pts=unit.pts + 4 * CLOCK, dts=unit.dts + 4 * CLOCK) for unit in sound_units(1)]
    parts = sent(video_units(150) + sound_units(1) + again)
    times, _, samples = decoded(b"".join(parts))

    assert len(times) >= 147
    assert 4.9 * 16_000 <= samples <= 6 * 16_000


def test_h265_is_sent_as_it_is() -> None:
    viewer = Viewer()
    viewer.live.start(Layout(160, 90, None, "hevc"))
    viewer.live.watch(10)
    for unit in hevc_units(20):
        viewer.live.add(unit)

    assert b"hvcC" in viewer.messages[0]
    assert len(decoded(viewer.take())[0]) >= 17


def test_the_lease_runs_out_and_can_be_renewed() -> None:
    viewer = Viewer()
    viewer.live.start(Layout(160, 90, None))
    units = video_units(100)
    viewer.live.watch(10)
    for index, unit in enumerate(units):
        viewer.now = 9.9 if index < 30 else 10.1 if index < 60 else 20.0
        if index == 60:
            viewer.live.watch(10)
        viewer.live.add(unit)

    times, _, _ = decoded(viewer.take())
    assert [time for time in times if 1.24 < time < 2.0] == []
    assert 2.0 in times


def test_the_times_of_another_connection_go_on_where_those_before_ended() -> None:
    viewer = Viewer()
    viewer.live.watch(10)
    for _ in range(2):
        viewer.live.start(Layout(160, 90, None))
        for unit in video_units(25):
            viewer.live.add(unit)

    times, _, _ = decoded(viewer.take())
    assert times == sorted(set(times))
    assert times[-1] >= 1.8


def test_video_that_cannot_be_sent_costs_nobody_but_its_viewers() -> None:
    viewer = Viewer()
    viewer.live.start(Layout(160, 90, None, "no such codec"))
    viewer.live.watch(10)
    viewer.live.add(Unit("video", b"\0\0\1\x65 a picture", 0, 0, 20_000, keyframe=True, time=START))

    assert viewer.messages == []
    assert not viewer.live.is_watched
