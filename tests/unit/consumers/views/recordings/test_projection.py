"""The fold: the view and what is told do not depend on batches, nor on how events are written."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus_schemas.codec import to_bytes
from bus_schemas.event import Event
from consumers.store.journal.record import Recorded
from consumers.views.recordings.projection import RecordingsProjection
from tests.builders import at, heartbeat, motion, recorder, retention, segment, settings, tick
from tests.examples import examples
from tests.following import Followed
from tests.journal_bodies import bodies, moments, recorded, through_models

WITHIN_S = 400.0
DAY_S = 86_400
DEVICES = st.sampled_from(["yard", "gate"])
MOTIONS = st.builds(
    lambda time, device, lasted: motion(time, device=device, duration_s=lasted),
    moments(WITHIN_S), DEVICES, st.sampled_from([0.0, 2.0, 40.0, 280.0]),
)  # fmt: skip
SEGMENTS = st.builds(lambda time, device: segment(time, device=device), moments(WITHIN_S), DEVICES)
GONE = st.builds(
    lambda begin, end, device: retention(at(500), kind="segment", start=begin, end=end, device=device),
    moments(WITHIN_S), moments(WITHIN_S), DEVICES | st.none(),
)  # fmt: skip
TICKS = moments(2 * WITHIN_S).map(tick)
EVENTS = MOTIONS | SEGMENTS | TICKS | GONE | moments().map(heartbeat)


class Folded(NamedTuple):
    """All rows, clips in the order in which they began, and what was told."""

    rows: list[Any]
    reported: list[bytes]


def folded(records: Sequence[Recorded], batch: int = 1000) -> Folded:
    """After a fold in batches of this size."""
    reported: list[Event] = []
    with closing(sqlite3.connect(":memory:")) as view:
        view.executescript(RecordingsProjection.schema)
        projection = RecordingsProjection()
        for begin in range(0, len(records), batch):
            projection.fold(view, records[begin : begin + batch], reported.append)
        rows = [*view.execute("select * from segments"), *view.execute("select rowid, * from clips order by rowid")]
    return Folded(rows, [to_bytes(event) for event in reported])


def written(events: Sequence[Event]) -> list[Recorded]:
    return recorded([to_bytes(event) for event in events])


@examples(150)
@given(bodies(EVENTS))
def test_the_view_is_that_of_the_events(odd: list[bytes]) -> None:
    records = recorded(odd)

    assert folded(records) == folded(through_models(records))


@examples(150)
@given(st.lists(EVENTS, max_size=40), st.integers(1, 9))
def test_the_size_of_batches_does_not_show(events: list[Event], batch: int) -> None:
    records = written(events)

    assert folded(records, batch) == folded(records)


@pytest.mark.parametrize("batch", [1, 100])
def test_a_clip_goes_on_over_batches_and_is_told_once(batch: int) -> None:
    events = [motion(at(30)), motion(at(36)), segment(at(30)), tick(at(62)), tick(at(63)), motion(at(100))]
    found = folded(written(events), batch)

    assert len(found.reported) == 1
    assert [(row[5] - at(0).timestamp(), row[8]) for row in found.rows[1:]] == [(21, 1), (91, 0)]


@pytest.mark.parametrize("batch", [1, 100])
def test_a_clip_is_as_long_as_was_set_for_its_device(batch: int) -> None:
    longer = {"recording": {"pre_roll_s": 20, "post_roll_s": 40}}
    wrong = {"recording": {"pre_roll_s": -1}}
    events = [
        settings(at(0), settings=longer),
        settings(at(1), settings=wrong),
        settings(at(2), settings={"zones": []}),
    ]
    motions = [motion(at(100), duration_s=0), motion(at(100), duration_s=0, device="gate")]
    clips = folded(written([*events, *motions]), batch).rows

    assert [(row[3], row[5] - at(0).timestamp(), row[6] - at(0).timestamp()) for row in clips] == [
        ("yard", 80, 140),
        ("gate", 95, 110),
    ]


@pytest.mark.parametrize("batch", [1, 100])
def test_of_two_clips_with_one_begin_the_first_goes_on(batch: int) -> None:
    # The second motion is too long for the clip of the first, and goes on in another one. The third is late.
    events = [motion(at(300), duration_s=0), motion(at(590), duration_s=290), motion(at(305), duration_s=0)]
    clips = folded(written(events), batch).rows

    assert [(row[5] - at(0).timestamp(), row[6] - at(0).timestamp()) for row in clips] == [(295, 315), (310, 600)]


@pytest.mark.parametrize("batch", [7, 10_000])
@pytest.mark.parametrize(
    "pause", [range(0), range(700, 730), range(700, 1000)], ids=["whole", "short pause", "long pause"]
)
def test_motion_without_an_end_is_kept_in_clips_that_follow_each_other(batch: int, pause: range) -> None:
    """Each second it is reported with its whole length, as agents do; for a while nothing may come."""
    events: list[Event] = []
    for second in range(1, 1500):
        if second not in pause:
            events.append(motion(at(second), duration_s=second))
        if second % 10 == 0:
            events.append(tick(at(second)))
    clips = [(row[5] - at(0).timestamp(), row[6] - at(0).timestamp()) for row in folded(written(events), batch).rows]

    assert clips[0][0] == -5
    assert clips[-1][1] == 1509
    assert len(clips) <= 1500 / 300 + 2
    for (_, end), (start, _) in pairwise(clips):
        assert start <= end
    assert sum(end - start for start, end in clips) <= 1514 + 300


def test_a_segment_told_again_takes_the_place_of_the_first_and_is_gone_with_it() -> None:
    events = [segment(at(0)), segment(at(0)), segment(at(50)), retention(at(60), kind="capture")]
    kept = folded(written(events)).rows
    span = {"start": at(0), "end": at(10)}
    left = folded(written([*events, retention(at(60), kind="segment", **span)])).rows

    assert [row[7] for row in kept] == [2, 3]
    assert [row[7] for row in left] == [3]


def test_a_begin_is_known_to_the_microsecond() -> None:
    body = to_bytes(segment(at(0))).replace(
        b'"start":"2026-01-05T10:00:00.000Z"', b'"start":"2026-01-05T10:00:00.123456Z"'
    )
    [row] = folded(recorded([body])).rows

    assert row[2] == at(0.123456).timestamp()


def test_a_motion_without_an_end_is_told_as_a_clip_of_a_day() -> None:
    endless = to_bytes(motion(at(0), duration_s=4.0)).replace(b'"duration_s":4.0', b'"duration_s":1e999')
    found = folded(recorded([endless, to_bytes(tick(at(100)))]))
    ((reported,), (clip,)) = (found.reported, found.rows)

    assert b'"start":"2026-01-04T09:59:55.000Z"' in reported
    assert clip[8] == 1


def test_a_segment_that_is_too_short_to_tell_has_a_length() -> None:
    ((_, _, start, end, *_),) = folded(written([segment(at(0), duration_s=1e-9)])).rows

    assert end - start == pytest.approx(0.001, abs=1e-6)


def test_what_was_long_ago_goes_when_recordings_are_dropped_but_for_a_pause_that_lasts(tmp_path: Path) -> None:
    def gone(days: float) -> Event:
        return retention(
            at(days * DAY_S), kind="segment", site="DEMO", device="yard", start=at(0), end=at(days * DAY_S)
        )

    changes = [recorder(at(second), recording=second == 20) for second in (10, 20, 30)]
    long_ago = [*changes, motion(at(0)), motion(at(0), device="gate"), *ticks(0, 60), segment(at(0)), gone(1)]
    tables = ("clips", "dropped", "dropped_counts", "recorder_changes")
    with Followed(RecordingsProjection(), tmp_path) as followed:
        counted = [
            [followed.view.execute(f"select count(*) from {table}").fetchone()[0] for table in tables]
            for events in (long_ago, [gone(390)], [gone(402)])
            if followed.take(*events)
        ]

    # Of the gate nothing is dropped, and the newest pause of the yard lasts.
    assert counted == [[2, 1, 1, 3], [2, 2, 1, 3], [1, 2, 0, 1]]


def ticks(first: int, last: int) -> list[Event]:
    return [tick(at(second)) for second in range(first, last, 5)]
