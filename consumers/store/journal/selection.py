"""The events of one file of the journal that somebody asks for."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from consumers.store.journal.answers import Filter, Order
from consumers.store.journal.reader import Row
from producer.times import micros

FEW = 20_000
OLDEST = -(2**62)


def of_day(
    connection: sqlite3.Connection, wanted: Filter, bounds: tuple[int, int], limit: int, order: Order
) -> list[Row]:
    """In the order of positions, of which `bounds` are the first and, excluded, the last."""
    with _snapshot(connection):
        where, values = _condition(connection, wanted)
        table = "events" if not _are_few(connection, wanted) else "events indexed by events_time"
        query = (
            f"select position, received, body from {table} where position >= ? and position < ?"  # noqa: S608 - question marks only
            f"{where} order by position {order} limit ?"
        )
        return connection.execute(query, [*bounds, *values, limit]).fetchall()


def received_at(connection: sqlite3.Connection, position: int) -> int:
    """Of the event there, or of the next one in a file that has lost it; there is one at or after `position`."""
    query = "select received from events where position >= ? order by position limit 1"
    return int(connection.execute(query, (position,)).fetchone()[0])


def _condition(connection: sqlite3.Connection, wanted: Filter) -> tuple[str, list[Any]]:
    """The part of `where` after the first condition, and its values."""
    parts: list[tuple[str, Any]] = []
    if wanted.after is not None:
        parts.append(("position > ?", wanted.after))
    if wanted.before is not None:
        parts.append(("position < ?", wanted.before))
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


def _are_few(connection: sqlite3.Connection, wanted: Filter) -> bool:
    """Whether the stretch of time holds so few events that they are better sorted than looked for by position."""
    if wanted.start is None and wanted.end is None:
        return False
    start = OLDEST if wanted.start is None else micros(wanted.start)
    end = -OLDEST if wanted.end is None else micros(wanted.end)
    (count,) = connection.execute(
        "select count(*) from (select 1 from events where time >= ? and time < ? limit ?)", (start, end, FEW)
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
