"""A consumer over a journal in memory, its view in a file of the test: fold, ask, and see what it emitted."""

import sqlite3
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from bus_schemas.codec import read_stored
from bus_schemas.event import Event
from consumers.engine import view_files
from consumers.engine.follower import BATCH, ConsumerContext, Follower
from consumers.engine.projection import Projection
from consumers.hub_config import HubConfig
from tests.builders import START
from tests.memory_journal import MemoryJournal


class MemoryMedia:
    """Implements `MediaReader` with a dict."""

    def __init__(self, payloads: dict[str, bytes] | None = None) -> None:
        self.payloads = payloads if payloads is not None else {}

    def read(self, key: str) -> bytes | None:
        return self.payloads.get(key)


def hub_in(directory: Path, media: MemoryMedia | None = None) -> HubConfig:
    """A hub with its data in a directory of the test."""
    archive = media or MemoryMedia()
    return HubConfig(data=directory, archive=lambda: archive)


class Followed:
    """A projection that follows; `view` is what the gateway would read."""

    def __init__(self, projection: Projection, data: Path, events: Iterable[Event] = ()) -> None:
        self.journal = MemoryJournal()
        self.source = ConsumerContext(data, self.journal, lambda: START)
        self.projection = projection
        self.follower = Follower(projection, self.source)
        self._views = view_files.Views(data)
        self.take(*events)

    def take(self, *events: Event, received: datetime | None = None) -> Self:
        self.journal.append(*events, received=received)
        return self.catch_up()

    def catch_up(self, limit: int = BATCH) -> Self:
        while self.follower.advance(limit):
            pass
        return self

    @property
    def view(self) -> sqlite3.Connection:
        return self._views[self.projection.name]

    def emitted(self) -> list[Event]:
        """What is in the outbox, in order."""
        return read_stored(body for (body,) in self.view.execute("select body from outbox_event order by position"))

    def close(self) -> None:
        self.follower.close()
        self._views.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
