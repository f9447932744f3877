"""What every consumer satisfies, by being registered."""

from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from bus_schemas.codec import read_stored
from bus_schemas.event import Event
from consumers.engine import checkpoint, set_aside, view_files
from consumers.engine.follower import ConsumerContext, Follower, Stopped
from consumers.engine.rebuild.compare import compare, verify
from consumers.engine.rebuild.whole import rebuild, why_rebuild
from consumers.store.journal.record import Batch
from tests.builders import START, at
from tests.contract.consumer_harness import MAKERS, PROJECTIONS, SINKS, Broken, ConsumerHarness
from tests.contract.story import Story, story
from tests.memory_journal import MemoryJournal


@pytest.fixture(scope="module")
def observed() -> Story:
    return story()


@pytest.fixture(scope="module")
def journal(observed: Story) -> MemoryJournal:
    journal = MemoryJournal()
    for received, event in observed.in_order():
        journal.append(event, received=at(received))
    return journal


@pytest.fixture(params=PROJECTIONS)
def yard(request: pytest.FixtureRequest, tmp_path: Path, observed: Story) -> ConsumerHarness:
    return ConsumerHarness(request.param, tmp_path / "one", observed)


@pytest.fixture(params=SINKS)
def sink_yard(request: pytest.FixtureRequest, tmp_path: Path, observed: Story) -> ConsumerHarness:
    return ConsumerHarness(request.param, tmp_path / "one", observed)


@pytest.fixture
def other(yard: ConsumerHarness, tmp_path: Path, observed: Story) -> ConsumerHarness:
    return ConsumerHarness(yard.name, tmp_path / "other", observed)


@pytest.fixture(scope="module")
def folded(
    tmp_path_factory: pytest.TempPathFactory, observed: Story, journal: MemoryJournal
) -> Callable[[str], ConsumerHarness]:
    @cache
    def fold(name: str) -> ConsumerHarness:
        yard = ConsumerHarness(name, tmp_path_factory.mktemp(name), observed)
        yard.fold(journal)
        return yard

    return fold


@pytest.fixture
def whole(yard: ConsumerHarness, folded: Callable[[str], ConsumerHarness]) -> ConsumerHarness:
    """The same consumer after the whole journal, undisturbed. Tests share it and only look at it."""
    return folded(yard.name)


def differences(yard: ConsumerHarness, other: ConsumerHarness) -> list[Any]:
    one, two = yard.view(), other.view()
    try:
        return compare(one, two, yard.projection())
    finally:
        one.close()
        two.close()


def contents(yard: ConsumerHarness) -> dict[str, Any]:
    """What a view would say differently: without the numbers that an outbox gives its epoch."""
    return {"emitted": [body.split(b'"epoch"')[0] for _, _, body in yard.emitted()]}


@pytest.mark.parametrize("batch", [pytest.param(1, marks=pytest.mark.thorough), 7, 5000])
def test_the_size_of_batches_does_not_show(
    yard: ConsumerHarness, whole: ConsumerHarness, journal: MemoryJournal, batch: int
) -> None:
    yard.fold(journal, batch)

    assert differences(yard, whole) == []
    assert contents(yard) == contents(whole)


def test_a_restart_at_any_point_does_not_show(
    yard: ConsumerHarness, whole: ConsumerHarness, journal: MemoryJournal
) -> None:
    for _ in range(12):
        yard.fold(journal, batch=300, times=1)
    yard.fold(journal)

    assert differences(yard, whole) == []
    assert contents(yard) == contents(whole)


