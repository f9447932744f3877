"""What consumers read: recorded events, in batches, from a journal they know only by this protocol."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bus_schemas.event import Event


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event of the current version, its position in the journal, and the moment at which ingest took it."""

    position: int
    received: datetime
    event: Event


@dataclass(frozen=True, slots=True)
class Batch:
    """The wanted events after a position, and `upto`: the last position that was looked at to find them."""

    records: tuple[Recorded, ...]
    upto: int


class JournalReader(Protocol):
    """Reads in commit order. Safe to use from one thread at a time; open one reader a thread."""

    def head(self) -> int:
        """The last position, 0 in an empty journal."""
        ...

    def life(self) -> int:
        """A number that this journal keeps, and another journal does not have; 0 where nobody knows."""
        ...

    def floor(self) -> int:
        """The first position that is kept, 1 where nothing was dropped."""
        ...

    def latest_dropped(self) -> Mapping[str, int] | None:
        """The time of the newest event of each source that was dropped, in microseconds since 1970.

        `None` where something was dropped and nobody knows.
        """
        ...

    def span(self, start: datetime, end: datetime) -> tuple[int, int] | None:
        """The first and the last position of events that happened in this stretch, its end excluded."""
        ...

    def read(self, after: int, models: Collection[type[Event]] | None = None, limit: int = 1000) -> Batch:
        """The events of these models (old versions upcast), or of all, in positions after `after`, at most `limit`.

        `upto` reaches the head where fewer than `limit` were found, so that a reader of rare events keeps up.
        """
        ...

    def close(self) -> None: ...
