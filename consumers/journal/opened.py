"""The days of a journal as one moment saw them, for checks that read their columns."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from consumers.journal.days import list_days, open_to_read


@dataclass(frozen=True, slots=True)
class OpenDay:
    """One file, read in one snapshot; ingest may go on writing."""

    name: str
    first: int
    connection: sqlite3.Connection

    def types(self) -> dict[str, int]:
        return dict(self.connection.execute("select name, type from types"))

    def sources(self) -> dict[int, tuple[str, str]]:
        """Source and epoch of each stream; the epoch is empty where a device does not number its events."""
        found = self.connection.execute("select stream, source, epoch from streams")
        return {stream: (source, epoch) for stream, source, epoch in found}


def each_day(directory: Path) -> Iterator[OpenDay]:
    """Oldest first, one open at a time. A day that retention drops meanwhile is passed over."""
    for day in list_days(directory):
        with _reading(day.path) as connection:
            if connection is not None:
                (first,) = connection.execute("select value from meta where key = 'first'").fetchone()
                yield OpenDay(day.path.stem, int(first), connection)


@dataclass(frozen=True, slots=True)
class Told:
    """An event of one type as it lies there; `received` in microseconds since 1970."""

    position: int
    received: int
    body: bytes


def bodies(directory: Path, event_type: str) -> Iterator[Told]:
    query = "select position, received, body from events where type = ?"
    for day in each_day(directory):
        number = day.types().get(event_type)
        if number is not None:
            yield from (Told(*row) for row in day.connection.execute(query, (number,)))


@contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection | None]:
    try:
        connection = open_to_read(path)
    except sqlite3.OperationalError:
        if path.exists():
            raise
        yield None
        return
    try:
        connection.execute("begin")
        yield connection
    finally:
        connection.close()
