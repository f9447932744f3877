"""A journal in memory: what consumers read in tests that are not about the store."""

from collections.abc import Collection, Iterable
from datetime import datetime

from bus_schemas.event import Event
from bus_schemas.upcasts import upcast
from consumers.journal.record import Batch, Recorded


class MemoryJournal:
    """Implements `JournalReader`; `append` is how a test makes time pass."""

    def __init__(self, events: Iterable[Event] = (), life: int = 1) -> None:
        self._life = life
        self._records: list[Recorded] = []
        self.append(*events)

    def append(self, *events: Event, received: datetime | None = None) -> None:
        """Take events in commit order. Where no moment is given, each was received when it happened."""
        for event in events:
            position = len(self._records) + 1
            self._records.append(Recorded(position, received or event.time, upcast(event)))

    def head(self) -> int:
        return len(self._records)

    def life(self) -> int:
        return self._life

    def floor(self) -> int:
        return 1

    def read(self, after: int, models: Collection[type[Event]] | None = None, limit: int = 1000) -> Batch:
        wanted = [found for found in self._records[after:] if models is None or type(found.event) in models]
        if len(wanted) < limit:
            return Batch(tuple(wanted), self.head())
        return Batch(tuple(wanted[:limit]), wanted[limit - 1].position)

    def close(self) -> None:
        """Nothing is held open."""
