"""Reads the journal on ClickHouse in commit order."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from bus_schemas.event import Event, place
from consumers.store.clickhouse.engine import OpenEngine
from consumers.store.journal.clickhouse.connection import JournalConnection
from consumers.store.journal.clickhouse.log import EVERYTHING, Log, one_of
from consumers.store.journal.clock_ahead import as_filed
from consumers.store.journal.reader import stored_types
from consumers.store.journal.record import Batch, Recorded, RecordedRow
from consumers.store.journal.row_mapping import current_model, upcast_model, upcast_row
from producer.time_budget import require_time
from producer.times import micros


class ClickHouseJournalReader:
    """A `JournalReader`, for use from one thread at a time. Its questions raise `JournalAway`."""

    def __init__(self, open_engine: OpenEngine, database: str) -> None:
        self._connection = JournalConnection(open_engine, database)
        self._log = Log(self._connection, "time", "type", "source", "epoch", "id")

    def head(self) -> int:
        return self._log.head()

    def floor(self) -> int:
        return self._log.floor()

    def latest_dropped(self) -> Mapping[str, int] | None:
        """The time of the newest event of each source that was dropped, in microseconds since 1970.

        `None` where something was dropped and nobody knows.
        """
        rows = self._connection.query(
            f"select source, max(latest), max(upto) from {self._connection.database}.dropped group by source"
        )
        known = max((row[2] for row in rows), default=0)
        return {source: latest for source, latest, _ in rows} if known + 1 >= self.floor() else None

    def span(self, start: datetime, end: datetime) -> tuple[int, int] | None:
        """The first and the last position of events that happened in this time range, its end excluded."""
        rows = self._connection.query(
            f"select count(), min(position), max(position) from {self._connection.database}.events"
            " prewhere time >= {start:Int64} and time < {end:Int64}",
            {"start": micros(start), "end": micros(end)},
        )
        return (int(rows[0][1]), int(rows[0][2])) if rows and rows[0][0] else None

    def journal_id(self) -> int:
        rows = self._connection.query(f"select min(life) from {self._connection.database}.lives")
        return int(rows[0][0]) if rows else 0

    def read(self, after: int, models: Collection[type[Event]] | None = None, limit: int = 1000) -> Batch:
        require_time()
        wanted = EVERYTHING if models is None else one_of("type", stored_types(frozenset(models)))
        # Asked first: whatever is found beyond it is left for the next time.
        head = self._log.head()
        rows = self._log.rows(after, head, limit, wanted)
        records = tuple(map(_recorded, rows))
        return Batch(records, records[-1].position if len(records) >= limit else max(after, head))

    def close(self) -> None:
        self._connection.close()


def _recorded(row: tuple[Any, ...]) -> Recorded:
    """Only what is of an old version is parsed, and upcast."""
    position, received, body, time, kind, source, epoch, name = row
    model = current_model(kind)
    at = as_filed(time, received)
    read = RecordedRow(
        position, None, None, received, at, at / 1e6, model or upcast_model(kind), source, place(source),
        epoch or None, name, body,
    )  # fmt: skip
    return upcast_row(read) if model is None else read
