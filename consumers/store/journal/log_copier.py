"""Copies the log of the day that is written into its file, in a thread of its own: a commit does not wait for it."""

import sqlite3
import threading
from contextlib import closing, suppress
from pathlib import Path
from typing import Final
from urllib.parse import quote

BUSY_S: Final = 0.5
PAGES_AT_ONCE: Final = 2000
"""After this many pages, about, the log is copied: 8 MB."""
PAGES_OF_A_COMMIT: Final = 8
EVENTS_OF_A_PAGE: Final = 2
TRIES: Final = 10
NAME: Final = "log of the journal"


def copy_log(day: sqlite3.Connection) -> bool:
    """Copy what is in the log, and then what was committed meanwhile, which is little: once nothing is left, the next
    commit begins at the front of the log again. Whether nothing was left.
    """
    before = -1
    for _ in range(TRIES):
        _, pages, copied = day.execute("pragma wal_checkpoint(passive)").fetchone()
        if copied < pages:
            return False  # A reader needs what is in the file.
        if pages == before:
            return True
        before = pages
    return False


class LogCopier:
    """For the one writer of a file. Where it falls behind, SQLite copies the log within a commit."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._pages = 0
        self._due = threading.Event()
        self._is_ending = False
        self._thread: threading.Thread | None = None

    def note_commit(self, events: int) -> None:
        """Called after each commit, with how many events it added."""
        self._pages += PAGES_OF_A_COMMIT + events // EVENTS_OF_A_PAGE
        if self._pages < PAGES_AT_ONCE:
            return
        self._pages = 0
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=NAME, daemon=True)
            self._thread.start()
        self._due.set()

    def _run(self) -> None:
        while self._due.wait() and not self._is_ending:
            self._due.clear()
            # On a full disk, or of a file that is gone: the writer finds out by itself.
            with suppress(sqlite3.Error), closing(self._connect()) as day:
                copy_log(day)

    def _connect(self) -> sqlite3.Connection:
        location = f"file:{quote(str(self._file))}?mode=rw"
        return sqlite3.connect(location, uri=True, timeout=BUSY_S, isolation_level=None)

    def close(self) -> None:
        self._is_ending = True
        self._due.set()
        if self._thread is not None:
            self._thread.join()
