"""Reads a range of the log, with its media, from a data directory."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

from bus_schemas.codec import read_stored
from bus_schemas.event import HUB_SOURCE, Event, place
from bus_schemas.media import MediaEvent
from bus_schemas.registry import RegistryEvent
from consumers.hub_config import HubConfig
from consumers.store.archive.reader import ArchiveReader
from consumers.store.cold.access import media_of
from consumers.store.journal.store import JournalStore

PAGE = 500


@dataclass(frozen=True, slots=True)
class LogEntry:
    """An event as it is stored, the moment at which it was received in microseconds since 1970, and its medium."""

    received: int
    event: Event
    body: bytes
    medium: bytes | None = None


@dataclass(frozen=True, slots=True)
class LogRange:
    """The range of events received from `start` to before `end`: of one site with the hub's ticks and rules, or of
    all.
    """

    start: datetime
    end: datetime
    site: str | None = None

    def holds(self, source: str) -> bool:
        """The hub's own ticks belong to every time range: they are how time passes in it."""
        return self.site is None or source == HUB_SOURCE or place(source)[0] == self.site

    def concerns(self, event: Event) -> bool:
        """Events of the hub about other sites and their devices do not."""
        return self.site is None or not isinstance(event, RegistryEvent) or event.data.site == self.site


def read(hub: HubConfig, journal: JournalStore, wanted: LogRange, *, media: bool = True) -> Iterator[list[LogEntry]]:
    """In commit order, some at a time; the product may run meanwhile. Media are `None` where they are not kept."""
    span = wanted.start, wanted.end
    with closing(journal.questions()) as questions, media_of(hub) as archive:
        after = 0
        while rows := questions.arrived(after, span, wanted.holds, PAGE):
            events = read_stored([body for _, _, body in rows])
            yield [
                LogEntry(received, event, body, _medium(archive, event) if media else None)
                for (_, received, body), event in zip(rows, events, strict=True)
                if wanted.concerns(event)
            ]
            after = rows[-1][0]


def _medium(archive: ArchiveReader, event: Event) -> bytes | None:
    return archive.read(event.data.key) if isinstance(event, MediaEvent) else None
