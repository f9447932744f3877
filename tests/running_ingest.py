"""A real ingest in a thread, and the questions that tests ask of what it wrote."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from bus_schemas.event import Event
from consumers.ingest import run
from consumers.store.journal.queries import JournalQueries
from consumers.store.journal.query_types import RejectedRow
from consumers.store.journal.reader import SqliteJournalReader
from producer.broker import BrokerAddress
from producer.ids import Clock, utc_now
from tests.threads import in_a_thread


@contextmanager
def running_ingest(data: Path, broker: BrokerAddress, clock: Clock = utc_now) -> Iterator[None]:
    with in_a_thread(lambda stopping: run(data, broker, stopping, clock)):
        yield


def journaled(data: Path, *models: type[Event]) -> list[Event]:
    """Everything in the journal, or the events of these models, in order."""
    events: list[Event] = []
    after = 0
    with closing(SqliteJournalReader(data / "journal")) as reader:
        while (batch := reader.read(after, models or None)).upto > after:
            events += [record.event for record in batch.records]
            after = batch.upto
    return events


def rejections(data: Path) -> list[RejectedRow]:
    with closing(JournalQueries(data / "journal")) as queries:
        return queries.rejected()
