"""A hub of the story, for what every consumer satisfies."""

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bus_schemas.event import Event
from consumers.engine import checkpoint, view_files
from consumers.engine.deliverer import Deliverer
from consumers.engine.follower import BATCH, ConsumerContext, Follower
from consumers.engine.projection import Emit, Projection
from consumers.engine.sink import Sink
from consumers.hub_config import HubConfig
from consumers.registry import CONSUMERS
from consumers.store.journal.record import Recorded
from tests.builders import START
from tests.contract.story import Story, media_of
from tests.following import MemoryMedia
from tests.memory_journal import MemoryJournal

_MADE = {name: make(HubConfig(Path("nowhere"), MemoryMedia)) for name, make in CONSUMERS.items()}
PROJECTIONS = sorted(name for name, made in _MADE.items() if isinstance(made, Projection))
MAKERS = sorted(name for name, made in _MADE.items() if isinstance(made, Projection) and made.emits)
SINKS = sorted(name for name, made in _MADE.items() if isinstance(made, Sink))


class ConsumerHarness:
    """A hub in a directory of its own, and consumers of one name that are made anew as after a restart."""

    def __init__(self, name: str, data: Path, observed: Story) -> None:
        media = MemoryMedia(media_of(observed))
        self.name = name
        self.data = data
        self.hub = HubConfig(data=data, archive=lambda: media)

    def projection(self) -> Projection:
        made = CONSUMERS[self.name](self.hub)
        assert isinstance(made, Projection)
        return made

    def deliver(self, journal: MemoryJournal, batch: int = BATCH) -> None:
        """Deliver everything, as a sink that is not new."""
        made = CONSUMERS[self.name](self.hub)
        assert isinstance(made, Sink)
        deliverer = Deliverer(made, ConsumerContext(self.data, journal, lambda: START))
        while deliverer.advance(batch):
            pass
        deliverer.close()

    def fold(self, journal: MemoryJournal, batch: int = BATCH, times: int = 10**9) -> None:
        follower = Follower(self.projection(), ConsumerContext(self.data, journal, lambda: START))
        for _ in range(times):
            if not follower.advance(batch):
                break
        follower.close()

    def dump(self) -> dict[str, list[Any]]:
        """The rows of every table that the consumer itself has."""
        view = self.view()
        try:
            return {table: view.execute(f"select * from {table}").fetchall() for table in checkpoint.tables_of(view)}
        finally:
            view.close()

    def view(self) -> sqlite3.Connection:
        return view_files.open_view(self.data, self.name)

    def emitted(self) -> list[tuple[Any, ...]]:
        view = self.view()
        try:
            tables = {name for (name,) in view.execute("select name from sqlite_master")}
            if "outbox_event" not in tables:
                return []
            return view.execute("select stream, sequence, body from outbox_event order by position").fetchall()
        finally:
            view.close()


class Broken(Projection):
    """Folds as the other does, but for some positions, at which it raises after it has written."""

    def __init__(self, whole: Projection, is_bad: Callable[[int], bool]) -> None:
        self._whole = whole
        self._is_bad = is_bad
        self.name = whole.name  # type: ignore[misc]  # of this instance, not of its class
        self.version = whole.version  # type: ignore[misc]  # of this instance, not of its class
        self.models = whole.models  # type: ignore[misc]  # of this instance, not of its class
        self.emits = whole.emits  # type: ignore[misc]  # of this instance, not of its class
        self.schema = whole.schema  # type: ignore[misc]  # of this instance, not of its class

    def made_with(self) -> object:
        return self._whole.made_with()

    def is_own_emission(self, event: Event) -> bool:
        return self._whole.is_own_emission(event)

    def committed(self) -> None:
        self._whole.committed()

    def forget(self) -> None:
        self._whole.forget()

    def fold(self, view: sqlite3.Connection, batch: Sequence[Recorded], emit: Emit) -> None:
        self._whole.fold(view, batch, emit)
        if any(self._is_bad(record.position) for record in batch):
            raise ZeroDivisionError("a bug that a test has put here")
