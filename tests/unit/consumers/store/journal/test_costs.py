"""What a page of the log costs, in steps of SQLite's machine: as much at the end of a long day as at its beginning."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bus_schemas.codec import to_bytes
from consumers.store.journal import selection
from consumers.store.journal.days import list_days
from consumers.store.journal.queries import JournalQueries
from consumers.store.journal.query_types import EventFilter, Order
from consumers.store.journal.writer import Journal
from consumers.store.journal.writing import Accepted
from producer.times import micros
from tests import builders

START = datetime(2026, 1, 5, 0, tzinfo=UTC)
EVENTS = 60_000
LIMIT = 100
STEPS_PER_EVENT = 40
"""The rows of a page cost about 20 steps each; a page that passes over a day costs ten times as much and more."""


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A day of 60,000 events of one stream, one a second."""
    directory = tmp_path_factory.mktemp("journal")
    event = builders.detection(START)
    with Journal(directory, lambda: START) as journal:
        journal.append([Accepted(event, to_bytes(event), micros(START))])
    with closing(sqlite3.connect(list_days(directory)[0].path)) as day:
        day.execute(
            "with recursive n(i) as (select 2 union all select i + 1 from n where i < ?)"
            " insert into events select i, stream, sequence, type, time + i * 1000000, received + i * 1000000,"
            " 'event-' || i, body from n, events where position = 1",
            (EVENTS,),
        )
        day.commit()
    return directory


@contextmanager
def counted(asked: JournalQueries) -> Iterator[list[int]]:
    """One number for each step that the questions take meanwhile."""
    steps: list[int] = []
    for _, day in asked._days.list():
        connection = asked._days.connection(day)
        assert connection is not None
        connection.set_progress_handler(lambda: steps.append(1), 1)
        yield steps
        connection.set_progress_handler(None, 0)


def cost(asked: JournalQueries, wanted: EventFilter, order: Order = "asc") -> tuple[int, list[int]]:
    with counted(asked) as steps:
        found = asked.select(wanted, LIMIT, order)
    return len(steps), [stored.position for stored in found]


AT = [1, EVENTS // 2, EVENTS - 2 * LIMIT]
WHOLE_DAY = EventFilter(start=START - timedelta(days=1), end=START + timedelta(days=1))


@pytest.mark.parametrize("wanted", [EventFilter(), WHOLE_DAY], ids=["any time", "a day"])
@pytest.mark.parametrize("after", AT)
def test_a_page_after_a_position_costs_what_it_holds(
    journal: Path, after: int, wanted: EventFilter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selection, "FEW", 10)
    with closing(JournalQueries(journal)) as asked:
        steps, found = cost(asked, replace(wanted, after=after))

    assert found == list(range(after + 1, after + 1 + LIMIT))
    assert steps < LIMIT * STEPS_PER_EVENT


@pytest.mark.parametrize("before", [EVENTS + 1, EVENTS // 2, 2 * LIMIT])
def test_a_page_before_a_position_costs_what_it_holds(journal: Path, before: int) -> None:
    with closing(JournalQueries(journal)) as asked:
        steps, found = cost(asked, EventFilter(before=before), "desc")

    assert found == list(range(before - 1, before - 1 - LIMIT, -1))
    assert steps < LIMIT * STEPS_PER_EVENT


def test_a_day_in_pages_costs_each_event_once(journal: Path) -> None:
    """Between two events in the same second as well as between two pages."""
    wanted, total, read = EventFilter(source="/sites/DEMO/devices/yard"), 0, list[int]()
    with closing(JournalQueries(journal)) as asked:
        while True:
            steps, found = cost(asked, wanted)
            total += steps
            if not found:
                break
            read += found
            wanted = replace(wanted, after=found[-1])

    assert read == list(range(1, EVENTS + 1))
    assert total < EVENTS * STEPS_PER_EVENT


def test_the_last_hours_of_a_day_are_found_without_reading_the_hours_before(journal: Path) -> None:
    """More events than are sorted by time: an index says between which positions they lie."""
    hours = EventFilter(start=START + timedelta(seconds=EVENTS - 25_000), end=START + timedelta(days=1))
    with closing(JournalQueries(journal)) as asked:
        steps, found = cost(asked, hours)
        # The range itself is passed over twice, in the index: to see that they are many, and where they lie.
        assert steps < 25_000 * 2 * 10
        later, _ = cost(asked, replace(hours, after=found[-1]))

    assert found == list(range(EVENTS - 25_000, EVENTS - 25_000 + LIMIT))
    assert later < selection.FEW * 10 + LIMIT * STEPS_PER_EVENT
