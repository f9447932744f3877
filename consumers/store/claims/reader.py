"""Journal readers that check a claim: they stop reading as soon as another process may hold it."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime

from bus_schemas.event import Event
from consumers.store.journal.record import Batch, JournalReader

OpenReader = Callable[[], JournalReader]


class ClaimedReader:
    """A `JournalReader` that asks before each batch; `check` raises where the claim is not certain."""

    def __init__(self, reader: JournalReader, check: Callable[[], None]) -> None:
        self._reader = reader
        self._check = check

    def read(self, after: int, models: Collection[type[Event]] | None = None, limit: int = 1000) -> Batch:
        self._check()
        return self._reader.read(after, models, limit)

    def head(self) -> int:
        return self._reader.head()

    def journal_id(self) -> int:
        return self._reader.journal_id()

    def floor(self) -> int:
        return self._reader.floor()

    def latest_dropped(self) -> Mapping[str, int] | None:
        return self._reader.latest_dropped()

    def span(self, start: datetime, end: datetime) -> tuple[int, int] | None:
        return self._reader.span(start, end)

    def close(self) -> None:
        self._reader.close()
