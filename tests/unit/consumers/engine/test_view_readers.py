"""Views are swapped under their readers, and view and checkpoint are committed together."""

import sqlite3
from pathlib import Path
from typing import ClassVar

import pytest

from bus_schemas.camera import FrameEvent
from bus_schemas.event import Event
from consumers.engine import checkpoint, view_files
from consumers.engine.follower import ConsumerContext, Follower
from consumers.engine.rebuild.whole import rebuild
from consumers.engine.view_files import NoView, Views
from consumers.views.health.projection import HealthProjection
from consumers.views.health.questions import devices
from tests.builders import START, frame
from tests.consumer_processes import Picky, position
from tests.eventually import eventually
from tests.following import Followed
from tests.memory_journal import MemoryJournal


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
    eventually(lambda: file.read_bytes() != before)
    follower.close()
