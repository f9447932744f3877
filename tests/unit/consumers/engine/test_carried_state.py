"""The state of a sink outlives an update and a return, though its tables change."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import ClassVar

from bus_schemas.camera import FrameEvent
from bus_schemas.event import Event
from consumers.engine import checkpoint, view_files
from consumers.engine.deliverer import Deliverer
from consumers.engine.follower import ConsumerContext
from consumers.engine.sink import Sink
from consumers.store.journal.record import JournalReader, Recorded
from tests.builders import START, frame
from tests.memory_journal import MemoryJournal


class Older(Sink):
    """Keeps what it is given."""

    name: ClassVar[str] = "keeper"
    models: ClassVar[tuple[type[Event], ...]] = (FrameEvent,)
    schema: ClassVar[str] = """
    create table if not exists waiting (event_id text primary key, position integer not null) strict;
    """

    def begins_after(self, journal: JournalReader) -> int:
        return 0

    def deliver(self, state: sqlite3.Connection, batch: Sequence[Recorded]) -> Sequence[Event]:
        rows = [(record.event.id, record.position) for record in batch]
        state.executemany("insert or ignore into waiting (event_id, position) values (?, ?)", rows)
        return ()


class Newer(Older):
    """Knows more of each, and looks for it."""

    version: ClassVar[int] = 2
    schema: ClassVar[str] = """
    create table if not exists waiting (
        event_id text primary key, position integer not null, tries integer not null default 0
    ) strict;
    create index if not exists waiting_tries on waiting (tries);
    """


def deliver(sink: Sink, data: Path, journal: MemoryJournal) -> None:
    with closing(Deliverer(sink, ConsumerContext(data, journal, lambda: START))) as deliverer:
        while deliverer.advance():
            pass


def state_of(data: Path) -> tuple[int | None, int, list[tuple[object, ...]]]:
    with closing(view_files.open_view(data, "keeper")) as state:
        rows = state.execute("select * from waiting order by position").fetchall()
        return checkpoint.version(state), checkpoint.load(state), rows


def test_an_update_keeps_what_waits_and_goes_on_behind_it(tmp_path: Path) -> None:
    journal = MemoryJournal([frame(id="a"), frame(id="b")])
    deliver(Older(), tmp_path, journal)
    journal.append(frame(id="c"))
    deliver(Newer(), tmp_path, journal)

    assert state_of(tmp_path) == (2, 3, [("a", 1, 0), ("b", 2, 0), ("c", 3, 0)])
    with closing(view_files.open_view(tmp_path, "keeper")) as state:
        assert state.execute("select 1 from sqlite_master where name = 'waiting_tries'").fetchone() == (1,)


def test_a_return_to_an_older_version_keeps_it_too(tmp_path: Path) -> None:
    journal = MemoryJournal([frame(id="a"), frame(id="b")])
    deliver(Newer(), tmp_path, journal)
    journal.append(frame(id="c"))
    deliver(Older(), tmp_path, journal)

    assert state_of(tmp_path) == (1, 3, [("a", 1), ("b", 2), ("c", 3)])


def test_a_row_that_does_not_fit_costs_only_itself(tmp_path: Path) -> None:
    class Strict(Newer):
        schema: ClassVar[str] = """
        create table if not exists waiting (
            event_id text primary key check (event_id <> 'a'), position integer not null
        ) strict;
        """

    journal = MemoryJournal([frame(id="a"), frame(id="b")])
    deliver(Older(), tmp_path, journal)
    deliver(Strict(), tmp_path, journal)

    assert state_of(tmp_path) == (2, 2, [("b", 2)])
