"""A hub with a bucket on a real server: what it recorded, its rounds of cold storage, and its clock."""

from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from threading import Event as Flag

import cv2
import numpy as np

from bus_schemas.event import Event
from bus_schemas.hub import OpenFault
from consumers.engine.deliverer import Deliverer
from consumers.engine.follower import ConsumerContext
from consumers.hub_config import HubConfig, RetentionPolicy
from consumers.hub_faults import FaultReporter
from consumers.store.archive.copies import Pending
from consumers.store.archive.reader import ArchiveReader
from consumers.store.archive.retention import ArchiveRetention
from consumers.store.cold.settings import ColdStorage
from consumers.store.journal.files import SqliteStore
from consumers.upkeep.cold.archiver import Archiver
from consumers.upkeep.cold.scope import ColdStorageScope
from consumers.upkeep.cold.sink import ColdStorageSink
from tests import builders
from tests.builders import START, numbered
from tests.data_directory import fold, hub_of, write

KEEP = timedelta(days=30)
RETENTION = RetentionPolicy(media=(("thumbnail", KEEP), ("segment", KEEP)))


def drawn(chance: Random) -> bytes:
    """A small picture of one grey."""
    return cv2.imencode(".jpg", np.full((18, 32, 3), chance.randrange(256), np.uint8))[1].tobytes()


class ColdHub:
    """`now` is what its clock says."""

    def __init__(self, data: Path, storage: ColdStorage, now: datetime = START) -> None:
        self.data = data
        self.now = now
        self.storage = storage
        self.hub: HubConfig = replace(hub_of(data), cold=storage, retention=RETENTION)
        self.payloads: dict[str, bytes] = {}
        self._epochs = 0

    def record(self, start: datetime = START, minutes: int = 5, segment_bytes: int = 40_000) -> list[str]:
        """A segment every ten seconds, a thumbnail with each, and the hub's ticks; the keys of the segments."""
        events: list[Event] = []
        keys = []
        chance = Random(start.timestamp())
        for second in range(0, minutes * 60, 10):
            moment = start + timedelta(seconds=second)
            body, picture = chance.randbytes(segment_bytes), drawn(chance)
            medium = builders.media(moment, body, kind="segment", id=f"s{moment:%d%H%M%S}")
            thumbnail = builders.media(moment, picture, id=f"t{moment:%d%H%M%S}")
            self.payloads |= {medium.data.key: body, thumbnail.data.key: picture}
            keys.append(medium.data.key)
            ended = builders.segment(moment, media=(medium.data.key,))
            events += [builders.tick(moment), medium, thumbnail, ended]
        self._epochs += 1
        reported = numbered(events, f"epoch-{self._epochs}")
        write(self.data, [(event.time, event) for event in reported], self.payloads)
        self.now = max(self.now, reported[-1].time)
        return keys

    def archiver(self, halted: Flag | None = None) -> Archiver:
        scope = ColdStorageScope.of(self.hub)
        assert scope is not None
        return Archiver(scope, lambda: self.now, halted or Flag())

    def archive(self, after: timedelta = timedelta(hours=1)) -> None:
        """Some time later everything is uploaded that is due."""
        self.now += after
        with closing(self.archiver()) as archiver:
            while archiver.round():
                pass

    def fold(self) -> None:
        fold(self.data, "registry", "recordings", "health", of=self.hub)

    def retention(self) -> ArchiveRetention:
        return ArchiveRetention(self.data / "archive", lambda: self.now)

    def tiers(self, kind: str = "segment") -> list[str]:
        with ArchiveReader(self.data / "archive") as reader:
            found = reader.between("DEMO", "yard", kind, START - KEEP, self.now + KEEP)
        return [one.tier for one in found]

    def pending(self) -> Pending:
        with ArchiveReader(self.data / "archive") as reader:
            return reader.pending(self.now, ("segment", "thumbnail"))

    def packs_on_disk(self) -> list[str]:
        return sorted(path.relative_to(self.data).as_posix() for path in self.data.glob("archive/*/*/*/*/*.pack"))


class RunningColdStorage:
    """The sink as its process runs it, and the faults that it reports."""

    def __init__(self, hub: ColdHub) -> None:
        self.faults = FaultReporter("consumers", None, lambda: hub.now)
        self.raised: list[OpenFault] = []
        self._sink = ColdStorageSink(ColdStorageScope.of(hub.hub), lambda: hub.now, pace=0.01)
        self._sink.faults = self.faults
        self._reader = SqliteStore(hub.data / "journal").reader()
        self._deliverer = Deliverer(self._sink, ConsumerContext(hub.data, self._reader, lambda: hub.now))
        self._deliverer.advance()
        self._deliverer.idle()

    def close(self) -> None:
        self._sink.halt()
        self._deliverer.close()
        self._reader.close()
