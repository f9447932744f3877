"""What is recorded in which mode, and the time before and after motion."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bus_schemas.recording_settings import RecordingSettings, ScheduleWindow
from edge.capture.bitstream import CLOCK, Unit
from edge.capture.encoder import Encoding
from edge.capture.live_video import LiveVideo
from edge.capture.pre_roll import PreRoll
from edge.capture.recorder import Recorder
from edge.capture.recording_control import RecordingControl
from edge.capture.segments import RecordedSegment
from tests.grey_pictures import pictures
from tests.segment_player import played

START = datetime(2026, 1, 5, 17, 59, 50, tzinfo=UTC)
FPS = 5
FROM_SIX = (ScheduleWindow(start="18:00", end="18:01"),)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


class Camera:
    """A recorder of drawn pictures, and what it has done; `moves` are the seconds at which something moves."""

    def __init__(self, settings: RecordingSettings, *, is_allowed: bool = True) -> None:
        self.sent: list[bytes] = []
        self.control = RecordingControl(settings, is_allowed=is_allowed)
        self.live = LiveVideo(self.sent.append, lambda: 0.0)
        self.recorder = Recorder(10, Encoding(fps=FPS), self.control, self.live)
        self.recorder.begin((64, 36))

    def film(self, begin: float, end: float, moves: tuple[float, float] = (0, 0)) -> None:
        count = round((end - begin) * FPS)
        for index, picture in enumerate(pictures(count, (64, 36))):
            second = begin + index / FPS
            if moves[0] <= second < moves[1]:
                self.control.moved(at(second))
            self.recorder.picture(picture, at(second))

    def spans(self) -> list[tuple[float, float]]:
        """The seconds of what was recorded, as the segments follow each other."""
        self.recorder.finish()
        spans: list[tuple[float, float]] = []
        for segment in self.recorder.take():
            begin = (segment.start - START).total_seconds()
            end = round(begin + segment.duration_s, 3)
            if spans and not segment.discontinuity:
                spans[-1] = (spans[-1][0], end)
            else:
                spans.append((begin, end))
        return spans

    def changes(self) -> list[tuple[float, str | None]]:
        changes = self.recorder.take_changes()
        return [((change.time - START).total_seconds(), change.decision.reason) for change in changes]


def test_continuous_records_all_and_says_nothing() -> None:
    camera = Camera(RecordingSettings())
    camera.film(0, 12)

    assert camera.spans() == [(0.0, 12.0)]
    assert camera.changes() == []


def test_motion_is_recorded_with_the_time_before_and_after_it() -> None:
    camera = Camera(RecordingSettings(mode="motion", pre_roll_s=5, post_roll_s=4))
    camera.film(0, 40, moves=(20, 24))

    ((begin, end),) = camera.spans()
    assert 20 - 5 - 2 <= begin <= 15
    assert 23.8 + 4 <= end <= 29
    assert camera.changes() == [(0.0, "no_motion"), (20.0, None), (end, "no_motion")]


def test_a_recording_begins_at_a_keyframe_and_plays() -> None:
    camera = Camera(RecordingSettings(mode="motion", pre_roll_s=5, post_roll_s=1))
    camera.film(0, 30, moves=(20, 21))
    camera.recorder.finish()
    segments: list[RecordedSegment] = camera.recorder.take()
    seen = played(segments[0])

    assert seen.pictures[0].key_frame
    assert len(seen.pictures) == round(segments[0].duration_s * FPS)


def test_motion_again_within_the_pre_roll_records_nothing_twice() -> None:
    camera = Camera(RecordingSettings(mode="motion", pre_roll_s=20, post_roll_s=1))
    camera.film(0, 12, moves=(10, 11))
    camera.film(12, 30, moves=(18, 19))

    camera.recorder.finish()
    segments = camera.recorder.take()
    begins = [(segment.start - START).total_seconds() for segment in segments]
    ends = [begin + segment.duration_s for begin, segment in zip(begins, segments, strict=True)]
    assert begins[0] == 0.0
    assert begins[1:] == pytest.approx(ends[:-1], abs=0.001)
    assert 19.8 <= ends[-1] <= 22


def test_a_schedule_is_of_the_clock_of_the_site() -> None:
    camera = Camera(RecordingSettings(mode="schedule", schedule=FROM_SIX))
    camera.film(0, 90)

    assert camera.spans() == [(10.0, 70.0)]
    assert camera.changes() == [(0.0, "schedule"), (10.0, None), (70.0, "schedule")]


def test_motion_in_schedule_needs_both() -> None:
    settings = RecordingSettings(mode="motion_in_schedule", schedule=FROM_SIX, pre_roll_s=0, post_roll_s=2)
    camera = Camera(settings)
    camera.film(0, 30, moves=(5, 15))

    ((begin, end),) = camera.spans()
    assert begin == 10.0
    assert 16.8 <= end <= 19
    assert [reason for _, reason in camera.changes()] == ["schedule", None, "no_motion"]


def test_a_change_of_the_mode_holds_at_once() -> None:
    camera = Camera(RecordingSettings())
    camera.film(0, 4)
    camera.control.apply(RecordingSettings(mode="off"), ZoneInfo("UTC"))
    camera.film(4, 8)
    camera.control.apply(RecordingSettings(), ZoneInfo("UTC"))
    camera.film(8, 12)

    assert camera.spans() == [(0.0, 4.0), (8.0, 12.0)]
    assert camera.changes() == [(4.0, "off"), (8.0, None)]


def test_a_device_that_does_not_record_encodes_only_while_somebody_watches() -> None:
    camera = Camera(RecordingSettings(), is_allowed=False)
    camera.film(0, 4)
    assert not camera.sent
    camera.live.watch(10)
    camera.film(4, 8)

    assert camera.spans() == []
    assert sum(message[4:8] == b"ftyp" for message in camera.sent) == 2
    assert camera.changes() == [(0.0, "off")]


@pytest.mark.parametrize(("largest", "kept"), [(10_000, 9), (3_500, 3), (500, 0)])
def test_a_pre_roll_is_bounded_in_seconds_and_bytes_and_begins_at_a_keyframe(largest: int, kept: int) -> None:
    pre_roll = PreRoll(largest)
    for second in range(20):
        data = bytes(1000)
        unit = Unit("video", data, second * CLOCK, second * CLOCK, CLOCK, second % 3 == 0, at(second))
        pre_roll.add(unit, timedelta(seconds=6))

    assert pre_roll.bytes <= largest
    units = pre_roll.take()
    assert len(units) in {kept, kept - 1}
    assert not units or units[0].keyframe
    assert pre_roll.take() == []
