"""Live video as fragmented MP4: decoded again, it is what was filmed."""

import io
import struct
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any

import av
import numpy as np
import pytest

from edge.capture.bitstream import CLOCK, Unit
from edge.capture.encoder import AudioEncoder, Encoding, VideoEncoder
from edge.capture.live_sound import LONGEST_SILENCE, LiveSound
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


def reordered_units(count: int) -> list[Unit]:
    """Pictures in the order in which they come, with two B-frames between others; cameras send no decoding times."""
    codec: Any = av.CodecContext.create("libx264", "w")
    codec.width, codec.height, codec.pix_fmt = 160, 90, "yuv420p"
    codec.time_base, codec.framerate = Fraction(1, CLOCK), Fraction(FPS)
    codec.options = {"preset": "ultrafast", "x264-params": "bframes=2:b-adapt=0:keyint=30:scenecut=0:repeat-headers=1"}
    packets: list[Any] = []
    for index, picture in enumerate(pictures(count, (160, 90))):
        picture = picture.reformat(format="yuv420p")
        picture.pts, picture.time_base = index * STEP, Fraction(1, CLOCK)
        packets += codec.encode(picture)
    packets += codec.encode(None)
    return [Unit("video", bytes(one), one.pts, one.pts, STEP, one.is_keyframe, START) for one in packets]


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
    # The newest one waits for the next, which shows how long it lasts.
    assert times == [round(index / FPS, 3) for index in range(25, 40)]
    assert greys == pytest.approx([20 + index for index in range(25, 40)], abs=3)


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


def test_who_watches_goes_on_where_keyframes_are_far_apart_and_who_comes_then_waits_for_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    units = video_units(120, keyframe_every=100)
    monkeypatch.setattr("edge.capture.live_video.LARGEST_GROUP", sum(len(unit.data) for unit in units[:30]))
    there, later = Viewer(), Viewer()
    there.live.watch(10)
    for viewer in (there, later):
        viewer.live.start(Layout(160, 90, None))
    for number, unit in enumerate(units):
        there.live.add(unit)
        later.live.add(unit)
        if number == 60:
            later.live.watch(10)

    assert len(decoded(there.take())[0]) >= 117
    assert decoded(later.take())[0][0] == 4.0


def spans(messages: list[bytes]) -> list[tuple[int, int]]:
    """When the pictures of each message begin and end, in 1/90000 s, as its first track says."""
    found = []
    for message in messages:
        times, run = message.index(b"tfdt"), message.index(b"trun")
        (begin,) = struct.unpack(">Q", message[times + 8 : times + 16])
        (count,) = struct.unpack(">I", message[run + 8 : run + 12])
        rows = struct.iter_unpack(">IIIi", message[run + 16 : run + 16 + 16 * count])
        found.append((begin, begin + sum(row[0] for row in rows)))
    return found


def test_no_picture_begins_later_than_the_one_before_ends_however_irregular_the_camera_is() -> None:
    """Browsers show nothing up to the next keyframe behind such a hole."""
    viewer = Viewer()
    viewer.live.start(Layout(160, 90, None))
    viewer.live.watch(100)
    late = 0
    for number, unit in enumerate(video_units(100, keyframe_every=1000)):
        late += {20: CLOCK, 50: 5 * CLOCK, 51: STEP}.get(number, 0)
        said = 100 if number < 10 else unit.duration
        viewer.live.add(unit._replace(pts=unit.pts + late, dts=unit.dts + late, duration=said))

    found = spans(viewer.messages)
    assert len(found) > 20
    assert [begin for begin, _ in found[1:]] == [end for _, end in found[:-1]]


def test_a_picture_of_a_slow_camera_is_sent_at_once() -> None:
    viewer = Viewer()
    viewer.live.start(Layout(160, 90, None))
    viewer.live.watch(10)
    for number, unit in enumerate(video_units(3)):
        viewer.live.add(unit._replace(pts=number * CLOCK, dts=number * CLOCK, duration=CLOCK))

    assert len(viewer.messages) == 3


def test_a_viewer_who_comes_after_another_left_gets_everything_since_the_last_keyframe_too() -> None:
    viewer = Viewer()
    viewer.live.start(Layout(160, 90, None))
    units = video_units(75, keyframe_every=1000)
    viewer.live.watch(10)
    for unit in units[:50]:
        viewer.live.add(unit)
    viewer.take()
    viewer.live.watch(10, from_keyframe=True)
    for unit in units[50:]:
        viewer.live.add(unit)

    begins = [message[4:8] == b"ftyp" for message in viewer.messages]
    assert begins == [True] + [False] * (len(begins) - 1)
    assert decoded(viewer.take())[0][:51] == [round(index / FPS, 3) for index in range(51)]


def test_video_of_keyframes_alone_can_be_begun_at_each_of_them() -> None:
    viewer = Viewer()
    viewer.live.start(Layout(160, 90, None))
    units = video_units(30, keyframe_every=1)
    for unit in units[:10]:
        viewer.live.add(unit)
    viewer.live.watch(10)
    for unit in units[10:]:
        viewer.live.add(unit)

    assert {message[4:8] for message in viewer.messages} == {b"ftyp"}
    assert decoded(viewer.take())[0] == [round(index / FPS, 3) for index in range(9, 29)]


def test_fragments_are_counted_without_a_hole_although_sound_was_left_out() -> None:
    viewer = Viewer()
    viewer.live.start(Layout(160, 90, 16_000))
    viewer.live.watch(10)
    late = [unit._replace(pts=unit.pts + CLOCK, dts=unit.dts + CLOCK) for unit in sound_units(1)]
    for unit in sorted(video_units(30, keyframe_every=1000) + late, key=lambda unit: (unit.pts, unit.kind)):
        viewer.live.add(unit)

    numbers = [int.from_bytes(message[(at := message.index(b"mfhd") + 8) : at + 4]) for message in viewer.messages]
    assert numbers == list(range(1, len(numbers) + 1))


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


def test_silence_for_hours_in_which_the_machine_was_suspended_is_bounded() -> None:
    sound = LiveSound(16_000)
    sound.take(sound_units(1)[0])
    units = sound.silence_until(8 * 3600 * CLOCK, START)

    assert 0 < len(units) * units[0].duration <= LONGEST_SILENCE
    assert 8 * 3600 * CLOCK - units[-1].pts < 2 * units[0].duration


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


def test_pictures_that_come_in_another_order_are_shown_in_theirs_and_at_the_rate_of_the_camera() -> None:
    viewer = Viewer()
    viewer.live.start(Layout(160, 90, None))
    units = reordered_units(90)
    for unit in units[:40]:
        viewer.live.add(unit)
    viewer.live.watch(10)
    for unit in units[40:]:
        viewer.live.add(unit)

    times, greys, _ = decoded(viewer.take())
    assert len(times) > 50
    # The last ones may lack those that come later and are shown earlier.
    assert np.diff(times[:-3]) == pytest.approx(1 / FPS, abs=0.002)
    assert np.diff(greys[:-3]) == pytest.approx(1, abs=1)


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
    viewer.live.add(Unit("video", b"\0\0\1\x65 a picture", 0, 0, CLOCK, keyframe=True, time=START))

    assert viewer.messages == []
    assert not viewer.live.is_watched
