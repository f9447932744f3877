"""A journal in memory: what consumers read in tests that are not about the store."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice

from bus_schemas.codec import to_bytes
from bus_schemas.event import Event
from bus_schemas.upcasts import upcast
from consumers.store.journal.record import Batch, Recorded
from producer.times import micros


class _Kept(Recorded, gc=False, eq=False):
    """Written once, as in a journal, and not for each consumer that reads it."""

    _body: bytes | None = None

    @property
    def body(self) -> bytes:
        if self._body is None:
            self._body = to_bytes(self.event)
        return self._body


class MemoryJournal:
    """Implements `JournalReader`; `append` is how a test makes time pass."""

    def __init__(self, events: Iterable[Event] = (), journal_id: int = 1) -> None:
        self._life = journal_id
        self._records: list[Recorded] = []
        self._floor = 1
        self._latest: dict[str, int] = {}
        self.append(*events)

    def append(self, *events: Event, received: datetime | None = None) -> None:
        """Take events in commit order. Where no moment is given, each was received when it happened."""
        for event in events:
            position = len(self._records) + 1
            self._records.append(_Kept(position, received or event.time, upcast(event)))

    def head(self) -> int:
        return len(self._records)

    def journal_id(self) -> int:
        return self._life

    def floor(self) -> int:
        return self._floor

    def latest_dropped(self) -> Mapping[str, int] | None:
        return self._latest

    def drop(self, before: int) -> None:
        """Let go of everything before a position, as days are dropped."""
        for found in self._records[: before - 1]:
            source = found.event.source
            self._latest[source] = max(micros(found.event.time), self._latest.get(source, 0))
        self._floor = before

    def span(self, start: datetime, end: datetime) -> tuple[int, int] | None:
        found = [each.position for each in self._kept(0) if start <= each.event.time < end]
        return (found[0], found[-1]) if found else None

    def _kept(self, after: int) -> Iterator[Recorded]:
        return islice(self._records, max(after, self._floor - 1), None)

    def read(self, after: int, models: Collection[type[Event]] | None = None, limit: int = 1000) -> Batch:
        # No further than asked: events that are read one by one would cost the square of their number.
        wanted = (found for found in self._kept(after) if models is None or type(found.event) in models)
        read = tuple(islice(wanted, limit))
        return Batch(read, self.head() if len(read) < limit else read[-1].position)

    def again(self) -> "MemoryJournal":
        """Another of the same records, which is dropped from and appended to for itself."""
        other = MemoryJournal(journal_id=self._life)
        other._records = list(self._records)
        return other

    def close(self) -> None:
        """Nothing is held open."""
