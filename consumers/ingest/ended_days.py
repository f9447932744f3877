"""Copies the logs of days that are over into their files: the readers that have a day open keep its log on the disk."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final
from urllib.parse import quote

import structlog

from consumers.store.journal.days import list_days
from producer.repeating_thread import RepeatingThread
from producer.sqlite_files import files_beside

LOOK_S: Final = 60.0
BUSY_S: Final = 0.5
"""A reader that is in the way for longer is asked again at the next look."""

log = structlog.get_logger(__name__)


def empty_log(file: Path) -> bool:
    """Copy the log of a database into it, and cut the log to nothing. Whether it is empty now.

    Raises `sqlite3.Error`, also where the file is gone.
    """
    written = files_beside(file)[0]
    if not _bytes(written):
        return True
    with closing(
        sqlite3.connect(f"file:{quote(str(file))}?mode=rw", uri=True, timeout=BUSY_S, isolation_level=None)
    ) as day:
        day.execute("pragma wal_checkpoint(truncate)").fetchall()
    return not _bytes(written)


def _bytes(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


class EndedDays(RepeatingThread):
    """Looks at the days before the newest, in a thread of its own: a log of 16 MB takes a slow disk a second."""

    def __init__(self, directory: Path, look_s: float = LOOK_S) -> None:
        super().__init__("ended days", look_s)
        self._directory = directory

    def work(self) -> bool:
        for day in list_days(self._directory)[:-1]:
            if self.is_ending:
                break
            try:
                empty_log(day.path)
            except (sqlite3.Error, OSError) as error:
                # On a full disk, of a broken day, or of one that is dropped just now: the log stays, as before.
                log.info("log of a day stays", file=str(day.path), reason=str(error))
        return True
