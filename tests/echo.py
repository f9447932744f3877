"""A sink that remembers the positions it was given."""

import sqlite3
from collections.abc import Sequence
from typing import ClassVar

from bus_schemas.camera import FrameEvent
from bus_schemas.event import Event
from consumers.engine.sink import Sink
from consumers.store.journal.record import JournalReader, Recorded


class Echo(Sink):
    name: ClassVar[str] = "echo"
    models: ClassVar[tuple[type[Event], ...]] = (FrameEvent,)

    def __init__(self) -> None:
        self.received: list[int] = []

    def begins_after(self, journal: JournalReader) -> int:
        return 0

    def deliver(self, state: sqlite3.Connection, batch: Sequence[Recorded]) -> Sequence[Event]:
        self.received += [record.position for record in batch]
        return ()
