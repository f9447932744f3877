"""Rebuilds that are asked for over the bus: done beside the others, told of, and begun again after a restart."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from bus_schemas.codec import read_stored
from bus_schemas.event import HUB
from bus_schemas.node import CommandEvent
from consumers.engine import checkpoint, view_files
from consumers.engine.consumer_set import UnknownConsumer
from consumers.engine.deliverer import Deliverer
from consumers.engine.follower import ConsumerContext
from consumers.engine.rebuild.process_lock import AlreadyRebuilding, rebuild_progress
from consumers.engine.rebuild.request import RebuildRequest
from consumers.engine.rebuild.sink import FoldAgain, RebuildSink
from consumers.engine.rebuild.time_range import TimeRange
from consumers.engine.rebuild.whole import Progress, rebuild
from consumers.views.health.projection import HealthProjection
from tests.builders import START, at, command, frame, tick
from tests.following import Followed
from tests.memory_journal import MemoryJournal


class Asked:
    """A sink whose rebuilds a test watches, over a journal in which one was asked for."""

    def __init__(self, data: Path, fold_again: FoldAgain) -> None:
        self.data = data
        self.journal = MemoryJournal()
        self.sink = RebuildSink(fold_again, lambda: START)
        self.deliverer = Deliverer(self.sink, ConsumerContext(data, self.journal, lambda: START))
        self.deliverer.advance()

    def ask(self, consumer: str, **arguments: object) -> None:
        asked = command(name="rebuild", state="asked", by="ada", arguments={"consumer": consumer, **arguments})
        self.journal.append(asked)
        self.work()

    def work(self) -> None:
        self.deliverer.advance()
        self.deliverer.idle()
        self.journal.append(tick(at(5)))
        self.deliverer.advance()

    def reported(self) -> list[tuple[str, str | None]]:
        view = view_files.open_view(self.data, "rebuilds")
        with closing(view):
            bodies = [body for (body,) in view.execute("select body from outbox_event order by position")]
        events = read_stored(bodies)
        return [(event.data.state, event.data.detail) for event in events if isinstance(event, CommandEvent)]


@contextmanager
def asked(data: Path, fold_again: FoldAgain) -> Iterator[Asked]:
    made = Asked(data, fold_again)
    with closing(made.deliverer):
        yield made


class Done:
    """Remembers what it was asked for, and does it at once."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, RebuildRequest]] = []

    def __call__(self, name: str, wanted: RebuildRequest, progress: Progress) -> str:
        self.asked.append((name, wanted))
        return f"{name} is folded again"


def test_a_rebuild_that_is_asked_for_is_done_and_told(tmp_path: Path) -> None:
    with asked(tmp_path, done := Done()) as sink:
        sink.ask("health")
        sink.work()

        assert done.asked == [("health", RebuildRequest())]
        assert sink.reported() == [("done", "health is folded again")]


def test_a_part_and_wishes_are_handed_on(tmp_path: Path) -> None:
    with asked(tmp_path, done := Done()) as sink:
        span = {"since": "2026-01-05T11:00:00+01:00", "until": "2026-01-05T10:05:00Z"}
        sink.ask("motion", site="DEMO", **span)
    with asked(tmp_path / "other", done) as sink:
        sink.ask("health", force=True, restart=True)

    assert done.asked == [
        ("motion", RebuildRequest(part=TimeRange("DEMO", START, at(300)))),
        ("health", RebuildRequest(restart=True, force=True)),
    ]


@pytest.mark.parametrize("arguments", [{"site": "DEMO"}, {"site": "../x"}, {"since": 7, "until": "never"}])
def test_an_order_that_makes_no_sense_is_refused_and_stops_nothing(
    tmp_path: Path, arguments: dict[str, object]
) -> None:
    with asked(tmp_path, done := Done()) as sink:
        sink.ask("motion", **arguments)

        assert done.asked == []
        assert [state for state, _ in sink.reported()] == ["failed"]


def test_what_cannot_be_rebuilt_is_told_with_the_reason(tmp_path: Path) -> None:
    def refuse(name: str, wanted: RebuildRequest, progress: Progress) -> str:
        raise UnknownConsumer(f"there is no consumer {name!r}")

    with asked(tmp_path, refuse) as sink:
        sink.ask("nothing")

        assert sink.reported() == [("failed", "there is no consumer 'nothing'")]


def test_a_rebuild_that_is_cut_short_by_the_end_of_the_process_is_asked_for_again(tmp_path: Path) -> None:
    def work(name: str, wanted: RebuildRequest, progress: Progress) -> str:
        progress(1, 2)
        return "done"

    with asked(tmp_path, work) as sink:
        sink.sink.halt()
        sink.ask("health")
        assert sink.reported() == []
    with asked(tmp_path, done := Done()) as sink:
        sink.deliverer.idle()

    assert done.asked == [("health", RebuildRequest())]


def test_what_was_asked_for_before_the_sink_first_began_is_done_once(tmp_path: Path) -> None:
    done, journal = Done(), MemoryJournal()
    source = ConsumerContext(tmp_path, journal, lambda: START)
    journal.append(
        command(name="rebuild", state="asked", request_id="r-1", arguments={"consumer": "motion"}),
        command(name="rebuild", state="done", request_id="r-1", device=HUB),
        command(name="rebuild", state="asked", request_id="r-2", arguments={"consumer": "health"}),
        command(name="rebuild", state="asked", request_id="r-3", arguments={"consumer": "audio"}),
        command(name="rebuild", state="failed", request_id="r-3", device=HUB),
    )
    for _ in range(2):
        with closing(Deliverer(RebuildSink(done, lambda: START), source)) as deliverer:
            deliverer.advance()
            deliverer.idle()

    assert done.asked == [("health", RebuildRequest())]


def test_an_interrupted_rebuild_leaves_the_old_view_and_what_is_folded_so_far(tmp_path: Path) -> None:
    def interrupt(done: int, of: int) -> None:
        raise KeyboardInterrupt

    with Followed(HealthProjection(), tmp_path, [frame(at(second)) for second in range(9)]) as followed:
        before = sorted(path.name for path in (tmp_path / "views").iterdir())
        with pytest.raises(KeyboardInterrupt):
            rebuild(HealthProjection(), followed.source, interrupt)

        assert sorted(path.name for path in (tmp_path / "views").iterdir()) == sorted(
            [*before, "health.rebuild", "health.2.sqlite"]
        )
        assert checkpoint.load(followed.view) == 9
        assert rebuild_progress(tmp_path, "health") is None


def test_a_rebuild_tells_how_far_it_is_and_lets_no_second_one_begin(tmp_path: Path) -> None:
    seen: list[int | None] = []
    with Followed(HealthProjection(), tmp_path, [frame(at(second)) for second in range(9)]) as followed:

        def look(done: int, of: int) -> None:
            seen.append(rebuild_progress(tmp_path, "health"))
            with pytest.raises(AlreadyRebuilding, match="is being folded again already"):
                rebuild(HealthProjection(), followed.source)

        rebuild(HealthProjection(), followed.source, look)

    assert seen == [0, 9]
    assert rebuild_progress(tmp_path, "health") is None
