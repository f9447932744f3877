"""Puts commits on the disk that did not wait for it: with `synchronous=normal` SQLite seldom syncs its log."""

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

from producer.sqlite_files import files_beside


class LogSync:
    """For the connection of a reader. Pages that have left the log are in the database file, where SQLite has synced
    them.
    """

    def __init__(self, connection: sqlite3.Connection, database: Path) -> None:
        self._connection = connection
        self._log = files_beside(database)[0]
        self._version: int | None = None
        self._has_entry = False
        """Whether the directory with the names of the files is on the disk."""

    def sync(self) -> None:
        """Return once everything that the connection has read is on the disk. Raises `OSError`.

        Free where no other connection has committed since the last time.
        """
        version: int = self._connection.execute("pragma data_version").fetchone()[0]
        if version == self._version:
            return
        _sync(self._log, os.fdatasync)
        if not self._has_entry:
            _sync(self._log.parent, os.fsync)
            self._has_entry = True
        self._version = version


def _sync(path: Path, sync: Callable[[int], None]) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        sync(descriptor)
    finally:
        os.close(descriptor)
