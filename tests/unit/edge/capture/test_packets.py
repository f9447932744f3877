"""Packets of a camera that are recorded as they are sent, whatever it does with them."""

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from edge.analysis.pictures import frame_of
from edge.capture import segments
from edge.capture.bitstream import CLOCK, nal_kinds
from edge.capture.encoder import Encoding
from edge.capture.mpegts import muxed
from edge.capture.recorder import Recorder
from edge.capture.segments import RecordedSegment
from mosquitto import launcher
from tests.segment_player import played

START = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)
SIZE = (320, 180)


@dataclass(frozen=True)
class Filmed:
    """A file with coded pictures, as a camera would send them."""

    codec: str = "libx264"
    pictures: int = 100
    fps: int = 10
    options: dict[str, str] = field(default_factory=lambda: {"g": "10", "tune": "zerolatency", "sc_threshold": "0"})


def filmed(path: Path, film: Filmed) -> Path:
    with av.open(str(path), "w", format="mpegts") as container:
        video: Any = container.add_stream(film.codec, rate=film.fps)
        video.width, video.height, video.pix_fmt = *SIZE, "yuv420p"
        video.options = film.options
        for index in range(film.pictures):
            shade = np.full((SIZE[1], SIZE[0], 3), 20 + index % 200, np.uint8)
            container.mux(video.encode(frame_of(shade)))
        container.mux(video.encode(None))
    return path


