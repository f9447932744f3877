"""A database on the disk is up to three files."""

import sqlite3
from contextlib import closing
from pathlib import Path

from producer.sqlite_files import database_files, files_beside, remove_database, size_of


def test_a_database_goes_with_what_is_beside_it(tmp_path: Path) -> None:
    file, other = tmp_path / "view.sqlite", tmp_path / "view.sqlite.kept"
    other.write_bytes(b"kept")
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("pragma journal_mode = wal")
        connection.execute("create table one (number)")
        there = [path for path in database_files(file) if path.exists()]
        size = sum(path.stat().st_size for path in there)

        assert there == [file, *files_beside(file)]
        assert size_of(file) == size - files_beside(file)[1].stat().st_size
        assert remove_database(file) == size

    assert list(tmp_path.iterdir()) == [other]


def test_what_is_gone_frees_nothing(tmp_path: Path) -> None:
    assert (remove_database(tmp_path / "view.sqlite"), size_of(tmp_path / "view.sqlite")) == (0, 0)
