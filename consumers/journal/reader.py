"""Reads the journal in commit order, over the files of all its days."""

import sqlite3
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, get_type_hints

from bus_schemas.catalogue import MODELS
from bus_schemas.codec import read_stored
from bus_schemas.event import Event
from bus_schemas.upcasts import UPCASTS, upcast
from consumers.journal.days import Day, list_days, micros, moment, open_to_read
from consumers.journal.floor import read_floor
from consumers.journal.record import Batch, Recorded

Row = tuple[int, int, bytes]
"""Position, moment of arrival in microseconds, body."""


@cache
def stored_types(models: frozenset[type[Event]]) -> tuple[str, ...]:
    """The event types that are, or are upcast to, one of these models."""
    return tuple(name for name, model in MODELS.items() if _current(model) in models)


def _current(model: type[Event]) -> type[Event]:
    while (step := UPCASTS.get(model)) is not None:
        model = get_type_hints(step)["return"]
    return model


class OpenDays:
    """The files of the journal, opened when asked for; a day may vanish and a new one may appear at any time."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._open: dict[Path, sqlite3.Connection] = {}
        self._first: dict[Path, int] = {}
        self._inodes: dict[Path, int] = {}

    def list(self) -> list[tuple[int, Day]]:
        """The days that can be read, each with its first position, oldest first."""
        days = list_days(self.directory)
        for gone in self._open.keys() - {day.path for day in days}:
            self._forget(gone)
        if days:
            self._leave_a_lost_journal(days[-1].path)
        return [(first, day) for day in days if (first := self._first_position(day)) is not None]

    def _forget(self, path: Path) -> None:
        self._open.pop(path).close()
        self._first.pop(path, None)
        self._inodes.pop(path, None)

    def _leave_a_lost_journal(self, newest: Path) -> None:
        """Where another journal has taken the place of this one, its days have the same names."""
        known = self._inodes.get(newest)
        with suppress(FileNotFoundError):
            if known is not None and newest.stat().st_ino != known:
                for path in list(self._open):
                    self._forget(path)

    def connection(self, day: Day) -> sqlite3.Connection | None:
        """`None` where the day was dropped a moment ago."""
        known = self._open.get(day.path)
        if known is not None:
            return known
        try:
            opened = open_to_read(day.path)
        except sqlite3.OperationalError:
            if day.path.exists():
                raise
            return None
        self._open[day.path] = opened
        with suppress(FileNotFoundError):
            self._inodes[day.path] = day.path.stat().st_ino
        return opened

    def _first_position(self, day: Day) -> int | None:
        known = self._first.get(day.path)
        if known is not None:
            return known
        connection = self.connection(day)
        if connection is None:
            return None
        (first,) = connection.execute("select value from meta where key = 'first'").fetchone()
        self._first[day.path] = first
        return int(first)

    def close(self) -> None:
        for connection in self._open.values():
            connection.close()
        self._open.clear()


class SqliteJournalReader:
    """A `JournalReader` over the directory of the journal, for use from one thread at a time."""

    def __init__(self, directory: Path) -> None:
        self._days = OpenDays(directory)
        self._type_numbers: dict[tuple[Path, str], int] = {}

    def head(self) -> int:
        for first, day in reversed(self._days.list()):
            connection = self._days.connection(day)
            if connection is not None:
                return _last(connection, first)
        return 0

    def life(self) -> int:
        for _, day in reversed(self._days.list()):
            connection = self._days.connection(day)
            if connection is not None:
                row = connection.execute("select value from meta where key = 'life'").fetchone()
                return 0 if row is None else int(row[0])
        return 0

    def floor(self) -> int:
        """The first position that is kept, 1 where no day was dropped."""
        days = self._days.list()
        return days[0][0] if days else 1

    def latest_dropped(self) -> Mapping[str, int] | None:
        dropped = read_floor(self._days.directory)
        return dropped.latest if dropped.position >= self.floor() else None

    def span(self, start: datetime, end: datetime) -> tuple[int, int] | None:
        found: list[int] = []
        for _, day in self._days.list():
            connection = self._days.connection(day)
            if connection is not None:
                query = "select min(position), max(position) from events indexed by events_time"
                bounds = connection.execute(
                    f"{query} where time >= ? and time < ?", (micros(start), micros(end))
                ).fetchone()
                found += [position for position in bounds if position is not None]
        return (found[0], found[-1]) if found else None

    def read(self, after: int, models: Collection[type[Event]] | None = None, limit: int = 1000) -> Batch:
        rows, upto = self.read_rows(after, None if models is None else stored_types(frozenset(models)), limit)
        events = read_stored([body for _, _, body in rows])
        records = tuple(
            Recorded(position, moment(received), upcast(event))
            for (position, received, _), event in zip(rows, events, strict=True)
        )
        return Batch(records, upto)

    def read_rows(self, after: int, types: tuple[str, ...] | None, limit: int) -> tuple[list[Row], int]:
        """The stored rows of these event types, or of all, after a position; and the last position looked at."""
        rows: list[Row] = []
        upto = after
        # Listed before it is read: whatever has a later day beside it in this list was complete by then.
        days = self._days.list()
        for index, (first, day) in enumerate(days):
            following = days[index + 1][0] if index + 1 < len(days) else None
            if following is not None and following <= after + 1:
                continue
            connection = self._days.connection(day)
            if connection is None:
                continue
            found, last = self._read_day(connection, day.path, max(upto, first - 1), types, limit - len(rows))
            rows += found
            if len(rows) >= limit:
                return rows, rows[-1][0]
            upto = max(upto, last)
        return rows, upto

    def _read_day(
        self, connection: sqlite3.Connection, path: Path, after: int, types: tuple[str, ...] | None, limit: int
    ) -> tuple[list[Row], int]:
        wanted: list[Any] = []
        where = ""
        # One snapshot: an event that is committed between the two reads must not be passed over.
        connection.execute("begin")
        try:
            if types is not None:
                wanted = self._numbers(connection, path, types)
                where = f"and type in ({','.join('?' * len(wanted))})"
            rows = connection.execute(
                f"select position, received, body from events where position > ? {where} order by position limit ?",  # noqa: S608 - question marks only
                (after, *wanted, limit),
            ).fetchall()
            return rows, _last(connection, after + 1)
        finally:
            connection.execute("commit")

    def _numbers(self, connection: sqlite3.Connection, path: Path, types: Iterable[str]) -> list[int]:
        missing = [name for name in types if (path, name) not in self._type_numbers]
        if missing:
            for number, name in connection.execute("select type, name from types"):
                self._type_numbers[path, name] = number
        return [number for name in types if (number := self._type_numbers.get((path, name))) is not None]

    def close(self) -> None:
        self._days.close()


def _last(connection: sqlite3.Connection, first: int) -> int:
    (last,) = connection.execute("select max(position) from events").fetchone()
    return first - 1 if last is None else int(last)
