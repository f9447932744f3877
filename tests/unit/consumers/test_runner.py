"""The process of consumers: one that fails stops alone, and views are swapped under their readers."""

import sqlite3
import threading
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import ClassVar

import pytest

from bus_schemas.camera import FrameEvent
from bus_schemas.event import Event
from consumers import checkpoint, views
from consumers.follow import BATCH, Follower, Source
from consumers.health.projection import Health
from consumers.health.questions import devices
from consumers.journal.record import Recorded
from consumers.projection import Emit, Projection
from consumers.rebuilding.whole import rebuild
from consumers.registry import roster
from consumers.runner import Process, loop
from consumers.sink import Sink
from consumers.views import NoView, Views
from tests.builders import START, frame
from tests.eventually import eventually
from tests.following import Followed, hub_in
from tests.memory_journal import MemoryJournal


class Picky(Projection):
    """Does not take one device, and a full disk is what another one means to it."""

    name: ClassVar[str] = "picky"
    models: ClassVar[tuple[type[Event], ...]] = (FrameEvent,)
    schema: ClassVar[str] = "create table if not exists seen (position integer primary key)"

    def fold(self, view: sqlite3.Connection, batch: Sequence[Recorded], emit: Emit) -> None:
        for record in batch:
            if record.event.source.endswith("/bad"):
                raise KeyError("a bug")
            if record.event.source.endswith("/full"):
                raise OSError(28, "No space left on device")
            view.execute("insert into seen values (?)", (record.position,))


class Echo(Sink):
    name: ClassVar[str] = "echo"
    models: ClassVar[tuple[type[Event], ...]] = (FrameEvent,)
    from_head: ClassVar[bool] = False

    def __init__(self) -> None:
        self.heard: list[int] = []

    def deliver(self, state: sqlite3.Connection, batch: Sequence[Recorded]) -> Sequence[Event]:
        self.heard += [record.position for record in batch]
        return ()


def position(data: Path, name: str) -> int:
    try:
        view = views.open_view(data, name)
    except NoView:
        return -1
    found = checkpoint.load(view)
    view.close()
    return found


def test_a_consumer_that_fails_stops_alone_and_says_at_which_event(tmp_path: Path) -> None:
    bad = frame(device="bad")
    journal = MemoryJournal([frame(), bad, frame()])
    echo, stopping = Echo(), threading.Event()
    process = Process(hub_in(tmp_path), None, lambda: journal, lambda: START)
    thread = threading.Thread(target=process.run, args=([Picky(), Health(), echo], stopping))
    thread.start()
    eventually(lambda: position(tmp_path, "health") == 3)
    eventually(lambda: echo.heard == [1, 2, 3])
    stopping.set()
    thread.join(5)

    view = views.open_view(tmp_path, "picky")
    failure = checkpoint.failure(view)
    assert failure is not None
    assert (failure.position, failure.event_id, failure.error) == (2, bad.id, "KeyError: 'a bug'")
    assert view.execute("select * from seen").fetchall() == [(1,)]
    view.close()


def test_a_full_disk_stops_the_process(tmp_path: Path) -> None:
    journal = MemoryJournal([frame(device="full")])

    with pytest.raises(OSError, match="No space left"):
        Process(hub_in(tmp_path), None, lambda: journal, lambda: START).run([Picky()], threading.Event())

    assert position(tmp_path, "picky") == 0


class Tidy(Echo):
    """Tidies up in a database that others write, too."""

    def __init__(self, shared: Path) -> None:
        super().__init__()
        self.found_locked = 0
        self.tidied = False
        self._shared = shared

    def idle(self, state: sqlite3.Connection) -> None:
        with closing(sqlite3.connect(self._shared, timeout=0, isolation_level=None)) as shared:
            try:
                shared.execute("begin immediate")
            except sqlite3.OperationalError:
                self.found_locked += 1
                raise
            self.tidied = True


