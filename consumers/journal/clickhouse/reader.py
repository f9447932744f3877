"""Reads the journal on ClickHouse in commit order."""

from collections.abc import Collection

from bus_schemas.codec import read_stored
from bus_schemas.event import Event
from bus_schemas.upcasts import upcast
from consumers.clickhouse.engine import OpenEngine
from consumers.journal.clickhouse.connection import Connection
from consumers.journal.clickhouse.log import EVERYTHING, Log, one_of
from consumers.journal.days import moment
from consumers.journal.reader import stored_types
from consumers.journal.record import Batch, Recorded


class ClickHouseJournalReader:
    """A `JournalReader`, for use from one thread at a time. Its questions raise `JournalAway`."""

    def __init__(self, open_engine: OpenEngine, database: str) -> None:
        self._connection = Connection(open_engine, database)
        self._log = Log(self._connection)

    def head(self) -> int:
        return self._log.head()

    def floor(self) -> int:
        return self._log.floor()

    def life(self) -> int:
        rows = self._connection.query(f"select min(life) from {self._connection.database}.lives")  # noqa: S608 - ours
        return int(rows[0][0]) if rows else 0

    def read(self, after: int, models: Collection[type[Event]] | None = None, limit: int = 1000) -> Batch:
        wanted = EVERYTHING if models is None else one_of("type", stored_types(frozenset(models)))
        # Asked first: whatever is found beyond it is left for the next time.
        head = self._log.head()
        rows = self._log.rows(after, head, limit, wanted)
        events = read_stored([body for _, _, body in rows])
        records = tuple(
            Recorded(position, moment(received), upcast(event))
            for (position, received, _), event in zip(rows, events, strict=True)
        )
        return Batch(records, records[-1].position if len(records) >= limit else max(after, head))

    def close(self) -> None:
        self._connection.close()
