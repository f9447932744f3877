"""The days of a journal as they were at one moment, for checks that read their columns."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

from consumers.store.journal.days import list_days, open_to_read


class GapColumns(NamedTuple):
    """The columns of a gap event, and its body; `body` is `None` where there is no event there."""

    position: int
    first: int
    last: int
    cause: str
    body: bytes | None
    sequence: int | None


class EventColumns(NamedTuple):
    """An event as its columns have it; `time` and `received` in microseconds since 1970."""

    position: int
    source: str
    epoch: str
    sequence: int | None
    received: int
    type: str | None
    time: int
    id: str
    body: bytes


class OpenDay(Protocol):
    """One day as it was committed at one moment; ingest may go on writing.

    Streams have numbers, the same in all days that are read together.
    """

    @property
    def name(self) -> str: ...
    @property
    def first(self) -> int:
        """The position that its first event has, or will have."""
        ...

    def sources(self) -> dict[int, tuple[str, str]]:
        """Source and epoch of each stream; the epoch is empty where a device does not number its events."""
        ...

    def span(self) -> tuple[int, int, int] | None:
        """How many events there are, the first position and the last; nothing in an empty day."""
        ...

    def positions(self) -> Iterable[int]:
        """In their order."""
        ...

    def numbered(self) -> Iterable[tuple[int, int, int]]:
        """Stream, sequence and position of each event that has a sequence, in this order."""
        ...

    def unnumbered(self) -> int: ...
    def gaps(self) -> Iterable[GapColumns]: ...

    def watermarks(self) -> Iterable[tuple[int, int]]:
        """Each stream that is numbered, and how far it was confirmed at the end of the day."""
        ...

    def events(self) -> Iterable[EventColumns]:
        """In commit order."""
        ...


@dataclass(frozen=True, slots=True)
class StoredBody:
    """An event of one type as it lies there; `received` in microseconds since 1970."""

    position: int
    received: int
    body: bytes


@dataclass(frozen=True, slots=True)
class SqliteDay:
    """One file, read in one snapshot."""

    name: str
    first: int
    connection: sqlite3.Connection

    def sources(self) -> dict[int, tuple[str, str]]:
        found = self.connection.execute("select stream, source, epoch from streams")
        return {stream: (source, epoch) for stream, source, epoch in found}

    def span(self) -> tuple[int, int, int] | None:
        count, lowest, last = self.connection.execute(
            "select count(*), min(position), max(position) from events"
        ).fetchone()
        return (count, lowest, last) if count else None

    def positions(self) -> Iterable[int]:
        return (position for (position,) in self.connection.execute("select position from events order by position"))

    def numbered(self) -> Iterable[tuple[int, int, int]]:
        # In the order of an index: about a microsecond an event.
        return self.connection.execute(
            "select stream, sequence, position from events where sequence is not null"
            " order by stream, sequence, position"
        )

    def unnumbered(self) -> int:
        (count,) = self.connection.execute("select count(*) from events where sequence is null").fetchone()
        return int(count)

    def gaps(self) -> Iterable[GapColumns]:
        found = self.connection.execute(
            "select gaps.position, first, last, cause, body, sequence from gaps left join events using (position)"
        )
        return (GapColumns(*row) for row in found)

    def watermarks(self) -> Iterable[tuple[int, int]]:
        return self.connection.execute("select stream, watermark from streams where epoch <> ''")

    def events(self) -> Iterable[EventColumns]:
        sources, names = self.sources(), {number: name for name, number in self._types().items()}
        for position, stream, sequence, received, kind, time, event_id, body in self.connection.execute(
            "select position, stream, sequence, received, type, time, id, body from events order by position"
        ):
            source, epoch = sources.get(stream, ("?", "?"))
            yield EventColumns(position, source, epoch, sequence, received, names.get(kind), time, event_id, body)

    def bodies_of_type(self, event_type: str) -> Iterator[StoredBody]:
        """The events of one type."""
        number = self._types().get(event_type)
        if number is not None:
            query = "select position, received, body from events where type = ?"
            yield from (StoredBody(*row) for row in self.connection.execute(query, (number,)))

    def _types(self) -> dict[str, int]:
        return dict(self.connection.execute("select name, type from types"))


def each_day(directory: Path) -> Iterator[SqliteDay]:
    """Oldest first, one open at a time. A day that retention drops meanwhile is passed over."""
    for day in list_days(directory):
        with _reading(day.path) as connection:
            if connection is not None:
                (first,) = connection.execute("select value from meta where key = 'first'").fetchone()
                yield SqliteDay(day.path.stem, int(first), connection)


def bodies(directory: Path, event_type: str) -> Iterator[StoredBody]:
    for day in each_day(directory):
        yield from day.bodies_of_type(event_type)


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
