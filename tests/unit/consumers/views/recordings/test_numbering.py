"""What was dropped of a day is counted, with the breaks that went with it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from bus_schemas.codec import to_bytes
from bus_schemas.event import Event
from consumers.views.recordings.numbering import DAY_S, DroppedCount, dropped_count
from consumers.views.recordings.projection import RecordingsProjection
from tests.builders import DEVICE, SITE, at, retention, segment
from tests.journal_bodies import recorded

TODAY = int(at(0).timestamp() // DAY_S)
MIDNIGHT = 14 * 3600


@pytest.fixture
def view() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as view:
        view.executescript(RecordingsProjection.schema)
        yield view


def fold(view: sqlite3.Connection, *events: Event) -> None:
    RecordingsProjection().fold(view, recorded([to_bytes(event) for event in events]), lambda _: None)


def counts(view: sqlite3.Connection, device: str = DEVICE) -> list[DroppedCount]:
    """What went of today and of tomorrow."""
    return [dropped_count(view, SITE, device, TODAY + day) for day in (0, 1)]


@pytest.mark.parametrize(
    ("begun", "dropped", "expected"),
    [
        ([0, 10, 20, 30], (0, 20), [(2, 0), (0, 0)]),
        ([0, 10, 50, 60], (0, 20), [(2, 1), (0, 0)]),
        ([0, 10, 50, 60], (0, 60), [(3, 1), (0, 0)]),
        ([0, 10, 50], (40, 60), [(1, 0), (0, 0)]),
        ([], (0, 60), [(0, 0), (0, 0)]),
        ([MIDNIGHT - 5, MIDNIGHT + 5, MIDNIGHT + 15], (MIDNIGHT - 60, MIDNIGHT + 10), [(1, 0), (1, 0)]),
        ([MIDNIGHT - 5, MIDNIGHT + 25], (MIDNIGHT - 60, MIDNIGHT + 10), [(1, 0), (0, 1)]),
        ([MIDNIGHT - 50, MIDNIGHT + 25], (MIDNIGHT - 60, MIDNIGHT + 10), [(1, 0), (0, 0)]),
    ],
    ids=["without a hole", "before a hole", "over a hole", "the last", "nothing", "midnight", "into a day", "at rest"],
)
def test_segments_and_breaks_are_counted_by_day(
    view: sqlite3.Connection, begun: list[float], dropped: tuple[float, float], expected: list[tuple[int, int]]
) -> None:
    fold(view, *(segment(at(second)) for second in begun))
    fold(view, retention(kind="segment", device=DEVICE, start=at(dropped[0]), end=at(dropped[1])))

    assert counts(view) == expected


def test_what_goes_of_every_device_is_counted_for_each(view: sqlite3.Connection) -> None:
    fold(view, segment(at(0)), segment(at(0), device="gate"), segment(at(10), device="gate"))
    fold(view, retention(kind="segment", device=None, start=at(0), end=at(60)))

    assert counts(view)[0] == (1, 0)
    assert counts(view, "gate")[0] == (2, 0)


def test_what_goes_twice_is_counted_once_and_more_is_added(view: sqlite3.Connection) -> None:
    gone = [retention(kind="segment", device=DEVICE, start=at(0), end=at(end)) for end in (10, 10, 30)]
    fold(view, *(segment(at(10 * number)) for number in range(4)), *gone)

    assert counts(view)[0] == (3, 0)