def poison(yard: ConsumerHarness, journal: MemoryJournal) -> int:
    """The position of an event in the middle of those that the consumer reads."""
    records = journal.read(0, yard.projection().models, journal.head()).records
    return records[len(records) // 2].position


@pytest.mark.thorough
def test_an_event_on_which_the_fold_raises_is_set_aside_and_costs_only_itself(
    yard: ConsumerHarness, other: ConsumerHarness, journal: MemoryJournal
) -> None:
    bad = poison(yard, journal)
    context = ConsumerContext(yard.data, journal, lambda: START)
    follower = Follower(Broken(yard.projection(), lambda position: position == bad), context)
    _catch_up(follower)
    follower.close()
    rest = Follower(other.projection(), ConsumerContext(other.data, _Without(journal, bad), lambda: START))
    _catch_up(rest)
    rest.close()

    assert differences(yard, other) == []
    assert contents(yard) == contents(other)
    view = yard.view()
    assert [(it.position, it.error) for it in set_aside.newest(view)] == [
        (bad, "ZeroDivisionError: a bug that a test has put here")
    ]
    assert checkpoint.load(view) == journal.head()
    view.close()
    assert verify(yard.projection(), context) == []


@pytest.mark.thorough
def test_what_was_set_aside_is_in_the_view_that_is_folded_again(
    yard: ConsumerHarness, whole: ConsumerHarness, journal: MemoryJournal
) -> None:
    bad = poison(yard, journal)
    context = ConsumerContext(yard.data, journal, lambda: START)
    follower = Follower(Broken(yard.projection(), lambda position: position == bad), context)
    _catch_up(follower)
    follower.close()
    rebuild(yard.projection(), context)

    assert differences(yard, whole) == []
    view = yard.view()
    assert set_aside.newest(view) == []
    view.close()


@pytest.mark.thorough
def test_what_failed_in_a_row_is_folded_on_once_it_is_mended(
    yard: ConsumerHarness, whole: ConsumerHarness, journal: MemoryJournal
) -> None:
    half = journal.head() // 2
    broken = Broken(yard.projection(), lambda position: position >= half)
    follower = Follower(broken, ConsumerContext(yard.data, journal, lambda: START))
    with suppress(Stopped):
        _catch_up(follower)
    follower.close()
    yard.fold(journal)

    assert differences(yard, whole) == []
    view = yard.view()
    assert (checkpoint.failure(view), set_aside.newest(view)) == (None, [])
    view.close()


def test_the_view_equals_the_fold_of_the_journal(yard: ConsumerHarness, journal: MemoryJournal) -> None:
    yard.fold(journal, batch=100)

    assert verify(yard.projection(), ConsumerContext(yard.data, journal, lambda: START)) == []


@pytest.mark.thorough
def test_a_rebuilt_view_is_the_same_and_nothing_is_told_again(yard: ConsumerHarness, journal: MemoryJournal) -> None:
    yard.fold(journal)
    before, file = yard.emitted(), view_files.file_of(yard.data, yard.name)
    rebuild(yard.projection(), ConsumerContext(yard.data, journal, lambda: START))

    assert view_files.file_of(yard.data, yard.name) != file
    assert yard.emitted() == before
    assert verify(yard.projection(), ConsumerContext(yard.data, journal, lambda: START)) == []


@pytest.mark.thorough
def test_a_rebuilt_view_goes_on(yard: ConsumerHarness, whole: ConsumerHarness, journal: MemoryJournal) -> None:
    yard.fold(journal, batch=300, times=5)
    rebuild(yard.projection(), ConsumerContext(yard.data, journal, lambda: START))
    yard.fold(journal)

    assert differences(yard, whole) == []
    assert contents(yard) == contents(whole)


@pytest.mark.parametrize("yard", MAKERS, indirect=True)
def test_a_view_that_was_thrown_away_tells_nothing_twice(
    yard: ConsumerHarness, journal: MemoryJournal, observed: Story
) -> None:
    yard.fold(journal)
    emitted = list(_events(yard))
    longer = MemoryJournal()
    for received, event in observed.in_order():
        longer.append(event, received=at(received))
    longer.append(*emitted)
    file = view_files.file_of(yard.data, yard.name)
    assert file is not None
    view_files.link_of(yard.data, yard.name).unlink()
    view_files.remove(file)
    yard.fold(longer)

    assert emitted
    assert yard.emitted() == []


def test_a_view_of_another_version_is_rebuilt(yard: ConsumerHarness, journal: MemoryJournal) -> None:
    yard.fold(journal, batch=300, times=2)
    before = why_rebuild(yard.projection(), yard.data)
    projection = yard.projection()
    type(projection).version += 1
    try:
        assert before is None
        assert f"and this is version {projection.version}" in str(why_rebuild(projection, yard.data))
    finally:
        type(projection).version -= 1


def test_a_sink_that_is_given_everything_twice_ends_the_same(
    sink_yard: ConsumerHarness, journal: MemoryJournal
) -> None:
    sink_yard.deliver(MemoryJournal())
    sink_yard.deliver(journal)
    once, emitted = sink_yard.dump(), sink_yard.emitted()
    _rewind(sink_yard)
    sink_yard.deliver(journal, batch=100)

    assert sink_yard.dump() == once
    assert sink_yard.emitted() == emitted


def test_a_new_sink_begins_with_what_comes(sink_yard: ConsumerHarness, journal: MemoryJournal) -> None:
    sink_yard.deliver(journal)

    view = sink_yard.view()
    assert checkpoint.load(view) == journal.head()
    view.close()
    assert sink_yard.emitted() == []


def _catch_up(follower: Follower) -> None:
    while follower.advance(200):
        pass


def _rewind(yard: ConsumerHarness) -> None:
    file = view_files.file_of(yard.data, yard.name)
    assert file is not None
    state = view_files.connect(file)
    state.execute("update checkpoint set position = 0")
    state.close()


def _events(yard: ConsumerHarness) -> Iterator[Any]:
    yield from read_stored(body for _, _, body in yard.emitted())


class _Without(MemoryJournal):
    """A journal as one sees it who cannot see the event at one position."""

    def __init__(self, whole: MemoryJournal, position: int) -> None:
        super().__init__()
        self._records = whole.read(0, None, whole.head()).records  # type: ignore[assignment]  # a list
        self._position = position

    def read(self, after: int, models: Collection[type[Event]] | None = None, limit: int = 1000) -> Batch:
        batch = super().read(after, models, limit)
        return Batch(tuple(record for record in batch.records if record.position != self._position), batch.upto)
