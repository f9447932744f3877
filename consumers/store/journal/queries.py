"""Queries of the journal: for the log of the gateway, the system page and `why`."""

import sqlite3
from bisect import bisect_right
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path

from consumers.store.journal.query_types import DayRow, EventFilter, GapRow, Order, RejectedRow, StoredEvent, StreamRow
from consumers.store.journal.reader import OpenDays, Row
from consumers.store.journal.selection import marks, numbers_of, of_day, received_at
from producer.sqlite_files import size_of
from producer.times import DAY, micros, moment


class JournalQueries:
    """Read-only questions, for use from one thread at a time."""

    def __init__(self, directory: Path) -> None:
        self._days = OpenDays(directory)

    def close_removed(self) -> None:
        self._days.close_removed()

    def head(self) -> int:
        days = self.days()
        return days[-1].last if days else 0

    def select(self, wanted: EventFilter, limit: int = 100, order: Order = "asc") -> list[StoredEvent]:
        """Events by position. The next page after (or before) the last of them skips and repeats nothing."""
        rows: list[Row] = []
        for first, following, connection in self._between(wanted.after, wanted.before, order):
            # The bounds keep to this day even where the next one has begun since.
            bounds = (first, following if following is not None else 2**63 - 1)
            rows += of_day(connection, wanted, bounds, limit - len(rows), order)
            if len(rows) >= limit:
                break
        return [StoredEvent(position, moment(received), body) for position, received, body in rows]

    def arrived(
        self, after: int, span: tuple[datetime, datetime], holds: Callable[[str], bool], limit: int
    ) -> list[Row]:
        """The events received within the time range, of the sources that `holds` names, in positions after `after`."""
        start, end = span
        rows: list[Row] = []
        for _, day in self._days.list():
            # A day is that of the commit, which may come a moment after the arrival.
            near = start.date() - DAY <= day.date <= end.date() + DAY
            connection = self._days.connection(day) if near and len(rows) < limit else None
            if connection is not None:
                numbers = numbers_of(connection, "select stream, source from streams", holds)
                rows += connection.execute(
                    "select position, received, body from events where position > ? and received >= ? and received < ?"
                    f" and stream in ({marks(numbers)}) order by position limit ?",
                    (after, micros(start), micros(end), *numbers, limit - len(rows)),
                ).fetchall()
        return rows

    def find(self, event_id: str) -> StoredEvent | None:
        """The event with this id; the first one where a producer used it twice."""
        for connection in self._newest_first():
            row = connection.execute(
                "select position, received, body from events where id = ? order by position limit 1", (event_id,)
            ).fetchone()
            if row is not None:
                return StoredEvent(row[0], moment(row[1]), row[2])
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
            received = bisect_right(positions, micros(at), key=partial(received_at, connection))
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

    def streams_count(self) -> int:
        for connection in self._newest_first():
            (count,) = connection.execute("select count(*) from streams").fetchone()
            return int(count)
        return 0

    def active_streams(self, limit: int) -> list[StreamRow]:
        """The newest one of each source, then the second of each, and so on, however many one of them has.

        Of a source, what has an epoch comes before what has none.
        """
        for connection in self._newest_first():
            rows = connection.execute(
                "select source, epoch, watermark, received, gaps from ("
                " select *, row_number() over (partition by source order by epoch = '', received desc, stream desc)"
                " as turn from streams) order by turn, received desc, source limit ?",
                (limit,),
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
        """The number of messages rejected since the journal began, including those that are no longer kept."""
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
                rows.append(DayRow(day.date, first, first - 1 if last is None else last, size_of(day.path)))
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
