"""The journal on SQLite: its files. What it does as every journal does is in `tests/contract/journal`."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus_schemas.codec import to_bytes
from bus_schemas.event import Event
from consumers.store.journal import writer
from consumers.store.journal.days import list_days, open_to_write
from consumers.store.journal.queries import JournalQueries
from consumers.store.journal.reader import SqliteJournalReader
from consumers.store.journal.retention_floor import drop
from consumers.store.journal.writer import Journal
from consumers.store.journal.writing import Accepted
from producer.times import micros
from tests import builders
from tests.eventually import eventually
from tests.examples import examples
from tests.settable_clock import WallClock

SOURCE = "/sites/DEMO/devices/yard"
START = datetime(2026, 1, 5, 10, tzinfo=UTC)


@pytest.fixture
def clock() -> WallClock:
    return WallClock(START)


@pytest.fixture
def journal(tmp_path: Path, clock: WallClock) -> Iterator[Journal]:
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
    return [Accepted(event, to_bytes(event), 1_767_610_800_000_000) for event in events]


def numbered(first: int, last: int, make: Callable[..., Event] = builders.detection) -> list[Accepted]:
    return accepted(*[make(epoch="one", sequence=number, id=f"id-{number}") for number in range(first, last + 1)])


def test_a_new_day_begins_a_new_file_and_positions_and_streams_go_on(
    tmp_path: Path, clock: WallClock, journal: Journal
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
    tmp_path: Path, clock: WallClock, journal: Journal
) -> None:
    journal.append(numbered(1, 1))
    clock.now -= timedelta(days=3)
    journal.append(numbered(2, 2))

    assert [path.name for path in tmp_path.glob("*.sqlite")] == ["2026-01-05.sqlite"]


def test_a_restart_with_a_clock_gone_back_writes_to_the_newest_file(tmp_path: Path, clock: WallClock) -> None:
    with Journal(tmp_path, clock) as journal:
        journal.append(numbered(1, 1))
    clock.now -= timedelta(days=3)
    with Journal(tmp_path, clock) as journal:
        assert journal.append(numbered(2, 2)) == 2

    assert [path.name for path in tmp_path.glob("*.sqlite")] == ["2026-01-05.sqlite"]


def test_a_group_of_any_size_is_written_whole_and_in_order(tmp_path: Path, journal: Journal) -> None:
    one, other = numbered(1, 1117), numbered(1118, 1119)

    assert journal.append(one) == 1117
    assert journal.append(other) == 1119

    with reading(tmp_path) as reader:
        records = reader.read(0, limit=2000).records
        assert [record.position for record in records] == list(range(1, 1120))
        assert [record.body for record in records] == [each.body for each in one + other]


def test_one_sequence_among_many_that_is_there_already_leaves_nothing_of_its_group(
    tmp_path: Path, journal: Journal
) -> None:
    journal.append(numbered(1, 1))

    with pytest.raises(sqlite3.IntegrityError):
        journal.append([*numbered(2, 1000), *numbered(1, 1)])

    with reading(tmp_path) as reader:
        assert reader.head() == 1
    assert journal.append(numbered(2, 1000)) == 1000


def test_a_reader_meets_a_day_that_begins_and_days_that_are_dropped(
    tmp_path: Path, clock: WallClock, journal: Journal
) -> None:
    with reading(tmp_path) as reader:
        assert reader.head() == 0
        for day in range(4):
            journal.append(numbered(day + 1, day + 1))
            assert reader.head() == day + 1
            clock.now += timedelta(days=1)
        dropped = drop(tmp_path, list_days(tmp_path)[:2])

        assert [one.date for one in dropped] == [date(2026, 1, 5), date(2026, 1, 6)]
        assert [record.position for record in reader.read(0).records] == [3, 4]


def test_how_far_days_were_dropped_is_on_the_disk_before_a_day_is_removed(
    tmp_path: Path, clock: WallClock, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 2):
        journal.append(numbered(number, number))
        clock.now += timedelta(days=1)
    oldest = list_days(tmp_path)[0]
    synced: list[tuple[str, bool]] = []

    def sync(descriptor: int) -> None:
        synced.append((Path(f"/proc/self/fd/{descriptor}").readlink().name, oldest.path.exists()))

    monkeypatch.setattr(os, "fsync", sync)
    drop(tmp_path, [oldest])

    assert synced == [("floor.json.new", True), (tmp_path.name, True)]


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
    tmp_path: Path, clock: WallClock, journal: Journal
) -> None:
    journal.append(numbered(1, 1))
    clock.now += timedelta(days=1)
    (tmp_path / ".2026-01-06.draft").write_bytes(b"half a file")

    assert journal.append(numbered(2, 2)) == 2


def test_a_commit_waits_for_the_disk(tmp_path: Path, journal: Journal) -> None:
    with closing(open_to_write(next(tmp_path.glob("*.sqlite")))) as connection:
        (level,) = connection.execute("pragma synchronous").fetchone()

    assert level == 2


def received_at(*seconds: float) -> list[Accepted]:
    """Events of a foreign device, each received so many seconds after ten o'clock of 5 January."""
    events = [builders.detection(id=f"{number} at {second}") for number, second in enumerate(seconds)]
    moments = [micros(builders.at(second)) for second in seconds]
    return [Accepted(event, to_bytes(event), moment) for event, moment in zip(events, moments, strict=True)]


