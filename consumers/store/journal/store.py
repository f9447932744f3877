"""The protocols of a journal, whatever engine keeps it; `configured` opens the one that the configuration names."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import Protocol

from consumers.store.journal.broken_days import LostDay
from consumers.store.journal.day_reader import OpenDay, StoredBody
from consumers.store.journal.query_types import DayRow, EventFilter, GapRow, Order, RejectedRow, StoredEvent, StreamRow
from consumers.store.journal.reader import Row
from consumers.store.journal.record import JournalReader
from consumers.store.journal.writing import Accepted, ForeignId, Rejected, SequenceKey, StreamKey, StreamState
from producer.ids import Clock


class JournalInUse(RuntimeError):
    """Another ingest writes this journal."""


class JournalAway(OSError):
    """The server that keeps the journal cannot be reached, or refuses; it may answer again in a moment."""


class Unwritable(OSError):
    """A group could not be written, or nobody knows whether it was. Nothing of it may be acknowledged.

    The next call finds out what is there; the caller then decides anew what of the group is still to be taken.
    """


class JournalWriter(Protocol):
    """The one writer. The mapping of `streams` is one and the same for its whole life."""

    @property
    def head(self) -> int: ...
    @property
    def streams(self) -> Mapping[StreamKey, StreamState]: ...
    def watermark(self, source: str, epoch: str) -> int: ...
    def event_ids(self, keys: Sequence[SequenceKey]) -> dict[SequenceKey, str]: ...
    def known_ids(self, ids: Sequence[ForeignId]) -> set[ForeignId]: ...
    def foreign_bodies(self, ids: Sequence[ForeignId]) -> dict[ForeignId, bytes]: ...
    def append(self, accepted: Sequence[Accepted], rejected: Sequence[Rejected] = ()) -> int: ...


class OpenJournal(JournalWriter, AbstractContextManager["JournalWriter", None], Protocol):
    """A writer that is closed at the end of its block."""

    lost_days: Sequence[LostDay]
    day_opening: Callable[[], Sequence[Accepted]]
    """Makes the events with which each day begins, so that a day depends on no day before it."""


class JournalQuestions(Protocol):
    """Read-only questions, for use from one thread at a time."""

    def head(self) -> int: ...
    def select(self, wanted: EventFilter, limit: int = 100, order: Order = "asc") -> list[StoredEvent]: ...
    def find(self, event_id: str) -> StoredEvent | None: ...
    def position_at(self, at: datetime) -> int: ...
    def streams(self) -> list[StreamRow]: ...
    def streams_count(self) -> int: ...
    def active_streams(self, limit: int) -> list[StreamRow]: ...
    def gaps(self, limit: int = 100) -> list[GapRow]: ...
    def rejected(self, limit: int = 100) -> list[RejectedRow]: ...
    def rejected_count(self) -> int: ...
    def days(self) -> list[DayRow]: ...

    def arrived(
        self, after: int, span: tuple[datetime, datetime], holds: Callable[[str], bool], limit: int
    ) -> list[Row]:
        """The events received within the time range, of the sources that `holds` names, in positions after `after`."""
        ...

    def close(self) -> None: ...


class JournalStore(Protocol):
    """One journal. What it opens belongs to the thread that uses it, and raises `JournalAway` where it is far away."""

    @property
    def name(self) -> str:
        """Its location, for people."""
        ...

    def exists(self) -> bool: ...
    def reader(self) -> JournalReader: ...
    def questions(self) -> JournalQuestions: ...

    def writer(self, clock: Clock, owner: str) -> OpenJournal:
        """`owner` says where the writer runs. Raises `JournalAway` or `JournalInUse`."""
        ...

    def each_day(self) -> Iterator[OpenDay]:
        """Oldest first, each as one moment saw it. A day that retention drops meanwhile is passed over."""
        ...

    def bodies(self, event_type: str) -> Iterator[StoredBody]:
        """Every event of one type, in commit order."""
        ...

    def erase(self) -> None:
        """Delete everything: for a journal that did not come to be."""
        ...

    def drop(self, day: date) -> None:
        """Delete what was committed on this day, written down first; nothing where it is gone already."""
        ...
