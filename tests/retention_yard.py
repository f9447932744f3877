"""A hub whose retention a test drives: an archive with media of given ages, a disk as full as it says, and a clock."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bus_schemas.alert import RetentionEvent
from bus_schemas.codec import read_stored
from bus_schemas.event import Event
from consumers.engine import view_files
from consumers.engine.deliverer import Deliverer
from consumers.engine.follower import ConsumerContext
from consumers.hub_config import HubConfig, RetentionPolicy
from consumers.hub_faults import FaultReporter
from consumers.store.archive.disk import Archive
from consumers.store.archive.reader import ArchiveReader
from consumers.store.disk import DiskSpace
from consumers.store.journal.record import Recorded
from consumers.upkeep.retention.scope import RetentionScope
from consumers.upkeep.retention.sink import RetentionSink
from tests.builders import START, at, media, tick
from tests.following import hub_in
from tests.memory_journal import MemoryJournal

HOUR = 3600
GB = 10**9


class Yard:
    """An archive with an hour's medium in each of some hours before START, and a disk that is as full as told."""

    def __init__(self, directory: Path, policy: RetentionPolicy | None = None) -> None:
        self.hub: HubConfig = replace(hub_in(directory), retention=policy or RetentionPolicy())
        self.journal = MemoryJournal()
        self.now = START
        self.disk = DiskSpace(100 * GB, 50 * GB)
        self.stored = 0
        self.faults = FaultReporter("consumers", None)
        self.deliverer = self.start()

    def start(self) -> Deliverer:
        sink = RetentionSink(RetentionScope.of(self.hub), lambda: self.now, self.analyse)
        sink.faults = self.faults
        deliverer = Deliverer(sink, ConsumerContext(self.hub.data, self.journal, lambda: self.now))
        deliverer.advance()
        return deliverer

    def analyse(self) -> DiskSpace:
        """What is dropped from the archive is free on the disk."""
        return DiskSpace(self.disk.total, self.disk.used - (self.stored - self.held()))

    def held(self) -> int:
        return sum(path.stat().st_size for path in self.hub.data.glob("archive/*/*/*/*/*.pack"))

    def held_names(self) -> list[str]:
        return sorted(path.name for path in self.hub.data.glob("archive/*/*/*/*/*.pack"))

    def ticks(self) -> Sequence[Recorded]:
        self.journal.append(tick(START))
        return self.journal.read(0).records

    def fill(self, disk: DiskSpace) -> None:
        """So full is the disk now, with what is in the archive."""
        self.disk, self.stored = disk, self.held()

    def store(self, kind: str, *hours_ago: float, device: str = "yard") -> None:
        with Archive(self.hub.data / "archive", lambda: self.now) as archive:
            for hours in hours_ago:
                time = at(-hours * HOUR)
                payload = f"{kind} {hours}".encode() * 100
                archive.store([(media(time, payload, kind=kind, device=device).data, time, payload)])

    def take(self, *events: Event) -> list[Event]:
        """What is told of these."""
        before = len(self.reported())
        self.journal.append(*events)
        self.now = max(event.time for event in events)
        self.deliverer.advance()
        return self.reported()[before:]

    def reported(self) -> list[Event]:
        view = view_files.open_view(self.hub.data, "retention")
        bodies = [body for (body,) in view.execute("select body from outbox_event order by position")]
        view.close()
        return read_stored(bodies)

    def left(self, kind: str) -> int:
        with ArchiveReader(self.hub.data / "archive") as archive:
            return len(archive.between("DEMO", "yard", kind, at(-1000 * HOUR), at(1000 * HOUR)))


def retentions(events: list[Event]) -> list[tuple[str, int]]:
    return [(event.data.kind, event.data.count) for event in events if isinstance(event, RetentionEvent)]