def record(recorder: Recorder, path: Path, stamps: Sequence[int] | None = None, *, decode: bool = True) -> int:
    """Gives the packets of a file, with other timestamps in 1/90000 s where those are given; returns how many."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        zero, count = None, 0
        for packet in container.demux(stream):
            if not packet.size or packet.pts is None:
                continue
            zero = packet.pts if zero is None else zero
            pts = packet.pts - zero if stamps is None else stamps[count]
            packet.time_base, packet.pts, packet.dts = Fraction(1, CLOCK), pts, pts
            pictures = packet.decode() if decode else []
            if count == 0:
                recorder.begin(SIZE, stream, codec=stream.codec_context.name)
            recorder.packet(packet, START + timedelta(seconds=pts / CLOCK))
            for picture in pictures:
                at = picture.pts or 0
                recorder.picture(picture, START + timedelta(seconds=at / CLOCK), at)
            count += 1
    recorder.finish()
    return count


def recorded_s(found: Sequence[RecordedSegment]) -> float:
    return sum(segment.duration_s for segment in found)


@pytest.mark.parametrize(
    "film",
    [
        Filmed(),
        Filmed(options={"g": "20", "bf": "2"}),
        Filmed(options={"g": "20", "bf": "3", "x264-params": "b-pyramid=normal"}),
        Filmed("libx265", options={"x265-params": "keyint=20:min-keyint=20:log-level=none", "tune": "zerolatency"}),
        Filmed("libx265", options={"x265-params": "keyint=20:min-keyint=20:bframes=3:no-open-gop=1:log-level=none"}),
    ],
    ids=["H.264", "with two pictures between", "with a pyramid of them", "H.265", "H.265 with pictures between"],
)
def test_what_a_camera_sends_is_recorded_as_it_is(film: Filmed, tmp_path: Path) -> None:
    recorder = Recorder(4)
    count = record(recorder, filmed(tmp_path / "film.ts", film))
    found = recorder.take()
    seen = [played(segment) for segment in found]

    assert sum(len(one.pictures) for one in seen) == count == 100
    assert recorded_s(found) == pytest.approx(10, abs=0.11)
    assert all(one.pictures[0].key_frame for one in seen)
    assert {segment.codec for segment in found} == {"hevc" if "265" in film.codec else "h264"}
    times = [time for one in seen for time in one.times]
    assert np.diff(times) == pytest.approx(np.full(len(times) - 1, 0.1), abs=0.002)


STEP = CLOCK // 10
REGULAR = [index * STEP for index in range(100)]
STAMPS = {
    "two pictures with one timestamp": [pts - STEP * (index % 20 == 11) for index, pts in enumerate(REGULAR)],
    "a picture that goes back": [pts - 3 * STEP * (index % 20 == 11) for index, pts in enumerate(REGULAR)],
    "all of them one after another": list(range(100)),
    "a long pause": [pts + 30 * CLOCK * (index > 50) for index, pts in enumerate(REGULAR)],
}


@pytest.mark.parametrize("stamps", STAMPS.values(), ids=STAMPS.keys())
def test_no_timestamps_cost_a_segment(stamps: list[int], tmp_path: Path) -> None:
    recorder = Recorder(4)
    record(recorder, filmed(tmp_path / "film.ts", Filmed()), stamps)
    found = recorder.take()

    assert recorder.lost == 0
    assert sum(len(played(segment).pictures) for segment in found) == 100
    for earlier, later in pairwise(found):
        end = earlier.start + timedelta(seconds=earlier.duration_s)
        assert abs(later.start - end) < timedelta(milliseconds=1)


def test_a_segment_that_cannot_be_written_costs_only_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tries = iter(range(100))

    def broken(*given: Any) -> bytes:
        if next(tries) == 1:
            raise av.error.ArgumentError(22, "Invalid argument")
        return muxed(*given)

    monkeypatch.setattr(segments, "muxed", broken)
    recorder = Recorder(2)
    record(recorder, filmed(tmp_path / "film.ts", Filmed()))
    found = recorder.take()

    assert recorder.lost == 1
    assert [segment.start - START for segment in found] == [timedelta(seconds=second) for second in (0, 4, 6, 8)]
    assert [segment.discontinuity for segment in found] == [True, True, False, False]


def test_without_a_second_keyframe_pictures_are_encoded_until_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segments, "LONGEST_S", 4)
    recorder = Recorder(2, Encoding(preset="ultrafast"))
    record(recorder, filmed(tmp_path / "film.ts", Filmed(pictures=120, options={"g": "100", "tune": "zerolatency"})))
    found = recorder.take()

    assert recorded_s(found) == pytest.approx(12, abs=0.3)
    assert max(segment.duration_s for segment in found) < 4.5
    assert all(played(segment).pictures[0].key_frame for segment in found)
    assert sum(len(played(segment).pictures) for segment in found) == pytest.approx(120, abs=1)


REFRESHING = {"x264-params": "intra-refresh=1:keyint=20:bframes=0:scenecut=0", "tune": "zerolatency"}
OPEN = {"x264-params": "open-gop=1:keyint=20:bframes=2:b-adapt=0:scenecut=0"}


@pytest.mark.parametrize(("options", "kind"), [(REFRESHING, 5), (OPEN, 1)], ids=["refreshing", "whole"])
def test_pictures_that_become_whole_little_by_little_are_encoded(
    options: dict[str, str], kind: int, tmp_path: Path
) -> None:
    """No browser begins at a point of recovery, and all of them at a picture that needs no other."""
    recorder = Recorder(2, Encoding(preset="ultrafast"))
    record(recorder, filmed(tmp_path / "film.ts", Filmed(options=options)))
    found = recorder.take()
    begins = []
    for segment in found:
        with av.open(io.BytesIO(segment.data), "r", format="mpegts") as container:
            begins.append(next(nal_kinds(bytes(packet)) & {1, 5} for packet in container.demux(video=0)))

    assert begins == [{5}, *[{kind}] * (len(found) - 1)]
    assert recorded_s(found) == pytest.approx(10, abs=0.3)
    assert sum(len(played(segment).pictures) for segment in found) == pytest.approx(100, abs=2 * len(found))


def test_enough_bytes_are_cut_at_the_next_keyframe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "ENOUGH_BYTES", 2000)
    recorder = Recorder(60)
    record(recorder, filmed(tmp_path / "film.ts", Filmed()))
    found = recorder.take()

    assert len(found) > 3
    assert recorder.passes_video
    assert not any(segment.discontinuity for segment in found[1:])


def test_a_segment_fits_into_a_message_of_our_brokers() -> None:
    for name in ("mosquitto.conf", "production.conf"):
        settings = (Path(launcher.__file__).parent / name).read_text(encoding="utf-8")
        (most,) = re.findall(r"^max_packet_size (\d+)$", settings, re.MULTILINE)
        assert int(most) > segments.LARGEST_BYTES * 1.1


def test_a_codec_that_is_not_wanted_is_encoded(tmp_path: Path) -> None:
    film = Filmed("libx265", options={"x265-params": "keyint=20:log-level=none", "tune": "zerolatency"})
    recorder = Recorder(4, Encoding(passed=frozenset({"h264"})))
    record(recorder, filmed(tmp_path / "film.ts", film))
    found = recorder.take()

    assert {segment.codec for segment in found} == {"h264"}
    assert recorded_s(found) == pytest.approx(10, abs=0.2)


def hum(rate: int, channels: int) -> np.ndarray:
    return np.repeat(
        (9000 * np.sin(2 * np.pi * 300 * np.arange(rate // 10) / rate)).astype(np.int16)[:, None], channels, 1
    )


@pytest.mark.parametrize(
    ("forms", "rate"),
    [
        ([(20_000, 1)], 20_000),
        ([(8_000, 1)], 8_000),
        ([(96_000, 2)], 96_000),
        ([(8_000, 1), (16_000, 2), (44_100, 1)], 8_000),
    ],
    ids=["20 kHz", "as telephones have it", "96 kHz", "one that changes"],
)
def test_sound_of_any_rate_is_recorded(forms: list[tuple[int, int]], rate: int) -> None:
    recorder = Recorder(10)
    recorder.begin(SIZE, rate=rate)
    for index in range(60):
        time = START + timedelta(seconds=index / 10)
        recorder.picture(frame_of(np.full((SIZE[1], SIZE[0], 3), 90, np.uint8)), time)
        form = forms[index * len(forms) // 60]
        recorder.sound(hum(*form), form[0], time)
    recorder.finish()
    (segment,) = recorder.take()

    assert played(segment).sound_s == pytest.approx(6, abs=0.3)


@pytest.mark.thorough
@pytest.mark.parametrize("drift", [0.9, 1.1], ids=["slow", "fast"])
def test_sound_whose_clock_drifts_stays_beside_the_pictures(drift: float) -> None:
    recorder = Recorder(60)
    recorder.begin(SIZE, rate=8_000)
    for index in range(300):
        time = START + timedelta(seconds=index / 10)
        recorder.picture(frame_of(np.full((SIZE[1], SIZE[0], 3), 90, np.uint8)), time)
        recorder.sound(hum(8_000, 1)[: round(800 * drift)], 8_000, time)
    recorder.finish()
    (segment,) = recorder.take()
    seen = played(segment)

    assert segment.duration_s == pytest.approx(30)
    assert seen.sound_s == pytest.approx(30 * min(1.0, drift), abs=0.6)


def test_a_clock_that_is_set_begins_a_run() -> None:
    recorder = Recorder(2)
    recorder.begin(SIZE)
    for index in range(50):
        time = START + timedelta(seconds=index / 10, hours=-1 if index >= 25 else 0)
        recorder.picture(frame_of(np.full((SIZE[1], SIZE[0], 3), 90, np.uint8)), time)
    recorder.finish()
    found = recorder.take()

    assert recorded_s(found) == pytest.approx(5, abs=0.01)
    assert [segment.discontinuity for segment in found] == [True, False, True, False]
