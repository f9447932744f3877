"""Writes a day of a journal on a server into a file, as a hub in files has it, and carries its streams to the next."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple, Protocol

import msgspec

from bus_schemas.catalogue import type_of
from bus_schemas.node import GapEvent
from consumers.store.journal.day_reader import EventColumns, OpenDay
from consumers.store.journal.days import create_day, open_to_read, open_to_write
from consumers.store.journal.writing import StreamKey
from producer.sqlite_files import remove_database
from producer.transaction import transaction

CARRIED: Final = "carried.sqlite"
PREVIOUS: Final = "previous.sqlite"
ROWS: Final = 5000


class PreviousDay(Protocol):
    """Fetches the file of the day that was copied last; false where no day was."""

    def __call__(self, path: Path) -> bool: ...


class _FiledGap(msgspec.Struct):
    first: int
    last: int
    count: int
    cause: str


class _FiledGapBody(msgspec.Struct):
    data: _FiledGap


_gap = msgspec.json.Decoder(_FiledGapBody)


def write_day(day: OpenDay, directory: Path, previous: PreviousDay) -> Path:
    """The file of the day. Numbers of streams and types are those of the day before, so days are written in order."""
    directory.mkdir(parents=True, exist_ok=True)
    with closing(_before(day.first, directory, previous)) as before:
        path = create_day(directory, date.fromisoformat(day.name), day.first, before.connection)
    with closing(open_to_write(path)) as connection, transaction(connection) as opened:
        _DayRows(opened).write(day)
    return path


def carry_on(path: Path) -> None:
    """Keep of a day what the next one goes on with, and remove the rest."""
    directory = path.parent / "next"
    directory.mkdir(exist_ok=True)
    with closing(open_to_read(path)) as day:
        (last,) = day.execute(
            "select coalesce(max(position), (select value - 1 from meta where key = 'first')) from events"
        ).fetchone()
        carried = create_day(directory, date.fromisoformat(path.stem), last + 1, day)
    with closing(sqlite3.connect(carried)) as file:
        file.execute("pragma journal_mode = delete")
    carried.replace(path.parent / CARRIED)
    directory.rmdir()
    remove_database(path)


class _DayBefore(NamedTuple):
    connection: sqlite3.Connection | None

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()


def _before(first: int, directory: Path, previous: PreviousDay) -> _DayBefore:
    """The streams before a position; where that was lost, the day in the bucket says it."""
    with suppress(sqlite3.DatabaseError):  # It may be gone, or cut off by a power cut.
        carried = open_to_read(directory / CARRIED)
        try:
            is_next = carried.execute("select value from meta where key = 'first'").fetchone() == (first,)
        except sqlite3.DatabaseError:
            carried.close()
            raise
        if is_next:
            return _DayBefore(carried)
        carried.close()
    fetched = directory / PREVIOUS
    if not previous(fetched):
        return _DayBefore(None)
    opened = open_to_read(fetched)
    # It stays readable for who has it open.
    fetched.unlink()
    return _DayBefore(opened)


class _DayRows:
    """The tables of one day."""

    def __init__(self, day: sqlite3.Connection) -> None:
        self._day = day
        self._types: dict[str, int] = dict(day.execute("select name, type from types"))
        self._streams: dict[StreamKey, int] = {
            (source, epoch): stream
            for stream, source, epoch in day.execute("select stream, source, epoch from streams")
        }

    def write(self, day: OpenDay) -> None:
        rows = iter(day.events())
        while some := list(islice(rows, ROWS)):
            self._day.executemany("insert into events values (?, ?, ?, ?, ?, ?, ?, ?)", self._numbered(some))
        sources = day.sources()
        self._day.executemany(
            "update streams set watermark = max(watermark, ?) where stream = ?",
            [(watermark, self._stream(sources[stream], 0)) for stream, watermark in day.watermarks()],
        )

    def _numbered(self, events: Iterable[EventColumns]) -> Iterator[tuple[object, ...]]:
        for one in events:
            kind, stream = self._type(one.type or ""), self._stream((one.source, one.epoch), one.received)
            if one.type == type_of(GapEvent):
                self._add_gap(stream, one)
            yield one.position, stream, one.sequence, kind, one.time, one.received, one.id, one.body

    def _add_gap(self, stream: int, event: EventColumns) -> None:
        gap = _gap.decode(event.body).data
        row = (event.position, stream, gap.first, gap.last, gap.count, gap.cause, event.time)
        self._day.execute("insert into gaps values (?, ?, ?, ?, ?, ?, ?)", row)
        self._day.execute("update streams set gaps = gaps + 1 where stream = ?", (stream,))

    def _type(self, name: str) -> int:
        number = self._types.get(name)
        if number is None:
            number = self._types[name] = len(self._types) + 1
            self._day.execute("insert into types values (?, ?)", (number, name))
        return number

    def _stream(self, key: StreamKey, received: int) -> int:
        number = self._streams.get(key)
        if number is None:
            number = self._streams[key] = len(self._streams) + 1
            self._day.execute("insert into streams values (?, ?, ?, 0, ?, 0)", (number, *key, received))
        else:
            self._day.execute("update streams set received = max(received, ?) where stream = ?", (received, number))
        return number
