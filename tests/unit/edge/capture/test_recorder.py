"""Segments of what was recorded."""

from datetime import UTC, datetime, timedelta

import cv2
import numpy as np
import pytest

from edge.analysis.pictures import Pictures, frame_of
from edge.capture.encoder import Encoding
from edge.capture.mpegts import ContinuityCounters
from edge.capture.recorder import Recorder
from edge.capture.segments import RecordedSegment
from tests.grey_pictures import pictures
from tests.segment_player import played

START = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)
RATE = 16_000


def recorded(
    recorder: Recorder, seconds: float, fps: float = 10, *, sound: bool = False, start: datetime = START
) -> None:
    for index, picture in enumerate(pictures(round(seconds * fps))):
        time = start + timedelta(seconds=index / fps)
        recorder.picture(picture, time)
        if sound:
            hum = 8000 * np.sin(2 * np.pi * 200 * np.arange(int(RATE / fps)) / RATE)
            recorder.sound(hum.astype(np.int16).reshape(-1, 1), RATE, time)


def segments_of(seconds: float, *, sound: bool = False, target: float = 4) -> list[RecordedSegment]:
    recorder = Recorder(target)
    recorder.begin((320, 180), rate=RATE if sound else None)
    recorded(recorder, seconds, sound=sound)
    recorder.finish()
    return recorder.take()


def test_segments_have_the_target_length_and_follow_each_other_in_time() -> None:
    segments = segments_of(10)

    assert [segment.duration_s for segment in segments] == [4.0, 4.0, 2.0]
    assert [segment.start for segment in segments] == [START + timedelta(seconds=4 * n) for n in range(3)]
    assert [segment.discontinuity for segment in segments] == [True, False, False]
    assert {(segment.width, segment.height, segment.fps, segment.codec) for segment in segments} == {
        (320, 180, 10.0, "h264")
    }


def test_every_segment_plays_on_its_own_from_a_keyframe() -> None:
    for number, segment in enumerate(segments_of(10)):
        seen = played(segment)
        grey = int(Pictures().small(seen.pictures[0]).y.mean())

        assert seen.pictures[0].key_frame
        assert sum(picture.key_frame for picture in seen.pictures) == 1
        assert len(seen.pictures) == segment.duration_s * 10
        assert grey == pytest.approx(20 + 40 * number, abs=3)


def test_timestamps_go_on_from_segment_to_segment() -> None:
    times = [time for segment in segments_of(10) for time in played(segment).times]

    assert np.diff(times) == pytest.approx(np.full(99, 0.1), abs=1e-4)


def test_sound_is_recorded_beside_the_pictures() -> None:
    segments = segments_of(8, sound=True)
    sounds = [played(segment) for segment in segments]

    assert [segment.audio for segment in segments] == [True, True]
    assert sum(seen.sound_s for seen in sounds) == pytest.approx(8, abs=0.3)
    for seen in sounds:
        assert seen.sound_start == pytest.approx(seen.times[0], abs=0.2)


def test_a_new_run_begins_with_a_discontinuity() -> None:
    recorder = Recorder(4)
    for start in (START, START + timedelta(hours=1)):
        recorder.begin((320, 180))
        recorded(recorder, 5, start=start)
    recorder.finish()
    segments = recorder.take()

    assert [segment.discontinuity for segment in segments] == [True, False, True, False]
    assert [segment.duration_s for segment in segments] == [4.0, 1.0, 4.0, 1.0]
    assert segments[2].start == START + timedelta(hours=1)


def test_more_pictures_than_are_wanted_are_left_out() -> None:
    recorder = Recorder(4, Encoding(fps=5))
    recorder.begin((320, 180))
    recorded(recorder, 8, fps=25)
    recorder.finish()

    assert [segment.fps for segment in recorder.take()] == pytest.approx([5.0, 5.0], abs=0.01)


def test_fewer_pictures_than_are_wanted_keep_their_real_times() -> None:
    recorder = Recorder(4, Encoding(fps=10))
    recorder.begin((320, 180))
    recorded(recorder, 8, fps=3)
    recorder.finish()
    segments = recorder.take()

    assert sum(segment.duration_s for segment in segments) == pytest.approx(8, abs=0.01)
    assert segments[0].fps == pytest.approx(3, abs=0.01)


def test_wide_pictures_are_reduced() -> None:
    recorder = Recorder(1, Encoding(max_width=640))
    recorder.begin((1920, 1080))
    for index, picture in enumerate(pictures(12, (1920, 1080))):
        recorder.picture(picture, START + timedelta(seconds=index / 10))

    assert [(segment.width, segment.height) for segment in recorder.take()] == [(640, 360)]


def test_a_segment_of_one_picture_has_a_duration() -> None:
    recorder = Recorder(4, Encoding(fps=10))
    recorder.begin((320, 180))
    recorder.picture(next(pictures(1)), START)
    recorder.finish()

    assert [segment.duration_s for segment in recorder.take()] == [0.1]


def test_nothing_recorded_is_no_segment() -> None:
    recorder = Recorder()
    recorder.begin((320, 180))
    recorder.finish()

    assert recorder.take() == []


def test_the_picture_that_is_recorded_stays_as_it_was() -> None:
    picture = next(pictures(1))
    picture.pts = 77
    before = picture.to_ndarray().copy()
    recorder = Recorder()
    recorder.begin((320, 180))
    recorder.picture(picture, START)

    assert picture.pts == 77
    assert np.array_equal(picture.to_ndarray(), before)


def test_continuity_counters_go_on_for_each_pid() -> None:
    segments = segments_of(8)
    counters: dict[int, int] = {}
    for segment in segments:
        packets = np.frombuffer(segment.data, np.uint8).reshape(-1, 188)
        for packet in packets:
            pid = int(packet[1] & 31) << 8 | int(packet[2])
            if packet[3] & 0x10:
                assert packet[3] & 15 == counters.get(pid, int(packet[3] & 15) - 1) + 1 & 15
                counters[pid] = int(packet[3] & 15)

    assert len(counters) >= 3  # the tables and the pictures


def test_the_first_segment_keeps_its_counters() -> None:
    segment = segments_of(2)[0].data
    changed = bytearray(segment)

    ContinuityCounters().continue_in(memoryview(changed))

    assert changed == segment


def test_a_noisy_picture_stays_within_its_bit_rate() -> None:
    recorder = Recorder(4, Encoding(fps=10, bit_rate=400_000))
    recorder.begin((320, 180))
    random = np.random.default_rng(1)
    for index in range(81):
        noise = cv2.resize(random.integers(0, 255, (90, 160, 3), dtype=np.uint8), (320, 180))
        recorder.picture(frame_of(np.asarray(noise, np.uint8)), START + timedelta(seconds=index / 10))

    assert [len(segment.data) * 8 / segment.duration_s for segment in recorder.take()] == pytest.approx(
        [400_000] * 2, rel=0.5
    )
