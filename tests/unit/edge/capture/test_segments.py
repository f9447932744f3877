"""Every segment that is announced can be decoded, with every picture that was recorded in it."""

import io
import random
from datetime import UTC, datetime, timedelta

import av
import pytest

from edge.capture.bitstream import CLOCK, Unit
from edge.capture.mpegts import Layout
from edge.capture.segments import RecordedSegment, SegmentWriter
from edge.capture.sources.timestamps import LiveClock
from tests.cameras.media import Video, video

START = datetime(2026, 1, 5, 10, tzinfo=UTC)
LAYOUT = Layout(160, 120, None)


def unit(recorded: Video, number: int, seconds: float) -> Unit:
    picture = recorded.picture(number)
    data = b"".join(b"\0\0\0\1" + one for one in picture.units)
    ticks = round(seconds * CLOCK)
    return Unit("video", data, ticks, ticks, CLOCK // 10, picture.is_key, START + timedelta(seconds=seconds))


def decoded(segment: RecordedSegment) -> int:
    with av.open(io.BytesIO(segment.data), "r", format="mpegts") as container:
        return sum(1 for _ in container.decode(video=0))


@pytest.mark.parametrize("pause_s", [0.0, 20.0, 90.0])
def test_a_pause_after_the_first_picture_of_reordered_ones_costs_no_picture(pause_s: float) -> None:
    reordered, writer = video(b_frames=2), SegmentWriter(4.0)
    writer.start(LAYOUT)
    for number in range(21):
        writer.add(unit(reordered, number, reordered.shown_s(number) + (pause_s if number else 0.0)))
    writer.finish()

    assert sum(map(decoded, writer.take())) == 21
    assert writer.lost == 0


@pytest.mark.parametrize("begins_with_keyframe", [True, False])
def test_no_segment_lasts_over_the_hours_in_which_the_machine_was_suspended(begins_with_keyframe: bool) -> None:
    recorded, writer = video(), SegmentWriter(4.0)
    writer.start(LAYOUT)
    keyframes = [number for number in range(60) if recorded.picture(number).is_key]
    goes_on = keyframes[1] if begins_with_keyframe else keyframes[1] + 1
    for number in range(60):
        writer.add(unit(recorded, number, recorded.shown_s(number) + (8 * 3600 if number >= goes_on else 0.0)))
    writer.finish()
    before, *after = writer.take()

    assert before.duration_s == pytest.approx(goes_on / 10, abs=0.1)
    assert after[0].start - START > timedelta(hours=8)
    assert after[0].discontinuity
    assert sum(segment.duration_s for segment in after) < 10


@pytest.mark.parametrize("seed", range(40))
def test_whatever_the_stamps_are_every_picture_of_a_segment_can_be_decoded(seed: int) -> None:
    dice = random.Random(seed)
    recorded = video(b_frames=dice.choice((0, 2)))
    clock, writer = LiveClock(), SegmentWriter(dice.choice((1.0, 4.0)))
    wrong_s = dice.choice((0.0, 0.5, 3.0, 3600.0, 1e5))
    writer.start(LAYOUT)
    arrival, given = 0.0, 0
    for number in range(dice.randrange(5, 120)):
        arrival += dice.choice((0.0, 0.001, 0.1, 0.1, 0.1, dice.uniform(0, 40) if dice.random() < 0.03 else 0.1))
        wrong = dice.random() < 0.2
        stamp = recorded.shown_s(number) + (dice.uniform(-wrong_s, wrong_s) if wrong else 0.0)
        seconds = clock.time(None if wrong and not wrong_s else stamp, arrival, reordered=recorded is not video())
        given += writer.open_since is not None or recorded.picture(number).is_key
        writer.add(unit(recorded, number, seconds))
    writer.finish(round(arrival * CLOCK))
    segments = writer.take()

    assert sum(map(decoded, segments)) == given
    assert all(segment.duration_s > 0 for segment in segments)
    assert writer.lost == 0
