"""Lists, measures and removes the files of an SQLite database: the database, its log and the index of that."""

import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Final

BESIDE: Final = ("-wal", "-shm")
"""Write-ahead log and index. Left behind by a removed database, they would be read as those of the next one of its
name.
"""


_BROKEN: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def is_broken(error: BaseException | None) -> bool:
    """Whether a file is no database, or a damaged one: it will say the same at each attempt."""
    return isinstance(error, sqlite3.DatabaseError) and (getattr(error, "sqlite_errorcode", 0) & 0xFF) in _BROKEN


def files_beside(file: Path) -> tuple[Path, ...]:
    return tuple(file.with_name(file.name + suffix) for suffix in BESIDE)


def database_files(file: Path) -> tuple[Path, ...]:
    """All files that the database may have."""
    return file, *files_beside(file)


def size_of(file: Path) -> int:
    """Bytes of database and log; 0 where it was removed a moment ago."""
    total = 0
    for path in database_files(file)[:2]:
        with suppress(FileNotFoundError):
            total += path.stat().st_size
    return total


def remove_database(file: Path) -> int:
    """Delete the database with its log and index. Returns the bytes, which open descriptors keep on the disk."""
    freed = 0
    for path in database_files(file):
        with suppress(FileNotFoundError):
            freed += path.stat().st_size
            path.unlink()
    return freed
