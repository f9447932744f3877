"""Questions about the journal: for the log of the gateway, the system page and `why`."""

import sqlite3
from bisect import bisect_right
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Literal

from bus_schemas.event import place
from consumers.journal.days import Day, micros, moment
from consumers.journal.reader import OpenDays, Row

Order = Literal["asc", "desc"]

FEW = 20_000
OLDEST = -(2**62)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which events: positions between `after` and `before` (both excluded), event times from `start` to before `end`.

    `types` are full names (`watchpost.detection.v1`).
    """

    after: int | None = None
    before: int | None = None
    start: datetime | None = None
    end: datetime | None = None
    source: str | None = None
    site: str | None = None
    device: str | None = None
    types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stored:
    """An event as it lies in the journal."""

    position: int
    received: datetime
    body: bytes


@dataclass(frozen=True, slots=True)
class StreamRow:
    """`sequence` is the watermark; it is 0, and `epoch` is `None`, for a device that does not number its events."""

    source: str
    epoch: str | None
    sequence: int
    last_received: datetime
    gaps: int


@dataclass(frozen=True, slots=True)
class GapRow:
    position: int
    source: str
    first: int
    last: int
    count: int
    cause: str
    time: datetime


@dataclass(frozen=True, slots=True)
class RejectedRow:
    id: int
    received: datetime
    topic: str
    reason: str
    size: int
    body: bytes


@dataclass(frozen=True, slots=True)
class DayRow:
    """`last` is `first - 1` in a day without events."""

    date: date
    first: int
    last: int
    bytes: int


class JournalQueries:
    """Read-only questions, for use from one thread at a time."""

    def __init__(self, directory: Path) -> None:
        self._days = OpenDays(directory)

    def head(self) -> int:
        days = self.days()
        return days[-1].last if days else 0

    def select(self, wanted: Filter, limit: int = 100, order: Order = "asc") -> list[Stored]:
        """Events by position. Whoever goes on after (or before) the last of them skips and repeats nothing."""
        rows: list[Row] = []
        for first, following, connection in self._between(wanted.after, wanted.before, order):
            # The bounds keep to this day even where the next one has begun since.
            bounds = (first, following if following is not None else 2**63 - 1)
            with _snapshot(connection):
                rows += _of_day(connection, wanted, bounds, limit - len(rows), order)
            if len(rows) >= limit:
                break
        return [Stored(position, moment(received), body) for position, received, body in rows]

    def arrived(
        self, after: int, span: tuple[datetime, datetime], holds: Callable[[str], bool], limit: int
    ) -> list[Row]:
        """What was received within the span, of the sources that `holds` names, in positions after `after`."""
        start, end = span
        rows: list[Row] = []
        for _, day in self._days.list():
            # A day is that of the commit, which may come a moment after the arrival.
            near = start.date() - _DAY <= day.date <= end.date() + _DAY
            connection = self._days.connection(day) if near and len(rows) < limit else None
            if connection is not None:
                numbers = _numbers(connection, "select stream, source from streams", holds)
                rows += connection.execute(
                    "select position, received, body from events where position > ? and received >= ? and received < ?"  # noqa: S608 - question marks only
                    f" and stream in ({_marks(numbers)}) order by position limit ?",
                    (after, micros(start), micros(end), *numbers, limit - len(rows)),
                ).fetchall()
        return rows

    def find(self, event_id: str) -> Stored | None:
        """The event with this id; the first one where a producer used it twice."""
        for connection in self._newest_first():
            row = connection.execute(
                "select position, received, body from events where id = ? order by position limit 1", (event_id,)
            ).fetchone()
            if row is not None:
                return Stored(row[0], moment(row[1]), row[2])
        return None

    def position_at(self, at: datetime) -> int:
        """The last position that had been received at this moment, itself included; before all of them, one less
        than the first that is kept, which is 0 in a whole journal.

        Found by halving, for `received` grows with the position. Where the hub's clock was set back over `at`, it is
        the last position before one of the places where the clock passed that moment.
        """
        before = 0
        for first, _, connection in self._between(None, None, "desc"):
            before = first - 1
            (last,) = connection.execute("select max(position) from events").fetchone()
            positions = range(first, first if last is None else last + 1)
            received = bisect_right(positions, micros(at), key=partial(_received, connection))
            if received:
                return positions[received - 1]
        return before

    def streams(self) -> list[StreamRow]:
        for connection in self._newest_first():
            rows = connection.execute(
                "select source, epoch, watermark, received, gaps from streams order by source, received"
            )
            return [StreamRow(source, epoch or None, mark, moment(at), gaps) for source, epoch, mark, at, gaps in rows]
        return []

    def gaps(self, limit: int = 100) -> list[GapRow]:
        """The newest first."""
        found: list[GapRow] = []
        for connection in self._newest_first():
            rows = connection.execute(
                "select position, source, first, last, count, cause, time from gaps join streams using (stream)"
                " order by position desc limit ?",
                (limit - len(found),),
            )
            found += [
                GapRow(position, source, lowest, highest, count, cause, moment(time))
                for position, source, lowest, highest, count, cause, time in rows
            ]
            if len(found) >= limit:
                break
        return found

    def rejected(self, limit: int = 100) -> list[RejectedRow]:
        """The newest first."""
        found: list[RejectedRow] = []
        for connection in self._newest_first():
            rows = connection.execute(
                "select id, received, topic, reason, size, body from rejected order by id desc limit ?",
                (limit - len(found),),
            )
            found += [RejectedRow(number, moment(at), *rest) for number, at, *rest in rows]
            if len(found) >= limit:
                break
        return found

    def rejected_count(self) -> int:
        """How many were rejected since the journal began, also those that are not kept any more."""
        for connection in self._newest_first():
            (count,) = connection.execute("select value from meta where key = 'rejected'").fetchone()
            return int(count)
        return 0

    def days(self) -> list[DayRow]:
        """Oldest first."""
        rows = []
        for first, day in self._days.list():
            connection = self._days.connection(day)
            if connection is not None:
                (last,) = connection.execute("select max(position) from events").fetchone()
                rows.append(DayRow(day.date, first, first - 1 if last is None else last, _size(day)))
        return rows

    def close(self) -> None:
        self._days.close()

    def _newest_first(self) -> Iterator[sqlite3.Connection]:
        for _, day in reversed(self._days.list()):
            connection = self._days.connection(day)
            if connection is not None:
                yield connection

    def _between(
        self, after: int | None, before: int | None, order: Order
    ) -> Iterator[tuple[int, int | None, sqlite3.Connection]]:
        """The days that hold positions between these, each with its first position and that of the day after it."""
        days = self._days.list()
        followings = [*(first for first, _ in days[1:]), None][: len(days)]
        spans = list(zip(days, followings, strict=True))
        for (first, day), following in spans if order == "asc" else reversed(spans):
            too_old = after is not None and following is not None and following <= after + 1
            too_new = before is not None and first >= before
            connection = None if too_old or too_new else self._days.connection(day)
            if connection is not None:
                yield first, following, connection


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


def _of_day(
    connection: sqlite3.Connection, wanted: Filter, bounds: tuple[int, int], limit: int, order: Order
) -> list[Row]:
    where, values = _condition(connection, wanted)
    table = "events" if not _are_few(connection, wanted) else "events indexed by events_time"
    query = (
        f"select position, received, body from {table} where position >= ? and position < ?"  # noqa: S608 - question marks only
        f"{where} order by position {order} limit ?"
    )
    return connection.execute(query, [*bounds, *values, limit]).fetchall()


def _received(connection: sqlite3.Connection, position: int) -> int:
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
        numbers = _numbers(connection, "select type, name from types", lambda name: name in wanted.types)
        where, values = f"{where} and type in ({_marks(numbers)})", values + numbers
    if wanted.source or wanted.site or wanted.device:
        numbers = _numbers(connection, "select stream, source from streams", _source_test(wanted))
        where, values = f"{where} and stream in ({_marks(numbers)})", values + numbers
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


def _source_test(wanted: Filter) -> Callable[[str], bool]:
    def matches(source: str) -> bool:
        site, device = place(source)
        return wanted.source in (None, source) and wanted.site in (None, site) and wanted.device in (None, device)

    return matches


def _numbers(connection: sqlite3.Connection, query: str, matches: Callable[[str], bool]) -> list[int]:
    return [number for number, name in connection.execute(query) if matches(name)]


def _marks(values: list[int]) -> str:
    return ",".join("?" * len(values))


def _size(day: Day) -> int:
    """Bytes on disk, with what is still in the write-ahead log; 0 where the day was dropped a moment ago."""
    total = 0
    for path in (day.path, Path(f"{day.path}-wal")):
        with suppress(FileNotFoundError):
            total += path.stat().st_size
    return total
