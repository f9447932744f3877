"""A day of the journal that cannot be read is kept beside; what is lost by it is counted, and the rest goes on."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bus_schemas.codec import to_bytes
from consumers.ingest.faults import FaultTracker
from consumers.store.journal.days import list_days
from consumers.store.journal.files import SqliteStore
from consumers.store.journal.writer import Journal
from consumers.store.journal.writing import Accepted
from producer.file_identity import CutOff
from producer.times import micros
from tests.broken_files import WAYS, is_written_back
from tests.builders import numbered, thermal

START = datetime(2026, 1, 5, 12, tzinfo=UTC)
A_DAY = 40


def written(directory: Path, day: int, sequences: range) -> None:
    now = START + timedelta(days=day)
    events = numbered([thermal(now) for _ in sequences], first=sequences.start)
    with Journal(directory, lambda: now) as journal:
        journal.append([Accepted(event, to_bytes(event), micros(now)) for event in events])


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Three days of 40 events each."""
    journal = tmp_path / "journal"
    for day in range(3):
        written(journal, day, range(1 + day * A_DAY, 1 + (day + 1) * A_DAY))
    for each in list_days(journal):
        is_written_back(each.path)
    return journal


def positions(directory: Path) -> list[int]:
    with closing(SqliteStore(directory).reader()) as reader:
        return [record.position for record in reader.read(0).records]


def journal_id(directory: Path) -> int:
    with closing(SqliteStore(directory).reader()) as reader:
        return reader.journal_id()


@pytest.mark.parametrize("way", WAYS)
def test_in_place_of_the_newest_day_another_journal_begins_behind_the_days_before_it(directory: Path, way: str) -> None:
    before, (*_, newest) = journal_id(directory), list_days(directory)
    WAYS[way](newest.path)
    newest.path.with_suffix(".suspect").touch()

    with Journal(directory, lambda: START + timedelta(days=2)) as journal:
        [lost] = journal.lost_days
        [stream] = journal.streams.values()
        head = journal.head
    written(directory, 2, range(81, 101))

    assert (lost.first, lost.last, lost.kept.exists()) == (81, None, True)
    assert (stream.watermark, head) == (80, 80)
    assert journal_id(directory) != before
    assert positions(directory) == list(range(1, 101))


@pytest.mark.parametrize("way", WAYS)
def test_a_day_before_the_newest_costs_its_own_events_which_are_counted(directory: Path, way: str) -> None:
    before, (_, middle, _) = journal_id(directory), list_days(directory)
    WAYS[way](middle.path)
    middle.path.with_suffix(".suspect").touch()

    with Journal(directory, lambda: START + timedelta(days=2)) as journal:
        [lost] = journal.lost_days
        [stream] = journal.streams.values()
    faults = FaultTracker(lambda: START, directory / "faults.json")
    faults.note_lost_day(lost, None)

    assert journal_id(directory) == before
    assert stream.watermark == 120
    assert positions(directory) == [*range(1, 41), *range(81, 121)]
    reasons = {fault.reason for fault in faults.changes()}
    assert len(reasons) == 1
    assert "of 2026-01-06 could not be read" in (reason := reasons.pop())
    assert "40 events from position 41 on are lost" in reason
    assert str(middle.path.with_suffix(".broken")) in reason


def test_where_every_day_is_broken_a_journal_begins_with_the_first_position(directory: Path) -> None:
    for day in list_days(directory):
        WAYS["junk"](day.path)
    written(directory, 2, range(1, 11))

    assert positions(directory) == list(range(1, 11))
    assert len(list(directory.glob("*.broken"))) == 3


def test_a_writer_whose_day_is_cut_off_writes_nothing_more_and_the_next_one_looks_at_every_page(
    directory: Path,
) -> None:
    now = START + timedelta(days=2)
    event = numbered([thermal(now)], first=121)[0]
    with Journal(directory, lambda: now) as journal:
        given = [Accepted(event, to_bytes(event), micros(now))]
        journal.append(given)
        [*_, newest] = list_days(directory)
        with newest.path.open("r+b") as file:
            file.truncate(newest.path.stat().st_size // 2)
        with pytest.raises(CutOff):
            journal.append(given)
    with Journal(directory, lambda: now) as again:
        assert [lost.date for lost in again.lost_days] == [newest.date]
        assert again.head == 80


def test_days_that_can_be_read_stay_as_they_are(directory: Path) -> None:
    before = {day.path: day.path.stat().st_size for day in list_days(directory)}
    list_days(directory)[-1].path.with_suffix(".suspect").touch()
    with Journal(directory, lambda: START + timedelta(days=2)) as journal:
        assert journal.lost_days == []
        assert journal.head == 120
    with closing(sqlite3.connect(list_days(directory)[0].path)) as day:
        assert day.execute("select count(*) from events").fetchone() == (A_DAY,)
    assert {day.path for day in list_days(directory)} == before.keys()
