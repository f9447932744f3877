"""The types of queries to a journal and of their answers."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from bus_schemas.event import place

Order = Literal["asc", "desc"]


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Selects events: positions between `after` and `before` (both excluded), event times from `start` to before `end`.

    `types` are full names (`watchpost.detection.v1`).
    """

    after: int | None = None
    before: int | None = None
    start: datetime | None = None
    end: datetime | None = None
    source: str | None = None
    site: str | None = None
    device: str | None = None
    types: tuple[str, ...] = ()

    @property
    def is_of_some_sources(self) -> bool:
        return bool(self.source or self.site or self.device)

    def holds(self, source: str) -> bool:
        """Whether events of this source are meant."""
        site, device = place(source)
        return self.source in (None, source) and self.site in (None, site) and self.device in (None, device)


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as it lies in the journal."""

    position: int
    received: datetime
    body: bytes


@dataclass(frozen=True, slots=True)
class StreamRow:
    """`sequence` is the watermark; it is 0, and `epoch` is `None`, for a device that does not number its events."""

    source: str
    epoch: str | None
    sequence: int
    last_received: datetime
    gaps: int


@dataclass(frozen=True, slots=True)
class GapRow:
    position: int
    source: str
    first: int
    last: int
    count: int
    cause: str
    time: datetime


@dataclass(frozen=True, slots=True)
class RejectedRow:
    id: int
    received: datetime
    topic: str
    reason: str
    size: int
    body: bytes


@dataclass(frozen=True, slots=True)
class DayRow:
    """`last` is `first - 1` in a day without events."""

    date: date
    first: int
    last: int
    bytes: int
