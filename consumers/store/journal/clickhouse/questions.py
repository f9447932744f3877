"""Queries of the journal on ClickHouse: for the log of the gateway, the system page and `why`."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from heapq import nsmallest

from bus_schemas.codec import read_stored
from bus_schemas.node import GapEvent
from bus_schemas.upcasts import upcast
from consumers.store.clickhouse.engine import OpenEngine, Parameter
from consumers.store.journal.clickhouse import summary
from consumers.store.journal.clickhouse.connection import JournalConnection
from consumers.store.journal.clickhouse.log import Condition, Log, both, one_of
from consumers.store.journal.clickhouse.tables import day_of
from consumers.store.journal.query_types import DayRow, EventFilter, GapRow, Order, RejectedRow, StoredEvent, StreamRow
from consumers.store.journal.reader import Row
from consumers.store.journal.writing import StreamKey
from producer.times import micros, moment


class ClickHouseQuestions:
    """Read-only questions, for use from one thread at a time. All raise `JournalAway`."""

    def __init__(self, open_engine: OpenEngine, database: str) -> None:
        self._connection = JournalConnection(open_engine, database)
        self._log = Log(self._connection)
        self._database = database

    def head(self) -> int:
        return self._log.head()

    def select(self, wanted: EventFilter, limit: int = 100, order: Order = "asc") -> list[StoredEvent]:
        """Events by position. The next page after (or before) the last of them skips and repeats nothing."""
        condition = self._condition(wanted)
        head = self._log.head()
        before = head + 1 if wanted.before is None else min(wanted.before, head + 1)
        after = max(wanted.after or 0, self._log.floor() - 1)
        if order == "asc":
            rows = self._log.rows(after, before - 1, limit, condition)
        else:
            rows = self._log.rows_before(before, after + 1, limit, condition)
        return [StoredEvent(position, moment(received), body) for position, received, body in rows]

    def _condition(self, wanted: EventFilter) -> Condition:
        parts = []
        if wanted.start is not None:
            parts.append(Condition("time >= {start:Int64}", {"start": micros(wanted.start)}))
        if wanted.end is not None:
            parts.append(Condition("time < {end:Int64}", {"end": micros(wanted.end)}))
        if wanted.types:
            parts.append(one_of("type", wanted.types))
        if wanted.is_of_some_sources:
            parts.append(self._of_sources(wanted.holds))
        return both(*parts)

    def _of_sources(self, holds: Callable[[str], bool]) -> Condition:
        return one_of("source", sorted({source for source, _ in self._streams() if holds(source)}))

    def arrived(
        self, after: int, span: tuple[datetime, datetime], holds: Callable[[str], bool], limit: int
    ) -> list[Row]:
        start, end = map(micros, span)
        times = Condition("received >= {start:Int64} and received < {end:Int64}", {"start": start, "end": end})
        after = max(after, self._log.floor() - 1)
        return self._log.rows(after, self._log.head(), limit, both(times, self._of_sources(holds)))

    def find(self, event_id: str) -> StoredEvent | None:
        """The event with this id; the first one of the newest day where a producer used it twice."""
        for day, _ in reversed(self._parts()):
            rows = self._connection.query(
                f"select position, received, body from {self._database}.events prewhere id = {{id:String}}"
                " where day = {day:UInt32} order by position limit 1",
                {"id": event_id, "day": day},
            )
            for position, received, body in rows:
                return StoredEvent(position, moment(received), _bytes(body))
        return None

    def position_at(self, at: datetime) -> int:
        """The last position that had been received at this moment, itself included; before all of them, one less than
        the first that is kept.

        Found by halving, for `received` grows with the position. Where the hub's clock was set back over `at`, it is
        the last position before one of the places where the clock passed that moment.
        """
        early, late = self._log.floor() - 1, self._log.head()
        asked = micros(at)
        while early < late:
            middle = (early + late + 1) // 2
            received = self._connection.query(
                f"select received from {self._database}.events where position = {{middle:UInt64}}",
                {"middle": middle},
            )
            # One whose day was dropped meanwhile is older than all that are kept.
            if not received or received[0][0] <= asked:
                early = middle
            else:
                late = middle - 1
        return early

    def _streams(self) -> dict[StreamKey, summary.KnownStream]:
        return summary.load(self._ask, self._database).known

    def _ask(self, question: str, parameters: dict[str, Parameter]) -> list[list[object]]:
        return self._connection.query(question, parameters)

    def streams(self) -> list[StreamRow]:
        known = sorted(self._streams().items(), key=lambda pair: (pair[0][0], pair[1].received))
        return [
            StreamRow(source, epoch or None, one.watermark, moment(one.received), one.gaps)
            for (source, epoch), one in known
        ]

    def streams_count(self) -> int:
        return len(self._streams())

    def active_streams(self, limit: int) -> list[StreamRow]:
        """The newest one of each source, then the second of each, and so on, however many one of them has.

        Of a source, what has an epoch comes before what has none.
        """
        turns: Counter[str] = Counter()
        order: list[tuple[int, int, str, int, StreamRow]] = []
        for row in sorted(self.streams(), key=lambda row: (row.epoch is not None, row.last_received), reverse=True):
            order.append((turns[row.source], -micros(row.last_received), row.source, len(order), row))
            turns[row.source] += 1
        return [row for *_, row in nsmallest(limit, order)]

    def gaps(self, limit: int = 100) -> list[GapRow]:
        """The newest first."""
        # No more are looked for than there are: a whole log would be read for one that is not there.
        limit = min(limit, sum(one.gaps for one in self._streams().values()))
        rows = self.select(EventFilter(types=summary.GAP_TYPES), limit, "desc") if limit else []
        events = map(upcast, read_stored([row.body for row in rows]))
        return [
            GapRow(row.position, event.source, gap.first, gap.last, gap.count, gap.cause, event.time)
            for row, event in zip(rows, events, strict=True)
            if isinstance(event, GapEvent) and (gap := event.data)
        ]

    def rejected(self, limit: int = 100) -> list[RejectedRow]:
        """The newest first."""
        rows = self._connection.query(
            f"select number, received, topic, reason, size, hex(body) from {self._database}.rejected"
            f" order by number desc limit {limit:d}"
        )
        return [
            RejectedRow(number, moment(at), topic, reason, size, bytes.fromhex(body))
            for number, at, topic, reason, size, body in rows
        ]

    def rejected_count(self) -> int:
        """The number of messages rejected since the journal began, including those that are no longer kept."""
        rows = self._connection.query(f"select max(number) from {self._database}.rejected")
        return int(rows[0][0]) if rows else 0

    def days(self) -> list[DayRow]:
        """Oldest first."""
        sizes = dict(self._parts())
        rows = self._connection.query(
            f"select day, min(position), max(position) from {self._database}.events group by day order by day"
        )
        return [DayRow(day_of(day), first, last, sizes.get(day, 0)) for day, first, last in rows]

    def _parts(self) -> list[tuple[int, int]]:
        """The days that there are, and the bytes that each takes on the server's disk."""
        rows = self._connection.query(
            "select toUInt32(partition), sum(bytes_on_disk) from system.parts where active"
            " and database = {database:String} and table = 'events' group by partition order by partition",
            {"database": self._database},
        )
        return [(int(day), int(size)) for day, size in rows]

    def close(self) -> None:
        self._connection.close()


def _bytes(body: bytes | str) -> bytes:
    return body if isinstance(body, bytes) else body.encode()
