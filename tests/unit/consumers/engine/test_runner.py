"""The process of consumers: one that fails stops alone, and views are swapped under their readers."""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import ClassVar
from unittest.mock import patch

import pytest

from bus_schemas.camera import FrameEvent
from bus_schemas.event import Event
from consumers.engine import checkpoint, set_aside, view_files
from consumers.engine.consumer_loop import Paces, loop
from consumers.engine.follower import BATCH, STOPS_AFTER, ConsumerContext, Follower
from consumers.engine.head_listener import POLL_S
from consumers.engine.projection import Emit, Projection
from consumers.engine.rebuild.whole import rebuild, why_rebuild
from consumers.engine.retrying import BRIEF_S
from consumers.engine.runner import ConsumerProcess
from consumers.engine.sink import Sink
from consumers.engine.view_files import NoView, Views
from consumers.hub_faults import FaultReporter
from consumers.registry import consumer_registry
from consumers.store.journal.record import Recorded
from consumers.store.journal.store import JournalAway
from consumers.views.health.projection import HealthProjection
from consumers.views.health.questions import devices
from producer.backoff import Backoff
from producer.ids import utc_now
from tests.builders import START, frame
from tests.echo import Echo
from tests.eventually import eventually
from tests.following import Followed, hub_in
from tests.memory_journal import MemoryJournal
from tests.threads import in_a_thread


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


def position(data: Path, name: str) -> int:
    try:
        view = view_files.open_view(data, name)
    except NoView:
        return -1
    found = checkpoint.load(view)
    view.close()
    return found


@contextmanager
def running(process: ConsumerProcess, *consumers: Projection | Sink) -> Iterator[threading.Thread]:
    with impatient(), in_a_thread(lambda stopping: process.run(consumers, stopping)) as thread:
        yield thread


@contextmanager
def impatient() -> Iterator[None]:
    """What fails is tried again, and reported, after a twentieth of the seconds that it would take."""
    sooner = {
        "retrying.AGAIN": Backoff(0.05, 3.0),
        "retrying.AGAIN_SOON": Backoff(0.05, 0.25),
        "retrying.BRIEF_S": BRIEF_S / 20,
        "consumer_loop.POLL_S": POLL_S / 20,
        "runner.POLL_S": POLL_S / 20,
    }
    with ExitStack() as stack:
        for name, pause in sooner.items():
            stack.enter_context(patch(f"consumers.engine.{name}", pause))
        yield


def seen(data: Path) -> list[int]:
    with closing(view_files.open_view(data, "picky")) as view:
        return [position for (position,) in view.execute("select position from seen")]


def test_an_event_that_a_consumer_cannot_take_is_set_aside_and_told(tmp_path: Path) -> None:
    bad = frame(device="bad")
    journal, faults = MemoryJournal([frame(), bad, frame()]), FaultReporter("consumers", None)
    with running(
        ConsumerProcess(hub_in(tmp_path), None, lambda: journal, utc_now, faults), Picky(), HealthProjection()
    ):
        eventually(lambda: (position(tmp_path, "picky"), position(tmp_path, "health")) == (3, 3))
        [fault] = eventually(lambda: faults.faults)

    assert (fault.part, fault.kind) == ("picky", "system_error")
    assert "position 2, frame of /sites/DEMO/devices/bad: KeyError: 'a bug'" in fault.reason
    assert seen(tmp_path) == [1, 3]
    with closing(view_files.open_view(tmp_path, "picky")) as view:
        assert [(it.position, it.event_id) for it in set_aside.newest(view)] == [(2, bad.id)]
        assert (checkpoint.failure(view), set_aside.total(view)) == (None, 1)


def test_a_consumer_that_set_something_aside_long_ago_does_not_limp(tmp_path: Path) -> None:
    faults = FaultReporter("consumers", None)
    long_ago = ConsumerProcess(
        hub_in(tmp_path), None, lambda: MemoryJournal([frame(device="bad"), frame()]), lambda: START, faults
    )
    with running(long_ago, Picky()):
        eventually(lambda: position(tmp_path, "picky") == 2)

    assert faults.faults == ()


def test_one_device_alone_does_not_stop_a_consumer_however_much_it_sends(tmp_path: Path) -> None:
    journal = MemoryJournal([*(frame(device="bad") for _ in range(3 * STOPS_AFTER)), frame()])
    with running(ConsumerProcess(hub_in(tmp_path), None, lambda: journal, lambda: START), Picky()):
        eventually(lambda: position(tmp_path, "picky") == 3 * STOPS_AFTER + 1)

    assert seen(tmp_path) == [3 * STOPS_AFTER + 1]


