"""Recorded time by quarter of an hour: it says what the segments say."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

from hypothesis import given
from hypothesis import strategies as st

from bus_schemas.codec import to_bytes
from bus_schemas.event import Event
from consumers.views.recordings.holes import holes
from consumers.views.recordings.projection import RecordingsProjection
from consumers.views.recordings.questions import SAME_SPAN_S
from consumers.views.recordings.recorded import recorded_between
from tests.builders import DEVICE, SITE, at, retention, segment
from tests.examples import examples
from tests.journal_bodies import recorded

ZERO = at(0).timestamp()
LONGEST_S = 4 * 3600
seconds = st.one_of(st.integers(0, LONGEST_S), st.integers(0, 16).map(lambda quarter: 900 * quarter))
lengths = st.sampled_from([1, 10, 10, 10, 600, 3600])
places = st.sampled_from([DEVICE, "gate"])


@st.composite
def segments(draw: st.DrawFn) -> Event:
    start, length = draw(seconds), draw(lengths)
    return segment(at(start), end=at(start + length), duration_s=float(length), device=draw(places))


@st.composite
def runs(draw: st.DrawFn) -> list[Event]:
    """Segments that follow each other, with a pause that is a gap or is none."""
    start, pause = draw(seconds), draw(st.sampled_from([0.0, 1.0, 1.5]))
    return [segment(at(start + number * (10 + pause))) for number in range(draw(st.integers(1, 12)))]


@st.composite
def deletions(draw: st.DrawFn) -> Event:
    start, length = draw(seconds), draw(st.sampled_from([60, 900, 3600, LONGEST_S]))
    return retention(
        kind="segment", start=at(start), end=at(start + length), rule="full", device=draw(st.none() | places)
    )


stories = st.lists(st.one_of(segments(), deletions(), runs()), max_size=12).map(
    lambda parts: [one for part in parts for one in (part if isinstance(part, list) else [part])]
)


def plainly(view: sqlite3.Connection, start: float, end: float) -> Iterator[tuple[float, float]]:
    """The same from every segment of the device, one after the other."""
    rows = view.execute(
        "select start, end from segments where site = ? and device = ? order by start", (SITE, DEVICE)
    ).fetchall()
    spans: list[list[float]] = []
    for begun, ended in rows:
        if spans and begun - spans[-1][1] <= SAME_SPAN_S:
            spans[-1][1] = max(spans[-1][1], ended)
        else:
            spans.append([begun, ended])
    return ((begun, ended) for begun, ended in spans if ended > start and begun < end)


@examples(60)
@given(stories, st.integers(1, 9), seconds, seconds)
def test_it_is_what_the_segments_are_however_they_came_and_went(
    reported: list[Event], batch: int, first: int, second: int
) -> None:
    start, end = ZERO + min(first, second), ZERO + max(first, second) + 1
    with closing(sqlite3.connect(":memory:")) as view:
        view.executescript(RecordingsProjection.schema)
        records = recorded([to_bytes(event) for event in reported])
        for begin in range(0, len(records), batch):
            RecordingsProjection().fold(view, records[begin : begin + batch], lambda _: None)

        assert list(recorded_between(view, (SITE, DEVICE), start, end)) == list(plainly(view, start, end))


def test_a_segment_of_an_hour_covers_what_begins_within_it() -> None:
    reported = [segment(at(0), end=at(3600), duration_s=3600.0), segment(at(10)), segment(at(3590))]
    with closing(sqlite3.connect(":memory:")) as view:
        view.executescript(RecordingsProjection.schema)
        RecordingsProjection().fold(view, recorded([to_bytes(event) for event in reported]), lambda _: None)

        assert holes(view, (SITE, DEVICE), ZERO + 100, ZERO + 3500, ZERO + 7200) == []