DAY_S = 86_400


@pytest.fixture
def three_days(tmp_path: Path, journal: Journal, clock: WallClock) -> Path:
    """Positions 1 to 3 on the first day, none on the second, 4 to 6 on the third."""
    journal.append(received_at(0, 10, 10.5))
    clock.now += timedelta(days=1)
    journal.append([])
    clock.now += timedelta(days=1)
    journal.append(received_at(2 * DAY_S, 2 * DAY_S + 1, 2 * DAY_S + 1))
    return tmp_path


def test_a_position_is_found_by_the_moment_of_arrival(three_days: Path) -> None:
    asked = (-0.001, 0, 9.999, 10, 10.5, 11, DAY_S, 2 * DAY_S - 1, 2 * DAY_S, 2 * DAY_S + 1, 3 * DAY_S)
    with asking(three_days) as queries:
        found = [queries.position_at(builders.at(second)) for second in asked]

    assert found == [0, 1, 1, 2, 3, 3, 3, 3, 4, 6, 6]


def test_before_the_days_that_are_kept_no_position_is_known(three_days: Path) -> None:
    (three_days / "2026-01-05.sqlite").unlink()
    with asking(three_days) as queries:
        assert queries.position_at(builders.at(5)) == 3
        assert queries.position_at(builders.at(2 * DAY_S)) == 4


def test_a_file_that_has_lost_an_event_still_has_positions(three_days: Path) -> None:
    with closing(open_to_write(three_days / "2026-01-05.sqlite")) as day:
        day.execute("delete from events where position = 2")
    with asking(three_days) as queries:
        assert [queries.position_at(builders.at(second)) for second in (5, 10.5, DAY_S)] == [1, 3, 3]


def test_an_empty_journal_has_no_position(tmp_path: Path) -> None:
    with asking(tmp_path) as queries:
        assert queries.position_at(builders.at(0)) == 0


def test_where_the_clock_was_set_back_it_is_a_position_at_which_it_passed(tmp_path: Path, journal: Journal) -> None:
    seconds = [0, 10, 20, 5, 15, 25]
    journal.append(received_at(*seconds))
    with asking(tmp_path) as queries:
        found = queries.position_at(builders.at(12))

    assert seconds[found - 1] <= 12 < seconds[found]


@examples(40)
@given(gaps=st.lists(st.integers(0, 3), max_size=40), asked=st.integers(-1, 125))
def test_a_position_is_the_last_one_received_by_then(gaps: list[int], asked: int) -> None:
    seconds = list(accumulate(gaps))
    with TemporaryDirectory() as directory:
        with Journal(Path(directory), WallClock(START)) as journal:
            journal.append(received_at(*seconds))
        with asking(Path(directory)) as queries:
            assert queries.position_at(builders.at(asked)) == sum(second <= asked for second in seconds)


def test_the_log_is_copied_beside_the_commits(
    tmp_path: Path, clock: WallClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "LOG_PAGES", 100)
    with Journal(tmp_path, clock) as journal:
        (day,) = list_days(tmp_path)
        for number in range(1, 200):
            journal.append(numbered(number, number))

        eventually(lambda: copied(day.path) > 100)


def copied(path: Path) -> int:
    """Events that are in the file itself; 0 while it is written."""
    with closing(sqlite3.connect(f"file:{path}?immutable=1", uri=True)) as file:
        try:
            return int(file.execute("select count(*) from events").fetchone()[0])
        except sqlite3.DatabaseError:
            return 0
