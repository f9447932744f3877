"""The journal on SQLite: its files. What it does as every journal does is in `tests/contract/journal`."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bus_schemas.codec import to_bytes
from bus_schemas.event import Event
from consumers.journal.days import open_to_write
from consumers.journal.sqlite import Accepted, Journal, JournalQueries, SqliteJournalReader, drop_days
from tests import builders

SOURCE = "/sites/DEMO/devices/yard"


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 1, 5, 10, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def journal(tmp_path: Path, clock: Clock) -> Iterator[Journal]:
    with Journal(tmp_path, clock) as opened:
        yield opened


@contextmanager
def reading(directory: Path) -> Iterator[SqliteJournalReader]:
    with closing(SqliteJournalReader(directory)) as reader:
        yield reader


@contextmanager
def asking(directory: Path) -> Iterator[JournalQueries]:
    with closing(JournalQueries(directory)) as queries:
        yield queries


def accepted(*events: Event) -> list[Accepted]:
    return [Accepted(event, to_bytes(event), 1_767_600_000_000_000) for event in events]


def numbered(first: int, last: int, make: Callable[..., Event] = builders.detection) -> list[Accepted]:
    return accepted(*[make(epoch="one", sequence=number, id=f"id-{number}") for number in range(first, last + 1)])


def test_a_new_day_begins_a_new_file_and_positions_and_streams_go_on(
    tmp_path: Path, clock: Clock, journal: Journal
) -> None:
    journal.append(numbered(1, 2))
    clock.now += timedelta(days=1)
    journal.append(numbered(3, 4))

    assert sorted(path.name for path in tmp_path.glob("*.sqlite")) == ["2026-01-05.sqlite", "2026-01-06.sqlite"]
    assert journal.watermark(SOURCE, "one") == 4
    with asking(tmp_path) as queries:
        assert [(day.first, day.last) for day in queries.days()] == [(1, 2), (3, 4)]
        assert [(row.source, row.epoch, row.sequence) for row in queries.streams()] == [(SOURCE, "one", 4)]


def test_a_clock_that_goes_back_never_goes_back_to_an_earlier_file(
    tmp_path: Path, clock: Clock, journal: Journal
) -> None:
    journal.append(numbered(1, 1))
    clock.now -= timedelta(days=3)
    journal.append(numbered(2, 2))

    assert [path.name for path in tmp_path.glob("*.sqlite")] == ["2026-01-05.sqlite"]


def test_a_restart_with_a_clock_gone_back_writes_to_the_newest_file(tmp_path: Path, clock: Clock) -> None:
    with Journal(tmp_path, clock) as journal:
        journal.append(numbered(1, 1))
    clock.now -= timedelta(days=3)
    with Journal(tmp_path, clock) as journal:
        assert journal.append(numbered(2, 2)) == 2

    assert [path.name for path in tmp_path.glob("*.sqlite")] == ["2026-01-05.sqlite"]


def test_a_reader_meets_a_day_that_begins_and_days_that_are_dropped(
    tmp_path: Path, clock: Clock, journal: Journal
) -> None:
    with reading(tmp_path) as reader:
        assert reader.head() == 0
        for day in range(4):
            journal.append(numbered(day + 1, day + 1))
            assert reader.head() == day + 1
            clock.now += timedelta(days=1)
        dropped = drop_days(tmp_path, date(2026, 1, 9))

        assert [one.date for one in dropped] == [date(2026, 1, 5), date(2026, 1, 6)]
        assert [record.position for record in reader.read(0).records] == [3, 4]


def test_a_reader_is_not_held_up_by_a_group_that_is_being_written(tmp_path: Path, journal: Journal) -> None:
    journal.append(numbered(1, 1))
    with (
        closing(sqlite3.connect(tmp_path / "2026-01-05.sqlite", isolation_level=None)) as writer,
        reading(tmp_path) as reader,
    ):
        writer.execute("begin immediate")
        writer.execute("insert into events select 2, stream, 2, type, time, received, 'x', body from events")
        during = reader.read(0)
        writer.execute("commit")

        assert during.upto == 1
        assert reader.read(1).upto == 2


def test_a_day_that_was_being_made_when_the_power_went_is_made_again(
    tmp_path: Path, clock: Clock, journal: Journal
) -> None:
    journal.append(numbered(1, 1))
    clock.now += timedelta(days=1)
    (tmp_path / ".2026-01-06.draft").write_bytes(b"half a file")

    assert journal.append(numbered(2, 2)) == 2


def test_a_commit_waits_for_the_disk(tmp_path: Path, journal: Journal) -> None:
    with closing(open_to_write(next(tmp_path.glob("*.sqlite")))) as connection:
        (level,) = connection.execute("pragma synchronous").fetchone()

    assert level == 2
