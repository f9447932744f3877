"""Reads the journal in commit order, over the files of all its days."""

import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, get_type_hints

from bus_schemas.catalogue import MODELS
from bus_schemas.event import Event
from bus_schemas.upcasts import UPCASTS
from consumers.store.journal.days import Day, DayList, open_to_read
from consumers.store.journal.record import Batch, Recorded
from consumers.store.journal.retention_floor import read_floor
from consumers.store.journal.row_mapping import COLUMNS, RowMapping
from producer.file_identity import Identity, identity
from producer.time_budget import require_time, watch
from producer.times import micros

Row = tuple[int, int, bytes]
"""Position, moment of arrival in microseconds, body."""

Take = Callable[[RowMapping, list[Any]], None]


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
        self._day_list = DayList(directory)
        self._days: Sequence[Day] = ()
        self._open: dict[Path, sqlite3.Connection] = {}
        self._first: dict[Path, int] = {}
        self._identities: dict[Path, Identity | None] = {}
        self._row_mappings: dict[Path, RowMapping] = {}
        self._lives: dict[Path, int] = {}

    def list(self) -> list[tuple[int, Day]]:
        """The days that can be read, each with its first position, oldest first."""
        days = self._there()
        return [(first, day) for day in days if (first := self._first_position(day)) is not None]

    def close_removed(self) -> None:
        """Close the days that were dropped, so that their bytes are given back."""
        self._there()

    def _there(self) -> Sequence[Day]:
        days = self._day_list.read()
        if days is not self._days:
            self._forget_all_but(days)
            self._days = days
        if days:
            self._leave_a_lost_journal(days[-1].path)
        return days

    def _forget_all_but(self, days: Sequence[Day]) -> None:
        for gone in self._open.keys() - {day.path for day in days}:
            self._forget(gone)

    def _forget(self, path: Path) -> None:
        self._open.pop(path).close()
        self._first.pop(path, None)
        self._identities.pop(path, None)
        self._row_mappings.pop(path, None)
        self._lives.pop(path, None)

    def _leave_a_lost_journal(self, newest: Path) -> None:
        """Where another journal has taken the place of this one, its days have the same names."""
        if newest in self._open and identity(newest) != self._identities.get(newest):
            for path in list(self._open):
                self._forget(path)

    def connection(self, day: Day) -> sqlite3.Connection | None:
        """`None` where the day was dropped a moment ago."""
        known = self._open.get(day.path)
        if known is not None:
            return known
        now = identity(day.path)
        try:
            opened = watch(open_to_read(day.path))
        except sqlite3.OperationalError:
            if day.path.exists():
                raise
            return None
        self._open[day.path], self._identities[day.path] = opened, now
        return opened

    def row_mapping(self, day: Day, connection: sqlite3.Connection) -> RowMapping:
        """The mapping of the numbers of this day, kept with the connection to it."""
        known = self._row_mappings.get(day.path)
        if known is None:
            known = self._row_mappings[day.path] = RowMapping(connection)
        return known

    def journal_id(self, day: Day, connection: sqlite3.Connection) -> int:
        """The id of the journal that this connection to the day reads, asked once for each. 0 where nobody knows."""
        known = self._lives.get(day.path)
        if known is None:
            row = connection.execute("select value from meta where key = 'life'").fetchone()
            known = self._lives[day.path] = 0 if row is None else int(row[0])
        return known

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
        self._row_mappings.clear()


class SqliteJournalReader:
    """A `JournalReader` over the directory of the journal, for use from one thread at a time."""

    def __init__(self, directory: Path) -> None:
        self._days = OpenDays(directory)

    def head(self) -> int:
        for first, day in reversed(self._days.list()):
            connection = self._days.connection(day)
            if connection is not None:
                return _last(connection, first)
        return 0

    def journal_id(self) -> int:
        for _, day in reversed(self._days.list()):
            connection = self._days.connection(day)
            if connection is not None:
                return self._days.journal_id(day, connection)
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
        require_time()
        records: list[Recorded] = []
        types = None if models is None else stored_types(frozenset(models))
        upto = self._each_day(
            _Wanted(COLUMNS, types, limit), after, lambda day, rows: records.extend(day.records(rows))
        )
        return Batch(tuple(records), upto)

    def close_removed(self) -> None:
        self._days.close_removed()

    def _each_day(self, wanted: "_Wanted", after: int, take: Take) -> int:
        """Hand on what each day has after a position, at most as many rows as wanted; the last position looked at."""
        upto, left = after, wanted.limit
        # Listed before it is read: whatever has a later day beside it in this list was complete by then.
        days = self._days.list()
        for index, (first, day) in enumerate(days):
            following = days[index + 1][0] if index + 1 < len(days) else None
            if following is not None and following <= after + 1:
                continue
            connection = self._days.connection(day)
            if connection is None:
                continue
            mapping = self._days.row_mapping(day, connection)
            rows, last = wanted.read(connection, mapping, max(upto, first - 1), left)
            take(mapping, rows)
            left -= len(rows)
            if left <= 0:
                return int(rows[-1][0])
            upto = max(upto, last)
        return upto

    def close(self) -> None:
        self._days.close()


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The columns that a read selects, of events of these types; of all types where none is named."""

    columns: str
    types: tuple[str, ...] | None
    limit: int

    def read(self, day: sqlite3.Connection, mapping: RowMapping, after: int, limit: int) -> tuple[list[Any], int]:
        """Rows of one day, and the last position there is."""
        # One snapshot: an event that is committed between the two reads must not be passed over.
        day.execute("begin")
        try:
            numbers = None if self.types is None else mapping.numbers(self.types)
            return self._rows(day, numbers, after, limit), _last(day, after + 1)
        finally:
            day.execute("commit")

    def _rows(self, day: sqlite3.Connection, numbers: list[int] | None, after: int, limit: int) -> list[Any]:
        """Select the types of these numbers, or all."""
        if numbers is None:
            where, values = "", [after, limit]
        elif numbers:
            where, values = f"and type in ({','.join('?' * len(numbers))})", [after, *numbers, limit]
        else:
            return []
        query = f"select {self.columns} from events where position > ? {where} order by position limit ?"
        return day.execute(query, values).fetchall()


def _last(connection: sqlite3.Connection, first: int) -> int:
    (last,) = connection.execute("select max(position) from events").fetchone()
    return first - 1 if last is None else int(last)
