"""What every view satisfies where the beginning of the journal was dropped, at whatever position."""

from functools import cache
from pathlib import Path
from random import Random

import pytest

from consumers.engine import view_files
from consumers.engine.follower import ConsumerContext
from consumers.engine.rebuild.compare import verify
from consumers.engine.rebuild.request import RebuildRequest, WouldLose
from consumers.engine.rebuild.retention_floor import Scope, scope
from consumers.engine.rebuild.whole import rebuild
from tests.builders import START, at
from tests.contract.consumer_harness import PROJECTIONS, ConsumerHarness
from tests.contract.story import Story, story
from tests.examples import is_thorough
from tests.memory_journal import MemoryJournal
from tests.registry_events import StandingRegistry

SEED = 11
SHARES = (0.1, 0.37, 0.5, 0.62, 0.9) if is_thorough() else (0.1, 0.5, 0.9)
"""Of the journal that is dropped: nearly nothing, about half, and nearly everything."""


@cache
def observed() -> Story:
    return story(seed=SEED)


@cache
def recorded(*days: int) -> MemoryJournal:
    journal, registry = MemoryJournal(), StandingRegistry()
    for received, event in observed().in_order():
        moment = at(received)
        if journal.head() + 1 in days:
            journal.append(*registry.said_again(moment), received=moment)
        journal.append(event, received=moment)
        registry.take(journal.read(journal.head() - 1).records)
    return journal


def journal_of(*days: int) -> MemoryJournal:
    """The journal of the story, with a day that begins at each of these positions, as the writer would begin it."""
    return recorded(*days).again()


def partly(yard: ConsumerHarness, journal: MemoryJournal) -> Scope | None:
    view = yard.view()
    try:
        return scope(yard.projection(), view, journal)
    finally:
        view.close()


@pytest.mark.thorough
@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("name", PROJECTIONS)
def test_what_can_be_told_is_equal_and_is_kept_by_a_rebuild(name: str, share: float, tmp_path: Path) -> None:
    floor = int(len(observed().events) * share) + Random(SEED).randrange(50)
    yard, journal = ConsumerHarness(name, tmp_path, observed()), journal_of(floor)
    context = ConsumerContext(yard.data, journal, lambda: START)
    yard.fold(journal)
    before = yard.dump()
    journal.drop(floor)
    found = partly(yard, journal)
    assert found is not None
    assert verify(yard.projection(), context, scope=found) == []

    rebuild(yard.projection(), context, request=RebuildRequest(force=True))
    after = yard.dump()
    for table in found.left_out:
        assert sorted(after[table]) == sorted(before[table])


@pytest.mark.parametrize("name", PROJECTIONS)
def test_no_row_is_lost_but_by_an_explicit_wish(name: str, tmp_path: Path) -> None:
    floor = len(observed().events) // 2
    yard, journal = ConsumerHarness(name, tmp_path, observed()), journal_of(floor)
    context = ConsumerContext(yard.data, journal, lambda: START)
    yard.fold(journal)
    before, file = yard.dump(), view_files.file_of(yard.data, name)
    journal.drop(floor)
    refused = refusal(yard, context)
    if refused is not None:
        assert yard.dump() == before
        rebuilt = rebuild(yard.projection(), context, request=RebuildRequest(force=True))
        assert rebuilt is not None
        assert (rebuilt.lost, rebuilt.kept) == (refused.rows, file)
        assert file is not None
        assert file.exists()
        # What was folded for the refusal was not folded again.
        assert rebuilt.begun_at == journal.head()
    yard.fold(journal)


def refusal(yard: ConsumerHarness, context: ConsumerContext) -> WouldLose | None:
    try:
        rebuild(yard.projection(), context)
    except WouldLose as refused:
        return refused
    return None


def test_a_view_that_began_at_the_floor_is_compared_as_a_whole(tmp_path: Path) -> None:
    first, second = len(observed().events) // 2, len(observed().events) * 2 // 3
    yard, journal = ConsumerHarness("alerting", tmp_path, observed()), journal_of(first, second)
    journal.drop(first)
    yard.fold(journal)

    assert partly(yard, journal) is None
    assert verify(yard.projection(), ConsumerContext(yard.data, journal, lambda: START)) == []
    journal.drop(second)
    assert partly(yard, journal) is not None


def test_a_difference_after_the_floor_is_found_and_one_before_it_is_not_asked_for(tmp_path: Path) -> None:
    floor = len(observed().events) // 2
    yard, journal = ConsumerHarness("temperatures", tmp_path, observed()), journal_of(floor)
    context = ConsumerContext(yard.data, journal, lambda: START)
    yard.fold(journal)
    journal.drop(floor)
    file = view_files.file_of(yard.data, "temperatures")
    assert file is not None
    with_early, with_late = "minute = (select min(minute) from minutes)", "minute = (select max(minute) from minutes)"
    view = view_files.connect(file)
    view.execute(f"update minutes set high = 1000 where {with_early}")
    early = verify(yard.projection(), context, scope=partly(yard, journal))
    view.execute(f"update minutes set high = 1000 where {with_late}")
    late = verify(yard.projection(), context, scope=partly(yard, journal))
    view.close()

    assert early == []
    assert [difference.table for difference in late] == ["minutes"]
