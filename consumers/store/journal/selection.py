"""Queries of one file of the journal: events by source, type, time and position."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from consumers.store.journal.query_types import EventFilter, Order
from consumers.store.journal.reader import Row
from producer.times import micros

FEW = 20_000
OLDEST = -(2**62)


def of_day(
    connection: sqlite3.Connection, wanted: EventFilter, bounds: tuple[int, int], limit: int, order: Order
) -> list[Row]:
    """In the order of positions, of which `bounds` are the first and, excluded, the last."""
    with _snapshot(connection):
        where, values = _condition(connection, wanted)
        first, end = _narrowed(wanted, bounds)
        table = "events"
        if _is_timed(wanted):
            if _are_few(connection, wanted):
                table = "events indexed by events_time"
            elif (first, end) == bounds:
                first, end = _positions_of(connection, wanted, bounds)
        query = (
            f"select position, received, body from {table} where position >= ? and position < ?"
            f"{where} order by position {order} limit ?"
        )
        return connection.execute(query, [first, end, *values, limit]).fetchall()


def _narrowed(wanted: EventFilter, bounds: tuple[int, int]) -> tuple[int, int]:
    """One condition for each end: of two, SQLite begins at the first, however far before the second that is."""
    first, end = bounds
    return (
        # No larger than the end: SQLite takes no number beyond that of the last position that there can be.
        first if wanted.after is None else max(first, min(wanted.after + 1, end)),
        end if wanted.before is None else min(end, wanted.before),
    )


def _positions_of(connection: sqlite3.Connection, wanted: EventFilter, bounds: tuple[int, int]) -> tuple[int, int]:
    """Between which positions the events of a time range lie, from an index alone.

    Only the first page of a day asks for it: those after it begin where that one ended.
    """
    lowest, highest = connection.execute(
        "select min(position), max(position) from events indexed by events_time where time >= ? and time < ?",
        _times(wanted),
    ).fetchone()
    return bounds if lowest is None else (max(bounds[0], lowest), min(bounds[1], highest + 1))


def received_at(connection: sqlite3.Connection, position: int) -> int:
    """The time of the event there, or of the next in a file that has lost it; there is one at or after `position`."""
    query = "select received from events where position >= ? order by position limit 1"
    return int(connection.execute(query, (position,)).fetchone()[0])


def _condition(connection: sqlite3.Connection, wanted: EventFilter) -> tuple[str, list[Any]]:
    """The part of `where` after the positions, and its values."""
    parts: list[tuple[str, Any]] = []
    if wanted.start is not None:
        parts.append(("time >= ?", micros(wanted.start)))
    if wanted.end is not None:
        parts.append(("time < ?", micros(wanted.end)))
    where = "".join(f" and {text}" for text, _ in parts)
    values = [value for _, value in parts]
    if wanted.types:
        numbers = numbers_of(connection, "select type, name from types", lambda name: name in wanted.types)
        where, values = f"{where} and type in ({marks(numbers)})", values + numbers
    if wanted.is_of_some_sources:
        numbers = numbers_of(connection, "select stream, source from streams", wanted.holds)
        where, values = f"{where} and stream in ({marks(numbers)})", values + numbers
    return where, values


def _is_timed(wanted: EventFilter) -> bool:
    return wanted.start is not None or wanted.end is not None


def _times(wanted: EventFilter) -> tuple[int, int]:
    start = OLDEST if wanted.start is None else micros(wanted.start)
    end = -OLDEST if wanted.end is None else micros(wanted.end)
    return start, end


def _are_few(connection: sqlite3.Connection, wanted: EventFilter) -> bool:
    """Whether the time range holds so few events that they are better sorted than looked for by position."""
    (count,) = connection.execute(
        "select count(*) from (select 1 from events where time >= ? and time < ? limit ?)", (*_times(wanted), FEW)
    ).fetchone()
    return int(count) < FEW


def numbers_of(connection: sqlite3.Connection, query: str, matches: Callable[[str], bool]) -> list[int]:
    return [number for number, name in connection.execute(query) if matches(name)]


def marks(values: list[int]) -> str:
    return ",".join("?" * len(values))


@contextmanager
def _snapshot(connection: sqlite3.Connection) -> Iterator[None]:
    """One moment for all reads: the first event of a new stream or type, committed between looking for the numbers that
    are meant and looking for events, would be passed over where a later one is found.
    """
    connection.execute("begin")
    try:
        yield
    finally:
        connection.execute("commit")
