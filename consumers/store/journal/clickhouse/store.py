"""A journal in a database of a ClickHouse, which processes on any machine may read and one may write."""

from collections.abc import Iterator
from contextlib import closing
from datetime import date

from consumers.store.clickhouse.engine import OpenEngine
from consumers.store.journal.clickhouse import days
from consumers.store.journal.clickhouse.claim import TIMEOUT_S
from consumers.store.journal.clickhouse.connection import JournalConnection
from consumers.store.journal.clickhouse.questions import ClickHouseQuestions
from consumers.store.journal.clickhouse.reader import ClickHouseJournalReader
from consumers.store.journal.clickhouse.tables import day_number
from consumers.store.journal.clickhouse.writer import ClickHouseJournal
from consumers.store.journal.day_reader import OpenDay, StoredBody
from producer.ids import Clock


class ClickHouseStore:
    """A `JournalStore`."""

    def __init__(self, open_engine: OpenEngine, database: str, place: str, timeout_s: float = TIMEOUT_S) -> None:
        self.open_engine = open_engine
        self._database = database
        self._timeout_s = timeout_s
        self.name = f"the database {database} of {place}"

    def exists(self) -> bool:
        with closing(self._connection()) as connection:
            return bool(connection.query("select 1"))

    def reader(self) -> ClickHouseJournalReader:
        return ClickHouseJournalReader(self.open_engine, self._database)

    def questions(self) -> ClickHouseQuestions:
        return ClickHouseQuestions(self.open_engine, self._database)

    def writer(self, clock: Clock, owner: str) -> ClickHouseJournal:
        return ClickHouseJournal(self.open_engine, self._database, clock, owner, self._timeout_s)

    def each_day(self) -> Iterator[OpenDay]:
        with closing(self._connection()) as connection:
            yield from days.each_day(connection)

    def bodies(self, event_type: str) -> Iterator[StoredBody]:
        with closing(self._connection()) as connection:
            yield from days.bodies_of_type(connection, event_type)

    def erase(self) -> None:
        with closing(self._connection()) as connection:
            connection.execute(f"drop database if exists {self._database}")

    def drop(self, day: date) -> None:
        """Its streams were saved before the next day began; its times are saved now."""
        number = day_number(day)
        with closing(self._connection()) as connection:
            if connection.query("select 1"):
                connection.execute(
                    f"insert into {self._database}.dropped select max(position), source, max(time)"
                    f" from {self._database}.events where day = {number:d} group by source"
                )
                connection.execute(f"alter table {self._database}.events drop partition {number:d}")

    def _connection(self) -> JournalConnection:
        return JournalConnection(self.open_engine, self._database)
