"""The files of the journal, one a UTC day of commit, and the tables in each."""

import os
import secrets
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from urllib.parse import quote

from producer.sqlite_files import files_beside, remove_database
from producer.whole_file import sync_directory

BUSY_S = 10.0

# Streams keep their number, watermark and counts from day to day, so that what is known of a stream commits together
# with its events. `first` is the position that the first event of the file has, or will have. `life` tells this journal
# from one that was lost and begun again, whose positions mean other events.
SCHEMA = """
create table meta (key text primary key, value integer not null) without rowid;
create table streams (
    stream    integer primary key,
    source    text not null,
    epoch     text not null,
    watermark integer not null,
    received  integer not null,
    gaps      integer not null,
    unique (source, epoch)
);
create table types (type integer primary key, name text not null unique);
create table events (
    position integer primary key,
    stream   integer not null,
    sequence integer,
    type     integer not null,
    time     integer not null,
    received integer not null,
    id       text not null,
    body     blob not null
);
create unique index events_sequence on events (stream, sequence) where sequence is not null;
create unique index events_foreign on events (stream, id) where sequence is null;
create index events_id on events (id);
create index events_time on events (time);
create table gaps (
    position integer primary key,
    stream   integer not null,
    first    integer not null,
    last     integer not null,
    count    integer not null,
    cause    text not null,
    time     integer not null
);
create table rejected (
    id       integer primary key,
    received integer not null,
    topic    text not null,
    reason   text not null,
    size     integer not null,
    body     blob not null
);
"""


_SUFFIX = ".sqlite"
_NAME_LENGTH = len("2026-01-05.sqlite")


@dataclass(frozen=True, slots=True, order=True)
class Day:
    """One file of the journal."""

    date: date
    path: Path


def list_days(directory: Path) -> list[Day]:
    """The days there are, oldest first."""
    found = []
    with suppress(FileNotFoundError):
        for name in os.listdir(directory):  # noqa: PTH208 - a quarter of the time of paths
            if len(name) == _NAME_LENGTH and name.endswith(_SUFFIX):
                with suppress(ValueError):
                    found.append(Day(date.fromisoformat(name[: -len(_SUFFIX)]), directory / name))
    return sorted(found)


class DayList:
    """The days there are, for a reader that asks at every look: read again where the directory has changed.

    A change leaves a moment on the directory, which ticks every few milliseconds. Two changes in one tick look like
    one; so what is listed is believed only once that moment has been seen for longer than a tick.
    """

    def __init__(self, directory: Path, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._directory = directory
        self._monotonic = monotonic
        self._days: list[Day] = []
        self._state: tuple[int, ...] | None = None
        self._seen_at = 0.0
        self._is_settled = False

    def read(self) -> Sequence[Day]:
        """Oldest first."""
        state, now = _state_of(self._directory), self._monotonic()
        if state != self._state:
            self._state, self._seen_at, self._is_settled = state, now, False
        if not self._is_settled:
            self._days = list_days(self._directory)
            self._is_settled = now - self._seen_at > _TICK_S
        return self._days


_TICK_S = 0.05


def _state_of(directory: Path) -> tuple[int, ...] | None:
    """The identity of the directory, and when an entry in it was last made, renamed or removed."""
    try:
        found = os.stat(directory)  # noqa: PTH116 - asked at every look, at half the cost of a path
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_ctime_ns


def day_path(directory: Path, day: date) -> Path:
    return directory / f"{day.isoformat()}.sqlite"


def open_to_write(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = full")
    connection.execute("pragma wal_autocheckpoint = 4000")
    return connection


def open_to_read(path: Path) -> sqlite3.Connection:
    """Raises `sqlite3.OperationalError` where the file is gone."""
    connection = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=BUSY_S, isolation_level=None)
    try:
        connection.execute("pragma mmap_size = 1073741824")
        connection.execute("select value from meta where key = 'first'")
    except sqlite3.OperationalError:
        connection.close()
        raise
    return connection


def create_day(
    directory: Path, day: date, first: int, before: sqlite3.Connection | None, *, is_another: bool = False
) -> Path:
    """Make the file of a day, complete under its name or not at all, with what the day before knew of its streams.

    With `is_another` a journal begins with it that is not the one of the day before.
    """
    path, draft = day_path(directory, day), directory / f".{day.isoformat()}.draft"
    for leftover in directory.glob(f"{draft.name}*"):
        leftover.unlink()
    connection = sqlite3.connect(draft, isolation_level=None)
    try:
        connection.execute("pragma synchronous = full")
        connection.executescript(f"begin;{SCHEMA}commit;")
        connection.execute("begin")
        connection.execute("insert into meta values ('first', ?), ('rejected', 0)", (first,))
        if before is not None:
            _carry_forward(before, connection)
        if before is None or is_another:
            connection.execute("insert or replace into meta values ('life', ?)", (1 + secrets.randbits(62),))
        if before is None:
            connection.execute("insert into meta select 'origin', value from meta where key = 'life'")
        connection.execute("commit")
        connection.execute("pragma journal_mode = wal")
    finally:
        connection.close()
    for stale in files_beside(path):
        # Of a file of this name that was removed without them; they would be read as the log of this one.
        stale.unlink(missing_ok=True)
    draft.rename(path)
    sync_directory(directory)
    return path


_OF_JOURNAL = "select * from meta where key in ('life', 'origin')"
"""Its id, and the id with which it began: a journal that is restored has another id, and the same origin."""


def _carry_forward(before: sqlite3.Connection, after: sqlite3.Connection) -> None:
    after.executemany("insert into streams values (?, ?, ?, ?, ?, ?)", before.execute("select * from streams"))
    after.executemany("insert into types values (?, ?)", before.execute("select * from types"))
    after.executemany("insert into meta values (?, ?)", before.execute(_OF_JOURNAL))
    after.execute(
        "update meta set value = ? where key = 'rejected'",
        before.execute("select value from meta where key = 'rejected'").fetchone(),
    )


@dataclass(frozen=True, slots=True)
class DroppedDay:
    """A day of the journal that is gone, or is to go: its bytes, and its positions (`last` is `first - 1` in an empty
    one).
    """

    date: date
    bytes: int
    first: int
    last: int

    @property
    def count(self) -> int:
        """Events."""
        return self.last - self.first + 1


def remove(day: Day) -> int:
    """Delete the files of a day; the bytes that this frees."""
    return remove_database(day.path)
