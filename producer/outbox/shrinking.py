"""Gives the disk back what the file of an outbox no longer needs, a few pages at a time."""

import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from producer.transaction import transaction

SLACK_BYTES: Final = 4 * 1024 * 1024
"""Free pages of the file that the next events may use: it is not shrunk for less."""
LEFT_BYTES: Final = 1024 * 1024
CALM_S: Final = 5.0
"""For so long there has to be more: a link that is away for a moment at a time would make it shrink and grow."""
FEWEST_PAGES: Final = 64
INCREMENTAL: Final = 2
MOST_PAGES: Final = 16384
STEP_S: Final = 0.05
"""An event that comes meanwhile waits for a step before it is committed; free pages at the end of the file cost next to
nothing, and others are copied.
"""
REST: Final = 4
"""After a step it rests so many times as long as that took, so that others have the disk."""
VACUUM_BYTES: Final = 8 * 1024 * 1024
"""Up to so much is copied at once, which is quicker; a file of an earlier release cannot be shrunk in steps at all."""

_TABLE: Final = """
create table if not exists outbox_shrunk (
    only integer primary key check (only = 1),
    times integer not null,
    pages integer not null
)
"""


@dataclass(frozen=True, slots=True)
class Shrunk:
    """How often the file was shrunk, the bytes that were left of it the last time, and those that it has now.

    The file itself has more until its log was copied to it.
    """

    times: int
    left_bytes: int
    bytes: int


@dataclass(frozen=True, slots=True)
class _Pages:
    """The pages of the file as the last commit left it: all, those that are free, and the bytes of one."""

    count: int
    free: int
    size: int

    @property
    def bytes(self) -> int:
        return self.count * self.size

    @property
    def free_bytes(self) -> int:
        return self.free * self.size

    @property
    def used_bytes(self) -> int:
        return self.bytes - self.free_bytes


def allow_shrinking(connection: sqlite3.Connection) -> None:
    """Make a file that can be shrunk in steps; before anything is written to it. To one that can be it would write the
    same again, for which a full disk has no room.
    """
    if _pragma(connection, "auto_vacuum") != INCREMENTAL:
        connection.execute("pragma auto_vacuum = incremental")


def shrunk(connection: sqlite3.Connection) -> Shrunk:
    """What those who have the file open too need to know of a file that has become shorter."""
    if connection.execute("select 1 from sqlite_master where name = 'outbox_shrunk'").fetchone() is None:
        return Shrunk(0, 0, 0)
    found = connection.execute(
        "select times, pages * page_size, page_count * page_size"
        " from outbox_shrunk, pragma_page_count, pragma_page_size"
    ).fetchone()
    return Shrunk(*found)


class Shrinking:
    """Used between two commits by the thread that commits."""

    def __init__(
        self,
        path: Path,
        connection: sqlite3.Connection,
        waiting_bytes: Callable[[], int],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path = path
        self._connection = connection
        self._waiting_bytes = waiting_bytes
        self._monotonic = monotonic
        self._much_since: float | None = None
        """By the monotonic clock, since when there has been more than the slack."""
        self._next_at = 0.0
        self._step_pages = FEWEST_PAGES
        self._has_room = True
        """Whether the disk had room for a copy of the whole, when that was last tried."""

    def poll(self) -> float:
        """Do a step if there is one to do; in how many seconds the next may be due."""
        now = self._monotonic()
        if now >= self._next_at:
            self._next_at = now + CALM_S  # Also where the step fails.
            is_at_work = self._step(now)
            took = self._monotonic() - now
            if is_at_work:
                self._next_at = now + took * (1 + REST)
        return max(0.0, self._next_at - self._monotonic())

    def _step(self, now: float) -> bool:
        """Whether there may be more to do at once. Where more waits to be sent than is free, most of what is free will
        be needed again.
        """
        pages, waiting_bytes = self._pages(), self._waiting_bytes()
        if pages.free_bytes > max(SLACK_BYTES, waiting_bytes):
            self._much_since = now if self._much_since is None else self._much_since
        elif pages.free_bytes <= max(LEFT_BYTES, waiting_bytes):
            self._much_since, self._has_room = None, True
        if self._much_since is not None:
            return now - self._much_since >= CALM_S and self._shrink(pages)
        return self._path.stat().st_size > pages.bytes and self._copy_log()

    def _shrink(self, pages: _Pages) -> bool:
        if pages.used_bytes <= VACUUM_BYTES and self._has_room:
            self._has_room = self._copy_whole()
            return True
        if not _pragma(self._connection, "auto_vacuum"):
            return False
        begun = self._monotonic()
        try:
            # Only as a script it takes more than one page: its rows have no columns, and nobody asks for the next.
            self._connection.executescript(f"begin immediate; pragma incremental_vacuum({self._step_pages})")
            self._note()
            self._connection.execute("commit")
        except sqlite3.Error:
            self._step_pages = FEWEST_PAGES
            if self._connection.in_transaction:
                self._connection.execute("rollback")
            raise
        is_quick = self._monotonic() - begun < STEP_S
        wanted = self._step_pages * 2 if is_quick else self._step_pages // 2
        self._step_pages = min(max(wanted, FEWEST_PAGES), MOST_PAGES)
        return True

    def _copy_whole(self) -> bool:
        """False where the disk has no room for it in the log: steps are small, and need none."""
        with transaction(self._connection):
            self._note(at_least="0")
        self._connection.execute("pragma temp_store = memory")
        try:
            self._connection.execute("vacuum")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_FULL:
                raise
            return False
        with transaction(self._connection):
            self._note()
        return True

    def _copy_log(self) -> bool:
        """The file becomes shorter once all of its log is copied to it; a reader may be in the way for a moment."""
        is_busy, frames, copied = self._connection.execute("pragma wal_checkpoint(passive)").fetchone()
        return not is_busy and frames == copied

    def _note(self, at_least: str = "(select page_count from pragma_page_count)") -> None:
        self._connection.execute(_TABLE)
        self._connection.execute(
            f"insert into outbox_shrunk values (1, 1, {at_least})"
            " on conflict (only) do update set times = times + 1, pages = excluded.pages"
        )

    def _pages(self) -> _Pages:
        return _Pages(*(_pragma(self._connection, name) for name in ("page_count", "freelist_count", "page_size")))


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"pragma {name}").fetchone()[0])
