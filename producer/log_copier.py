"""Copies the log of a database into its file, in a thread of its own: who commits does not wait for it."""

import sqlite3
import threading
from contextlib import closing, suppress
from pathlib import Path
from typing import Final
from urllib.parse import quote

BUSY_S: Final = 0.5
TRIES: Final = 10
NAME: Final = "log copier"


def copy_log(database: sqlite3.Connection) -> bool:
    """Copy what is in the log, and then what was committed meanwhile, which is little: once nothing is left, the next
    commit begins at the front of the log again. Whether nothing was left.
    """
    before = -1
    for _ in range(TRIES):
        _, pages, copied = database.execute("pragma wal_checkpoint(passive)").fetchone()
        if copied < pages:
            return False  # A reader needs what is in the file.
        if pages == before:
            return True
        before = pages
    return False


class LogCopier:
    """For the one writer of a file. Where it falls behind, SQLite copies the log within a commit."""

    def __init__(self, file: Path, at_once: int) -> None:
        """The log is copied whenever as many as `at_once` were written."""
        self._file = file
        self._at_once = at_once
        self._written = 0
        self._due = threading.Event()
        self._is_ending = False
        self._thread: threading.Thread | None = None

    def note(self, written: int) -> None:
        """Called after a commit, with how many pages or rows it wrote, as the writer counts."""
        self._written += written
        if self._written < self._at_once:
            return
        self._written = 0
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=NAME, daemon=True)
            self._thread.start()
        self._due.set()

    def _run(self) -> None:
        while self._due.wait() and not self._is_ending:
            self._due.clear()
            # On a full disk, or of a file that is gone: the writer finds out by itself.
            with suppress(sqlite3.Error), closing(self._connect()) as database:
                copy_log(database)

    def _connect(self) -> sqlite3.Connection:
        location = f"file:{quote(str(self._file))}?mode=rw"
        return sqlite3.connect(location, uri=True, timeout=BUSY_S, isolation_level=None)

    def close(self) -> None:
        self._is_ending = True
        self._due.set()
        if self._thread is not None:
            self._thread.join()
