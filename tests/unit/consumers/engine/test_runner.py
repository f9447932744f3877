"""The process of consumers: one that fails stops alone, and what it cannot take is set aside."""

import sqlite3
import threading
from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import ClassVar
from unittest.mock import patch

import pytest

from bus_schemas.event import Event
from consumers.engine import checkpoint, set_aside, view_files
from consumers.engine.follower import STOPS_AFTER
from consumers.engine.projection import Emit
from consumers.engine.runner import ConsumerProcess, Sender
from consumers.hub_faults import FaultReporter
from consumers.store.journal.record import Recorded
from consumers.store.journal.store import JournalAway
from consumers.views.health.projection import HealthProjection
from producer.broker import BrokerAddress
from producer.ids import utc_now
from tests.builders import START, frame
from tests.consumer_processes import Picky, position, running, seen
from tests.echo import Echo
from tests.eventually import eventually
from tests.following import hub_in
from tests.memory_journal import MemoryJournal


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


@pytest.mark.parametrize("away", [timedelta(days=-2), timedelta(days=2)], ids=["long ago", "by a clock set back since"])
def test_a_consumer_that_set_something_aside_at_another_time_does_not_limp(tmp_path: Path, away: timedelta) -> None:
    faults = FaultReporter("consumers", None)
    process = ConsumerProcess(
        hub_in(tmp_path), None, lambda: MemoryJournal([frame(device="bad"), frame()]), lambda: utc_now() + away, faults
    )
    with running(process, Picky()):
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


class OnAPoorMachine(Picky):
    """The machine lacks something until it is there."""

    has_room = False

    def __init__(self, error: Exception) -> None:
        self.error = error

    def fold(self, view: sqlite3.Connection, batch: Sequence[Recorded], emit: Emit) -> None:
        if not self.has_room:
            raise self.error
        super().fold(view, batch, emit)


@pytest.mark.parametrize(
    ("error", "key", "words"),
    [
        (OSError(28, "No space left on device"), ("disk", "storage_unwritable"), "No space left on device"),
        (MemoryError(), ("machine", "system_error"), "there is not enough memory"),
    ],
)
def test_what_the_machine_lacks_stops_nobody_else_and_is_told_until_it_is_there(
    tmp_path: Path, error: Exception, key: tuple[str, str], words: str
) -> None:
    journal, faults, poor = MemoryJournal([frame()]), FaultReporter("consumers", None), OnAPoorMachine(error)
    with running(
        ConsumerProcess(hub_in(tmp_path), None, lambda: journal, lambda: START, faults), poor, HealthProjection()
    ):
        eventually(lambda: position(tmp_path, "health") == 1)
        [fault] = eventually(lambda: faults.faults)
        assert (fault.part, fault.kind, position(tmp_path, "picky")) == (*key, 0)
        assert fault.reason == f"picky waits: {words}"
        poor.has_room = True
        eventually(lambda: position(tmp_path, "picky") == 1)
        eventually(lambda: faults.faults == ())

    assert seen(tmp_path) == [1]


def test_a_relay_that_ends_again_and_again_is_begun_again_seldom(tmp_path: Path) -> None:
    now, file, begun = [0.0], tmp_path / "outbox.sqlite", []
    file.touch()

    class Ending:
        def __init__(self, *_: object) -> None:
            begun.append(now[0])

        def run(self, stopping: threading.Event) -> None:
            return

    with patch("consumers.engine.runner.Relay", Ending):
        sender = Sender(BrokerAddress(), utc_now, lambda: now[0])
        for now[0] in range(100):
            sender.serve(file)
            eventually(lambda: not sender.is_running)
        sender.close()

    assert 10 <= len(begun) <= 25


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