class Mended(Picky):
    """Takes nothing until it is mended."""

    is_mended = False

    def fold(self, view: sqlite3.Connection, batch: Sequence[Recorded], emit: Emit) -> None:
        if not self.is_mended:
            raise KeyError("a bug")
        super().fold(view, batch, emit)


def test_a_consumer_that_fails_on_everything_stops_is_tried_again_and_then_goes_on_from_there(tmp_path: Path) -> None:
    events = [frame(device=f"d{number % 3}") for number in range(STOPS_AFTER + 20)]
    journal, faults, picky = MemoryJournal(events), FaultReporter("consumers", None), Mended()
    with running(
        ConsumerProcess(hub_in(tmp_path), None, lambda: journal, lambda: START, faults), picky, HealthProjection()
    ):
        [fault] = eventually(lambda: faults.faults)
        assert "stopped at position 1" in fault.reason
        eventually(lambda: position(tmp_path, "health") == len(events))
        assert position(tmp_path, "picky") == 0
        with closing(view_files.open_view(tmp_path, "picky")) as view:
            failure = checkpoint.failure(view)
        assert failure is not None
        assert (failure.position, failure.event_id, failure.error) == (1, events[0].id, "KeyError: 'a bug'")
        picky.is_mended = True
        eventually(lambda: position(tmp_path, "picky") == len(events))
        eventually(lambda: faults.faults == ())

    assert seen(tmp_path) == list(range(1, len(events) + 1))
    with closing(view_files.open_view(tmp_path, "picky")) as view:
        assert (checkpoint.failure(view), set_aside.total(view)) == (None, 0)


def test_a_consumer_that_stopped_goes_on_where_something_can_be_taken(tmp_path: Path) -> None:
    class TakesOne(Picky):
        def fold(self, view: sqlite3.Connection, batch: Sequence[Recorded], emit: Emit) -> None:
            if any(record.where[1] != "good" for record in batch):
                raise KeyError("a bug")
            super().fold(view, batch, emit)

    journal = MemoryJournal([frame(device=f"d{number % 3}") for number in range(STOPS_AFTER + 20)])
    faults = FaultReporter("consumers", None)
    with running(ConsumerProcess(hub_in(tmp_path), None, lambda: journal, lambda: START, faults), TakesOne()):
        eventually(lambda: faults.faults)
        journal.append(frame(device="good"))
        eventually(lambda: seen(tmp_path) == [journal.head()])

    with closing(view_files.open_view(tmp_path, "picky")) as view:
        assert set_aside.total(view) == STOPS_AFTER + 20


class FullDisk(Picky):
    """There is no room until there is."""

    has_room = False

    def fold(self, view: sqlite3.Connection, batch: Sequence[Recorded], emit: Emit) -> None:
        if not self.has_room:
            raise OSError(28, "No space left on device")
        super().fold(view, batch, emit)


def test_a_full_disk_stops_nobody_else_and_is_told_until_there_is_room(tmp_path: Path) -> None:
    journal, faults, full = MemoryJournal([frame()]), FaultReporter("consumers", None), FullDisk()
    with running(
        ConsumerProcess(hub_in(tmp_path), None, lambda: journal, lambda: START, faults), full, HealthProjection()
    ):
        eventually(lambda: position(tmp_path, "health") == 1)
        [fault] = eventually(lambda: faults.faults)
        assert (fault.part, fault.kind, position(tmp_path, "picky")) == ("disk", "storage_unwritable", 0)
        full.has_room = True
        eventually(lambda: position(tmp_path, "picky") == 1)
        eventually(lambda: faults.faults == ())

    assert seen(tmp_path) == [1]


class Refusing(Echo):
    """Does not take what one device says, and remembers what it was given."""

    name: ClassVar[str] = "refusing"

    def deliver(self, state: sqlite3.Connection, batch: Sequence[Recorded]) -> Sequence[Event]:
        if any(record.where[1] == "bad" for record in batch):
            raise ValueError("a bug")
        return super().deliver(state, batch)


