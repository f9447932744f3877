"""Recordings: segments, spans without gaps, and clips around motion."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bus_schemas.media import RecordingEvent
from consumers.views.recordings.projection import RecordingsProjection
from consumers.views.recordings.questions import (
    Clip,
    ClipFilter,
    clips,
    newest_segments,
    oldest,
    pauses,
    segments,
    spans,
)
from tests.builders import START, at, motion, recorder, retention, segment, tick
from tests.following import Followed


@pytest.fixture
def followed(tmp_path: Path) -> Iterator[Followed]:
    with Followed(RecordingsProjection(), tmp_path) as it:
        yield it


def clips_between(followed: Followed, start: float, end: float, **given: Any) -> list[Clip]:
    return clips(followed.view, ClipFilter(at(start), at(end), "DEMO", **given))


def test_segments_that_overlap_the_span_are_found(followed: Followed) -> None:
    followed.take(*(segment(at(second)) for second in (0, 10, 20, 30)))

    found = segments(followed.view, "DEMO", "yard", at(15), at(30))
    assert [each.start - START.timestamp() for each in found] == [10.0, 20.0]
    assert found[0].duration_s == 10.0


def test_a_segment_that_ended_before_the_span_is_not_found(followed: Followed) -> None:
    followed.take(segment(at(0)), segment(at(60)))

    assert len(segments(followed.view, "DEMO", "yard", at(20), at(90))) == 1


def test_a_pause_makes_a_new_span(followed: Followed) -> None:
    followed.take(segment(at(0)), segment(at(10.5)), segment(at(60), discontinuity=True))

    found = spans(followed.view, "DEMO", "yard", at(0), at(100))
    assert [(each.segments, each.gap_before_s, each.bytes) for each in found] == [
        (2, None, 500_000),
        (1, 39.5, 250_000),
    ]
    assert spans(followed.view, "DEMO", "gate", at(0), at(100)) == []


def test_late_segments_take_their_place(followed: Followed) -> None:
    followed.take(segment(at(0)), segment(at(20)), segment(at(10)))

    assert len(spans(followed.view, "DEMO", "yard", at(0), at(100))) == 1
    assert [each.start - START.timestamp() for each in newest_segments(followed.view, "DEMO", "yard", 2)] == [
        10.0,
        20.0,
    ]


def test_motion_makes_a_clip_with_what_was_before_and_after(followed: Followed) -> None:
    kept = [segment(at(second)) for second in range(0, 100, 10)]
    followed.take(*kept, motion(at(30), duration_s=4.0), motion(at(36), duration_s=2.0), tick(at(55)))
    before = followed.emitted()
    followed.take(tick(at(62)))

    assert before == []
    (event,) = followed.emitted()
    assert isinstance(event, RecordingEvent)
    assert (event.data.start, event.data.end) == (at(21), at(46))
    assert event.data.media == tuple(each.data.media[0] for each in kept[2:5])
    assert [each.ended for each in clips_between(followed, 0, 100)] == [True]


def test_motions_far_apart_make_two_clips(followed: Followed) -> None:
    followed.take(motion(at(30)), motion(at(130)), tick(at(200)))

    assert len(followed.emitted()) == 2


def test_a_clip_is_no_longer_than_it_may_be(followed: Followed) -> None:
    followed.take(*(motion(at(second), phase="update") for second in range(0, 700, 5)), tick(at(800)))

    assert all((each.end - each.start) <= 300 for each in clips_between(followed, -60, 900))


def test_what_retention_dropped_can_no_longer_be_played(followed: Followed) -> None:
    followed.take(segment(at(-5400)), segment(at(0)))
    followed.take(retention(at(60), kind="segment", start=at(-7200), end=at(-3600)))

    assert oldest(followed.view, "DEMO", "yard") == "2026-01-05T10:00:00.000Z"
    assert oldest(followed.view, "DEMO", "gate") is None


def test_clips_are_listed_with_a_picture_newest_first(followed: Followed) -> None:
    key = "DEMO/yard/capture/c-1"
    followed.take(segment(at(0)), motion(at(5), phase="start", duration_s=0.0, media=(key,)))
    followed.take(motion(at(300), duration_s=4.0), motion(at(600), device="gate"), tick(at(900)))

    found = clips_between(followed, 0, 1000)
    assert [(each.device, each.is_playable, each.picture) for each in found] == [
        ("gate", False, ""), ("yard", False, ""), ("yard", True, key),
    ]  # fmt: skip
    assert found[-1].pictured == at(5).timestamp()
    assert [each.device for each in clips_between(followed, 0, 1000, device="gate")] == ["gate"]
    assert clips_between(followed, 0, 1000, trigger="noise") == []
    assert len(clips_between(followed, 0, 1000, limit=2)) == 2
    assert [each.device for each in clips_between(followed, 550, 1000)] == ["gate"]


def found_pauses(followed: Followed, start: float, end: float) -> list[tuple[float, float | None, str | None]]:
    found = pauses(followed.view, "DEMO", "yard", at(start), at(end))
    return [
        (one.start - START.timestamp(), None if one.end is None else one.end - START.timestamp(), one.reason)
        for one in found
    ]


def test_a_pause_lasts_until_the_recorder_says_otherwise(followed: Followed) -> None:
    followed.take(segment(at(0)), recorder(at(10)), recorder(at(60), reason="no_motion"))
    assert found_pauses(followed, 0, 100) == [(10.0, 60.0, "schedule"), (60.0, None, "no_motion")]
    followed.take(recorder(at(80), recording=True, reason=None), segment(at(75)))

    assert found_pauses(followed, 0, 100) == [(10.0, 60.0, "schedule"), (60.0, 75.0, "no_motion")]
    assert found_pauses(followed, 0, 30) == [(10.0, 60.0, "schedule")]
    assert found_pauses(followed, 76, 100) == []


def test_a_pause_is_over_where_a_device_that_begins_anew_records(followed: Followed) -> None:
    followed.take(recorder(at(10)), segment(at(500)))

    assert found_pauses(followed, 0, 1000) == [(10.0, 500.0, "schedule")]