def test_a_file_that_somebody_holds_for_long_is_waited_for(tmp_path: Path) -> None:
    tidy, stopping = Tidy(tmp_path / "shared.sqlite"), threading.Event()
    process = Process(hub_in(tmp_path), None, lambda: MemoryJournal([frame()]), lambda: START)
    with closing(sqlite3.connect(tmp_path / "shared.sqlite", isolation_level=None)) as holder:
        holder.execute("begin immediate")
        thread = threading.Thread(target=process.run, args=([Health(), tidy], stopping))
        thread.start()
        eventually(lambda: tidy.found_locked)
        holder.execute("rollback")
        eventually(lambda: tidy.tidied)
    stopping.set()
    thread.join(5)

    assert not thread.is_alive()
    assert tidy.heard == [1]
    assert position(tmp_path, "health") == 1


def test_a_reader_sees_the_rebuilt_view_without_opening_it_again(tmp_path: Path) -> None:
    with Followed(Health(), tmp_path, [frame()]) as followed, Views(tmp_path) as held:
        before = held["health"]
        rebuild(Health(), followed.source)
        followed.take(frame(device="gate"))

        assert held["health"] is not before
        assert [each.device for each in devices(held["health"])] == ["gate", "yard"]
        assert len(list((tmp_path / "views").glob("health.*.sqlite"))) == 1


def test_a_view_that_nobody_folded_is_named(tmp_path: Path) -> None:
    with Views(tmp_path) as held, pytest.raises(NoView, match="'health' has no view yet"):
        held["health"]


def test_a_view_cannot_be_written_by_its_readers(tmp_path: Path) -> None:
    with Followed(Health(), tmp_path, [frame()]) as followed, pytest.raises(sqlite3.OperationalError, match="readonly"):
        followed.view.execute("delete from devices")


def test_two_processes_on_one_view_fold_each_event_once(tmp_path: Path) -> None:
    journal = MemoryJournal([frame() for _ in range(10)])
    first, second = (Follower(Picky(), Source(tmp_path, journal, lambda: START)) for _ in range(2))
    first.advance(5)
    second.advance(3)
    first.advance(5)
    second.advance(5)

    assert position(tmp_path, "picky") == 10
    view = views.open_view(tmp_path, "picky")
    assert view.execute("select count(*) from seen").fetchone() == (10,)
    view.close()
    first.close()
    second.close()


def test_a_checkpoint_does_not_go_back(tmp_path: Path) -> None:
    view = views.connect(tmp_path / "view.sqlite")
    view.executescript(checkpoint.SCHEMA)
    checkpoint.begin(view, 10, 1)

    with pytest.raises(checkpoint.WentBackwards, match="is at 10 and cannot go back to 9"):
        checkpoint.save(view, 9)

    view.close()


def test_view_and_checkpoint_commit_together(tmp_path: Path) -> None:
    told: list[str] = []
    source = Source(tmp_path, MemoryJournal([frame(), frame()]), lambda: START)
    follower = Follower(Picky(), source)
    follower.advance(limit=1)
    assert follower._view is not None
    follower._view.set_trace_callback(lambda statement: told.append(statement.split()[0].lower()))
    follower.advance(limit=1)
    follower.close()

    assert told[told.index("begin") :].count("commit") == 1
    assert told.index("insert") < told.index("update") < told.index("commit")


class Stopping(threading.Event):
    """Stops after so many rounds, and remembers for how long each rested."""

    def __init__(self, rounds: int) -> None:
        super().__init__()
        self.rests: list[float | None] = []
        self.left = rounds

    def is_set(self) -> bool:
        self.left -= 1
        return self.left < 0

    def wait(self, timeout: float | None = None) -> bool:
        self.rests.append(timeout)
        return False


def test_rounds_that_find_little_are_apart_and_catching_up_is_not() -> None:
    found = iter([BATCH, 3, 700, BATCH])
    stopping = Stopping(rounds=4)

    loop({"slow": lambda: 0, "busy": lambda: next(found)}, threading.Event(), stopping, 0.2)

    assert stopping.rests == [0.2, 0.2]


def test_who_decides_what_people_are_told_does_not_rest(tmp_path: Path) -> None:
    paces = {consumer.name: consumer.pace_s for consumer in roster(hub_in(tmp_path)).projections()}

    assert {name for name, pace in paces.items() if not pace} == {"incidents", "alerts"}
