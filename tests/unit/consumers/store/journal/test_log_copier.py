"""The log of the journal is copied beside its commits, and begins at its front again."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bus_schemas.codec import to_bytes
from consumers.store.journal import log_copier
from consumers.store.journal.days import list_days, open_to_read, open_to_write
from consumers.store.journal.log_copier import LogCopier, copy_log
from consumers.store.journal.writer import Journal
from consumers.store.journal.writing import Accepted
from producer.sqlite_files import files_beside
from tests import builders
from tests.builders import START
from tests.eventually import eventually


@pytest.fixture
def day(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(open_to_write(tmp_path / "day.sqlite")) as connection:
        connection.execute("create table rows (value)")
        yield connection


def log_of(directory: Path, name: str = "day.sqlite") -> Path:
    return files_beside(directory / name)[0]


def copied(path: Path, table: str = "rows") -> int:
    """Rows that are in the file itself; 0 while it is written."""
    with closing(sqlite3.connect(f"file:{path}?immutable=1", uri=True)) as file:
        try:
            return int(file.execute(f"select count(*) from {table}").fetchone()[0])
        except sqlite3.DatabaseError:
            return 0


def test_what_is_committed_while_the_log_is_copied_is_copied_too(tmp_path: Path, day: sqlite3.Connection) -> None:
    with closing(sqlite3.connect(tmp_path / "day.sqlite", isolation_level=None)) as other:
        other.execute("select count(*) from rows").fetchone()  # It knows the log as it is now.
        day.execute("insert into rows values (1)")

        assert copy_log(other)

    assert copied(tmp_path / "day.sqlite") == 1


def test_the_log_begins_at_its_front_again_once_it_was_copied(tmp_path: Path, day: sqlite3.Connection) -> None:
    sizes = []
    with closing(sqlite3.connect(tmp_path / "day.sqlite", isolation_level=None)) as other:
        for _ in range(3):
            for value in range(50):
                day.execute("insert into rows values (?)", (value,))
            assert copy_log(other)
            sizes.append(log_of(tmp_path).stat().st_size)

    assert sizes[1:] == sizes[:1] * 2


def test_a_reader_in_the_way_stops_no_commit(tmp_path: Path, day: sqlite3.Connection) -> None:
    with (
        closing(sqlite3.connect(tmp_path / "day.sqlite", isolation_level=None)) as reader,
        closing(sqlite3.connect(tmp_path / "day.sqlite", isolation_level=None)) as other,
    ):
        reader.execute("begin")
        reader.execute("select count(*) from rows").fetchone()
        day.execute("insert into rows values (1)")

        assert not copy_log(other)
        day.execute("insert into rows values (2)")
        reader.execute("commit")

        assert copy_log(other)
    assert copied(tmp_path / "day.sqlite") == 2


def test_a_thread_copies_it_after_so_many_pages(
    tmp_path: Path, day: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_copier, "PAGES_AT_ONCE", 2 * log_copier.PAGES_OF_A_COMMIT)
    with closing(LogCopier(tmp_path / "day.sqlite")) as copier:
        for value in range(2):
            day.execute("insert into rows values (?)", (value,))
            copier.note_commit(1)

        eventually(lambda: copied(tmp_path / "day.sqlite") == 2)


def test_a_file_that_is_gone_ends_nothing(
    tmp_path: Path, day: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_copier, "PAGES_AT_ONCE", 1)
    (tmp_path / "day.sqlite").unlink()

    with closing(LogCopier(tmp_path / "day.sqlite")) as copier:
        copier.note_commit(1)
        copier.note_commit(1)

    assert not (tmp_path / "day.sqlite").exists()
    assert not [thread for thread in threading.enumerate() if thread.name == log_copier.NAME]


def test_the_journal_copies_no_log_within_a_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_copier, "PAGES_AT_ONCE", 100)
    event = builders.detection(START)
    with Journal(tmp_path, lambda: START) as journal:
        (written,) = list_days(tmp_path)
        for number in range(600):
            journal.append([Accepted(event.model_copy(update={"id": f"{number}"}), to_bytes(event), 0)])
        eventually(lambda: copied(written.path, "events") > 500)

        assert log_of(tmp_path, written.path.name).stat().st_size < 8 * 1024 * 1024
    with closing(open_to_read(written.path)) as day:
        assert day.execute("select count(*) from events").fetchone() == (600,)
