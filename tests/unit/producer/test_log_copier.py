"""A log is copied beside the commits of its database, and begins at its front again."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from producer.log_copier import NAME, LogCopier, copy_log
from producer.sqlite_files import files_beside
from tests.eventually import eventually


@pytest.fixture
def database(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(tmp_path / "rows.sqlite", isolation_level=None)) as connection:
        connection.execute("pragma journal_mode = wal")
        connection.execute("pragma wal_autocheckpoint = 0")
        connection.execute("create table rows (value)")
        yield connection


def copied(path: Path) -> int:
    """Rows that are in the file itself; 0 while it is written."""
    with closing(sqlite3.connect(f"file:{path}?immutable=1", uri=True)) as file:
        try:
            return int(file.execute("select count(*) from rows").fetchone()[0])
        except sqlite3.DatabaseError:
            return 0


def test_what_is_committed_while_the_log_is_copied_is_copied_too(tmp_path: Path, database: sqlite3.Connection) -> None:
    with closing(sqlite3.connect(tmp_path / "rows.sqlite", isolation_level=None)) as other:
        other.execute("select count(*) from rows").fetchone()  # It knows the log as it is now.
        database.execute("insert into rows values (1)")

        assert copy_log(other)

    assert copied(tmp_path / "rows.sqlite") == 1


def test_the_log_begins_at_its_front_again_once_it_was_copied(tmp_path: Path, database: sqlite3.Connection) -> None:
    sizes = []
    with closing(sqlite3.connect(tmp_path / "rows.sqlite", isolation_level=None)) as other:
        for _ in range(3):
            for value in range(50):
                database.execute("insert into rows values (?)", (value,))
            assert copy_log(other)
            sizes.append(files_beside(tmp_path / "rows.sqlite")[0].stat().st_size)

    assert sizes[1:] == sizes[:1] * 2


def test_a_reader_in_the_way_stops_no_commit(tmp_path: Path, database: sqlite3.Connection) -> None:
    with (
        closing(sqlite3.connect(tmp_path / "rows.sqlite", isolation_level=None)) as reader,
        closing(sqlite3.connect(tmp_path / "rows.sqlite", isolation_level=None)) as other,
    ):
        reader.execute("begin")
        reader.execute("select count(*) from rows").fetchone()
        database.execute("insert into rows values (1)")

        assert not copy_log(other)
        database.execute("insert into rows values (2)")
        reader.execute("commit")

        assert copy_log(other)
    assert copied(tmp_path / "rows.sqlite") == 2


def test_a_thread_copies_it_after_so_much(tmp_path: Path, database: sqlite3.Connection) -> None:
    with closing(LogCopier(tmp_path / "rows.sqlite", at_once=2)) as copier:
        for value in range(2):
            database.execute("insert into rows values (?)", (value,))
            copier.note(1)

        eventually(lambda: copied(tmp_path / "rows.sqlite") == 2)


def test_a_file_that_is_gone_ends_nothing(tmp_path: Path, database: sqlite3.Connection) -> None:
    (tmp_path / "rows.sqlite").unlink()

    with closing(LogCopier(tmp_path / "rows.sqlite", at_once=1)) as copier:
        copier.note(1)
        copier.note(1)

    assert not (tmp_path / "rows.sqlite").exists()
    assert not [thread for thread in threading.enumerate() if thread.name == NAME]
