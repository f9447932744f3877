"""Lists, measures and removes the files of an SQLite database: the database, its log and the index of that."""

import os
import shutil
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Final

from producer.file_identity import CutOff

BESIDE: Final = ("-wal", "-shm")
"""Write-ahead log and index. Left behind by a removed database, they would be read as those of the next one of its
name.
"""


_CLOSED: Final = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM)
_BROKEN: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def is_broken(error: BaseException | None) -> bool:
    """Whether a file is no database, a damaged one, or cut off: it will say the same at each attempt."""
    if isinstance(error, CutOff) or not isinstance(error, sqlite3.DatabaseError):
        return isinstance(error, CutOff)
    code = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF in _BROKEN or code == sqlite3.SQLITE_IOERR_SHORT_READ


def is_unusable(error: sqlite3.Error, file: Path) -> bool:
    """Whether the file itself is at fault: broken, closed to us, or no file at all.

    On a disk that takes nothing, or in a directory that is closed to us, a new file would fare no better.
    """
    if is_broken(error) or file.is_dir():
        return True
    if getattr(error, "sqlite_errorcode", 0) & 0xFF not in _CLOSED:
        return False
    is_open = file.is_file() and os.access(file, os.R_OK | os.W_OK)
    return file.exists() and not is_open and os.access(file.parent, os.W_OK)


def is_cut_off(connection: sqlite3.Connection, file: Path) -> bool:
    """Whether the file lacks pages that it says it has. Pages in its log are not in the file yet."""
    log = files_beside(file)[0]
    if log.exists() and log.stat().st_size:
        return False
    [(pages,)], [(page_bytes,)] = (
        connection.execute(f"pragma {name}").fetchall() for name in ("page_count", "page_size")
    )
    return file.stat().st_size < int(pages) * int(page_bytes)


def keep_aside(file: Path, kept: Path) -> None:
    """Give the database, its log and the index of that another name, in place of what was kept there before.

    Raises `OSError`.
    """
    for source, target in zip(database_files(file), database_files(kept), strict=True):
        if target.is_dir() and not target.is_symlink():
            shutil.rmtree(target)
        target.unlink(missing_ok=True)
        if source.exists():
            source.replace(target)


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