def test_what_a_sink_cannot_deliver_is_tried_three_times_and_set_aside(tmp_path: Path) -> None:
    journal, faults = MemoryJournal([frame(), frame(device="bad"), frame()]), FaultReporter("consumers", None)
    sink = Refusing()
    with running(ConsumerProcess(hub_in(tmp_path), None, lambda: journal, utc_now, faults), sink):
        eventually(lambda: position(tmp_path, "refusing") == 3)
        [fault] = eventually(lambda: faults.faults)

    assert sink.received == [1, 3]
    assert fault.part == "refusing"
    with closing(view_files.open_view(tmp_path, "refusing")) as state:
        assert [it.position for it in set_aside.newest(state)] == [2]


class Dying(Echo):
    """Its thread ends in a way that nobody has foreseen, a few times."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.left = times

    def idle(self, state: sqlite3.Connection) -> None:
        if self.left:
            self.left -= 1
            raise UnicodeError("nobody thought of this")

    def close(self) -> None:
        if self.left:
            self.left -= 1
            raise RuntimeError("nor of this")


def test_the_thread_of_a_sink_goes_on_whatever_ends_it(tmp_path: Path) -> None:
    journal, sink = MemoryJournal([frame()]), Dying(2)
    with running(ConsumerProcess(hub_in(tmp_path), None, lambda: journal, lambda: START), sink):
        eventually(lambda: sink.received == [1])
        eventually(lambda: not sink.left)
        journal.append(frame())
        eventually(lambda: sink.received == [1, 2])


def test_a_journal_that_is_away_at_the_start_is_waited_for(tmp_path: Path) -> None:
    answers = iter([JournalAway("refused"), JournalAway("refused")])
    faults = FaultReporter("consumers", None)

    def journal() -> MemoryJournal:
        for away in answers:
            raise away
        return MemoryJournal([frame()])

    with running(ConsumerProcess(hub_in(tmp_path), None, journal, lambda: START, faults), Picky()):
        eventually(lambda: position(tmp_path, "picky") == 1)

    assert faults.faults == ()


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
    process = ConsumerProcess(hub_in(tmp_path), None, lambda: MemoryJournal([frame()]), lambda: START)
    with closing(sqlite3.connect(tmp_path / "shared.sqlite", isolation_level=None)) as holder:
        holder.execute("begin immediate")
        thread = threading.Thread(target=process.run, args=([HealthProjection(), tidy], stopping))
        thread.start()
        eventually(lambda: tidy.found_locked)
        holder.execute("rollback")
        eventually(lambda: tidy.tidied)
    stopping.set()
    thread.join(30)

    assert not thread.is_alive()
    assert tidy.received == [1]
    assert position(tmp_path, "health") == 1


def test_a_reader_sees_the_rebuilt_view_without_opening_it_again(tmp_path: Path) -> None:
    with Followed(HealthProjection(), tmp_path, [frame()]) as followed, Views(tmp_path) as held:
        before = held["health"]
        rebuild(HealthProjection(), followed.source)
        followed.take(frame(device="gate"))

        assert held["health"] is not before
        assert [each.device for each in devices(held["health"])] == ["gate", "yard"]
        assert len(list((tmp_path / "views").glob("health.*.sqlite"))) == 1


def test_a_view_that_nobody_folded_is_named(tmp_path: Path) -> None:
    with Views(tmp_path) as held, pytest.raises(NoView, match="'health' has no view yet"):
        held["health"]


def test_a_view_cannot_be_written_by_its_readers(tmp_path: Path) -> None:
    with (
        Followed(HealthProjection(), tmp_path, [frame()]) as followed,
        pytest.raises(sqlite3.OperationalError, match="readonly"),
    ):
        followed.view.execute("delete from devices")


def test_two_processes_on_one_view_fold_each_event_once(tmp_path: Path) -> None:
    journal = MemoryJournal([frame() for _ in range(10)])
    first, second = (Follower(Picky(), ConsumerContext(tmp_path, journal, lambda: START)) for _ in range(2))
    first.advance(5)
    second.advance(3)
    first.advance(5)
    second.advance(5)

    assert position(tmp_path, "picky") == 10
    view = view_files.open_view(tmp_path, "picky")
    assert view.execute("select count(*) from seen").fetchone() == (10,)
    view.close()
    first.close()
    second.close()


def test_a_checkpoint_does_not_go_back(tmp_path: Path) -> None:
    view = view_files.connect(tmp_path / "view.sqlite")
    view.executescript(checkpoint.SCHEMA)
    checkpoint.begin(view, 10, 1)

    with pytest.raises(checkpoint.WentBackwards, match="is at 10 and cannot go back to 9"):
        checkpoint.save(view, 9)

    view.close()


def test_view_and_checkpoint_commit_together(tmp_path: Path) -> None:
    reported: list[str] = []
    context = ConsumerContext(tmp_path, MemoryJournal([frame(), frame()]), lambda: START)
    follower = Follower(Picky(), context)
    follower.advance(limit=1)
    assert follower._view is not None
    follower._view.set_trace_callback(lambda statement: reported.append(statement.split()[0].lower()))
    follower.advance(limit=1)
    follower.close()

    assert reported[reported.index("begin") :].count("commit") == 1
    assert reported.index("insert") < reported.index("update") < reported.index("commit")


class Noisy(Picky):
    """Emits now and then, and may write much."""

    name: ClassVar[str] = "noisy"
    emits: ClassVar[tuple[type[Event], ...]] = (FrameEvent,)


def test_the_log_of_a_view_that_emits_is_copied_between_its_batches_and_not_by_their_commits(tmp_path: Path) -> None:
    journal = MemoryJournal([frame() for _ in range(400)])
    follower = Follower(Noisy(), ConsumerContext(tmp_path, journal, lambda: START))
    follower.advance(limit=200)
    file, log = follower.file, Path(f"{follower.file}-wal")
    assert file is not None
    follower.shrink_log()
    before = file.read_bytes()
    follower.advance(limit=200)
    assert (file.read_bytes(), log.stat().st_size > 0) == (before, True)
    follower.shrink_log()
    assert file.read_bytes() != before
    follower.close()


class Stopping(threading.Event):
    """Stops after so many rounds, and remembers for how long each rested; `now_s` is when it is asked."""

    def __init__(self, rounds: int, consumers: int) -> None:
        """It is asked before each round, and before each consumer of it."""
        super().__init__()
        self.rests: list[float | None] = []
        self.left = rounds * (1 + consumers)
        self.now_s = 0.0

    def is_set(self) -> bool:
        self.left -= 1
        return self.left < 0

    def wait(self, timeout: float | None = None) -> bool:
        self.rests.append(timeout)
        self.now_s += timeout or 0.0
        return False


class Wakeup(threading.Event):
    """There is news whenever it is waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout)
        return True


