"""Ways in which the file of a database breaks, whoever has it open."""

import os
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

from producer.sqlite_files import files_beside

JUNK: Final = b"this is no database "


def is_written_back(file: Path) -> None:
    """All of it is in the file itself, and nothing in its log."""
    with closing(sqlite3.connect(file, isolation_level=None)) as database, suppress(sqlite3.Error):
        database.execute("pragma wal_checkpoint(truncate)")


def empty(file: Path) -> None:
    os.truncate(file, 0)


def half(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def junk(file: Path) -> None:
    """In place, of the same length."""
    size = file.stat().st_size
    with file.open("r+b") as open_file:
        open_file.write((JUNK * (size // len(JUNK) + 1))[:size])


def replaced(file: Path) -> None:
    other = file.with_name("other")
    other.write_bytes(JUNK * 1000)
    other.replace(file)


def directory(file: Path) -> None:
    file.unlink()
    file.mkdir()


def all_empty(file: Path) -> None:
    """With its log. Not the index of the log: where that is cut off, the kernel ends whoever has it mapped."""
    for path in (file, files_beside(file)[0]):
        if path.exists():
            os.truncate(path, 0)


WAYS: Final[Mapping[str, Callable[[Path], None]]] = {
    one.__name__: one for one in (empty, half, junk, replaced, directory, all_empty)
}
