"""A view whose file breaks is kept beside, folded again by itself, and answers nothing until it is whole."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import ClassVar

import pytest

from bus_schemas.camera import FrameEvent
from bus_schemas.event import Event
from consumers.engine import damaged_views, view_files
from consumers.engine.damaged_views import ViewDamaged
from consumers.engine.deliverer import Deliverer
from consumers.engine.follower import ConsumerContext, Follower
from consumers.engine.projection import Emit, Projection
from consumers.engine.retrying import Attempts
from consumers.engine.shape import shape_of
from consumers.engine.view_files import Views
from consumers.hub_faults import FaultReporter
from consumers.store.archive.reader import ArchiveReader
from consumers.store.journal.files import SqliteStore
from consumers.store.journal.record import JournalReader, Recorded
from gateway.reading.stores import OfAnotherVersion, Stores
from producer.file_identity import CutOff
from tests.broken_files import WAYS, is_written_back
from tests.builders import START, frame
from tests.echo import Echo
from tests.memory_journal import MemoryJournal

COUNT = 300


class Counted(Projection):
    """A row for each frame, long enough for some pages."""

    name: ClassVar[str] = "counted"
    models: ClassVar[tuple[type[Event], ...]] = (FrameEvent,)
    schema: ClassVar[str] = "create table if not exists seen (position integer primary key, text text) strict"

    def fold(self, view: sqlite3.Connection, batch: Sequence[Recorded], emit: Emit) -> None:
        view.executemany("insert into seen values (?, ?)", [(one.position, "x" * 200) for one in batch])


class Hub:
    """The journal, the consumer and what the gateway asks, of one view."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.journal = MemoryJournal([frame() for _ in range(COUNT)])
        self.context = ConsumerContext(data, self.journal, lambda: START)
        self.faults = FaultReporter("consumers", None)
        self.follower = Follower(Counted(), self.context)
        self.attempts = Attempts(self.faults, monotonic=self.time)
        self.attempts.watch("counted", lambda: None, lambda: self.follower.is_refolding)
        self.now = 0.0
        store = SqliteStore(data / "journal")
        self.stores = Stores(
            self.journal, store.questions(), ArchiveReader(data / "archive"), Views(data),
            {"counted": shape_of(Counted)}, data,
        )  # fmt: skip

    def time(self) -> float:
        self.now += 100.0
        return self.now

    def start(self) -> None:
        """As its process is started again."""
        self.follower.close()
        self.follower = Follower(Counted(), self.context)

    def advance(self, limit: int = 1000) -> list[str]:
        """The faults after one batch."""
        self.attempts.act("counted", lambda: self.follower.advance(limit))
        return [fault.reason for fault in self.faults.faults]

    def ask(self) -> int:
        with self.stores.question_scope():
            [(count,)] = self.stores.view("counted").execute("select count(*) from seen where text > ''")
        return int(count)

    @property
    def file(self) -> Path:
        found = view_files.file_of(self.data, "counted")
        assert found is not None
        return found


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    made = Hub(tmp_path)
    made.advance()
    yield made
    made.follower.close()
    made.stores.views.close()


@pytest.mark.parametrize("restarted", [False, True], ids=["running", "started"])
@pytest.mark.parametrize("way", WAYS)
def test_a_view_that_breaks_is_kept_folded_again_and_reported_until_it_is_whole(
    hub: Hub, way: str, restarted: bool
) -> None:
    assert hub.ask() == COUNT
    is_written_back(hub.file)
    if restarted:
        hub.follower.close()
    WAYS[way](hub.file)
    with suppress(sqlite3.DatabaseError, OfAnotherVersion):
        assert hub.ask() == COUNT, "what the reader has in memory"
    if restarted:
        hub.start()

    [reason] = hub.advance()
    assert "counted.1.sqlite cannot be read" in reason
    assert "kept as counted.broken; the view is folded again from the journal" in reason
    assert (hub.data / "views" / "counted.broken").exists()
    with pytest.raises(OfAnotherVersion, match="its file was lost"):
        hub.ask()

    assert hub.advance(limit=100) == [reason]
    with pytest.raises(OfAnotherVersion, match="at position 100 of 300"):
        hub.ask()
    while hub.follower.is_refolding:
        assert hub.faults.faults != ()
        hub.advance(limit=100)
    hub.advance()

    assert hub.faults.faults == ()
    assert hub.ask() == COUNT
    hub.journal.append(frame())
    hub.advance()
    assert hub.ask() == COUNT + 1


def test_a_page_that_breaks_inside_is_found_by_who_reads_it_and_a_note_that_was_wrong_changes_nothing(
    hub: Hub,
) -> None:
    is_written_back(hub.file)
    damaged_views.note(hub.data, "counted", "for no reason")
    assert hub.advance() == []
    before = hub.file
    with before.open("r+b") as file:
        file.seek(before.stat().st_size // 2)
        file.write(b"\xff" * 8192)

    assert hub.advance() == []
    with pytest.raises(sqlite3.DatabaseError):
        hub.ask()
    assert "cannot be read" in hub.advance()[0]
    while hub.advance():
        pass

    assert hub.ask() == COUNT
    assert hub.file != before


def test_a_reader_maps_nothing_and_says_that_a_view_was_cut_off(hub: Hub) -> None:
    is_written_back(hub.file)
    hub.ask()
    WAYS["empty"](hub.file)

    with pytest.raises(CutOff, match="'counted' was cut off"):
        hub.ask()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("restarted", [False, True], ids=["running", "started"])
def test_a_sink_whose_file_breaks_delivers_nothing_twice_that_it_knows_of(
    tmp_path: Path, way: str, restarted: bool
) -> None:
    class Late(Echo):
        def begins_after(self, journal: JournalReader) -> int:
            return journal.head()

    journal, sink = MemoryJournal([frame(), frame(), frame()]), Late()
    context = ConsumerContext(tmp_path, journal, lambda: START)
    deliverer = Deliverer(sink, context)
    deliverer.advance()
    journal.append(frame())
    deliverer.advance()
    file = view_files.file_of(tmp_path, "echo")
    assert file is not None
    is_written_back(file)
    if restarted:
        deliverer.close()
    WAYS[way](file)
    journal.append(frame())
    damaged_views.note(tmp_path, "echo", "a reader found it")

    with closing(Deliverer(sink, context) if restarted else deliverer) as again:
        with pytest.raises(ViewDamaged, match="what waited in it is lost"):
            again.advance()
        again.advance()

    # Of a process that had ended nobody knows how far it was, unless the file says it.
    assert sink.received in ([4], [4, 5]) if restarted else sink.received == [4, 5]
    assert (tmp_path / "views" / "echo.broken").exists()


def test_a_view_stays_where_its_consumer_is_held_up_by_another_file_that_is_broken(hub: Hub, tmp_path: Path) -> None:
    other = tmp_path / "other.sqlite"
    other.write_bytes(b"this is no database " * 100)

    class Reading(Counted):
        def fold(self, view: sqlite3.Connection, batch: Sequence[Recorded], emit: Emit) -> None:
            with closing(sqlite3.connect(other)) as index:
                index.execute("select * from packs")

    before = hub.file
    hub.follower.close()
    hub.follower = Follower(Reading(), hub.context)
    hub.journal.append(frame())
    with pytest.raises(sqlite3.DatabaseError, match="file is not a database"):
        hub.follower.advance()

    assert hub.file == before
    assert not (hub.data / "views" / "counted.broken").exists()