def test_rounds_that_find_little_are_apart_and_catching_up_is_not() -> None:
    found = iter([BATCH, 3, 700, BATCH])
    stopping, wakeup = Stopping(rounds=4, consumers=2), Wakeup()
    paces = Paces({"slow": 0.2, "busy": 0.2}, lambda: stopping.now_s)

    loop({"slow": lambda: 0, "busy": lambda: next(found)}, wakeup, stopping, paces)

    assert stopping.rests == [0.2, 0.2]
    # In the second round the slow one was not due yet, and has its turn without news.
    assert wakeup.waits == [0.0, POLL_S]


def test_behind_a_round_that_reached_the_head_none_is_made_before_there_is_news() -> None:
    found = iter([3, 0, BATCH, 5])
    stopping, wakeup = Stopping(rounds=4, consumers=1), Wakeup()

    loop({"busy": lambda: next(found)}, wakeup, stopping, Paces({"busy": 0.0}))

    assert wakeup.waits == [POLL_S, POLL_S, POLL_S]
    assert stopping.rests == []


def test_a_consumer_that_may_rest_costs_one_that_may_not_nothing_and_misses_no_news() -> None:
    stopping, wakeup, asked = Stopping(rounds=5, consumers=2), Wakeup(), list[str]()

    def ask(name: str) -> int:
        asked.append(name)
        stopping.now_s += 0.03
        return 1

    consumers = {name: partial(ask, name) for name in ("calm", "hasty")}
    loop(consumers, wakeup, stopping, Paces({"calm": 0.08, "hasty": 0.0}, lambda: stopping.now_s))

    assert asked == ["calm", "hasty", "hasty", "hasty", "hasty", "calm", "hasty"]
    assert wakeup.waits == [POLL_S, pytest.approx(0.05), pytest.approx(0.02), 0.0, POLL_S]
    assert stopping.rests == []


def test_a_round_ends_before_its_next_consumer_once_the_process_is_to_stop() -> None:
    stopping, asked = threading.Event(), list[str]()

    def ask(name: str) -> int:
        asked.append(name)
        stopping.set()
        return 1

    names = ("first", "second")
    loop({name: partial(ask, name) for name in names}, Wakeup(), stopping, Paces(dict.fromkeys(names, 0.0)))

    assert asked == ["first"]


def test_who_decides_what_people_are_told_does_not_rest(tmp_path: Path) -> None:
    paces = {consumer.name: consumer.pace_s for consumer in consumer_registry(hub_in(tmp_path)).projections()}

    assert {name for name, pace in paces.items() if not pace} == {"alerting"}


class Counted(Picky):
    """Says of each batch whose it was."""

    def __init__(self, name: str, folded: list[str]) -> None:
        self.name = name  # type: ignore[misc]  # of this instance, not of its class
        self._folded = folded

    def fold(self, view: sqlite3.Connection, batch: Sequence[Recorded], emit: Emit) -> None:
        self._folded += [self.name] * len(batch)


def test_of_views_that_are_lost_the_most_urgent_is_there_first(tmp_path: Path) -> None:
    journal, folded = MemoryJournal([frame()] * (5 * BATCH)), list[str]()
    with running(
        ConsumerProcess(hub_in(tmp_path), None, lambda: journal, lambda: START),
        Counted("one", folded),
        Counted("two", folded),
    ):
        eventually(lambda: len(folded) == 10 * BATCH)

    assert folded == ["one"] * 5 * BATCH + ["two"] * 5 * BATCH


def test_while_one_view_is_folded_again_those_that_are_there_go_on(tmp_path: Path) -> None:
    """After an update: the old view stands until the new one takes its place, whatever comes meanwhile."""
    journal, folded = MemoryJournal([frame()] * 3), list[str]()
    for name in ("one", "two"):
        with closing(Follower(Counted(name, []), ConsumerContext(tmp_path, journal, lambda: START))) as old:
            old.advance()

    class Arriving(Counted):
        """While it is folded again, another event comes."""

        version = 2

        def fold(self, view: sqlite3.Connection, batch: Sequence[Recorded], emit: Emit) -> None:
            super().fold(view, batch, emit)
            if len(folded) == 3:
                journal.append(frame())

    with running(
        ConsumerProcess(hub_in(tmp_path), None, lambda: journal, lambda: START),
        Counted("one", folded),
        Arriving("two", folded),
    ):
        eventually(lambda: len(folded) == 5)

    assert folded == ["two"] * 3 + ["one", "two"]


class Reshaped(Picky):
    """The newer version of the same view has a table more, and another column."""

    version: ClassVar[int] = 2
    schema: ClassVar[str] = """
    create table if not exists seen (position integer primary key, device text not null);
    create table if not exists counted (device text primary key, count integer not null);
    """

    def fold(self, view: sqlite3.Connection, batch: Sequence[Recorded], emit: Emit) -> None:
        view.executemany("insert into seen values (?, ?)", [(record.position, record.where[1]) for record in batch])


class Forgotten(Reshaped):
    """The same under the version of the older one."""

    version: ClassVar[int] = 1


class Configured(Picky):
    """The same by another configuration."""

    def made_with(self) -> object:
        return "another configuration"


@pytest.mark.parametrize(
    ("before", "now", "reason"),
    [
        (Picky, Reshaped, "it was made by version 1 of its projection, and this is version 2"),
        (Reshaped, Picky, "it was made by version 2 of its projection, a newer one, and this is version 1"),
        (Picky, Forgotten, "its tables are not those of version 1: counted, seen"),
        (Forgotten, Picky, "its tables are not those of version 1: counted, seen"),
        (Picky, Configured, "it was made by another configuration"),
        (Configured, Picky, "it was made by another configuration"),
    ],
    ids=["update", "return", "update without a version", "return without a version", "setting", "setting taken back"],
)
def test_a_view_of_another_code_is_folded_again_and_the_reason_is_said(
    tmp_path: Path, before: type[Picky], now: type[Picky], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    journal = MemoryJournal([frame() for _ in range(5)])
    with closing(Follower(before(), ConsumerContext(tmp_path, journal, lambda: START))) as old:
        old.advance()
    journal.append(frame())
    with running(ConsumerProcess(hub_in(tmp_path), None, lambda: journal, lambda: START), now()):
        eventually(lambda: position(tmp_path, "picky") == 6)

    assert seen(tmp_path) == [1, 2, 3, 4, 5, 6]
    assert why_rebuild(now(), tmp_path) is None
    assert reason in capsys.readouterr().out
