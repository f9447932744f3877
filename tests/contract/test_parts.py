"""What every view satisfies of which a site and a stretch of time can be folded by itself."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from shutil import copytree
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from bus_schemas.event import Event
from consumers.engine import set_aside, view_files
from consumers.engine.follower import ConsumerContext, Follower
from consumers.engine.rebuild.compare import compare, verify
from consumers.engine.rebuild.part import NotInPart, PartReport, WholeOnly, rebuild_part
from consumers.engine.rebuild.time_range import TimeRange, ViewPart
from consumers.registry import consumer_registry
from consumers.upkeep.maintenance import views_in_parts
from tests import builders
from tests.builders import START, at
from tests.contract.consumer_harness import PROJECTIONS, Broken, ConsumerHarness
from tests.contract.story import MINUTES, Story, story
from tests.examples import examples
from tests.following import hub_in
from tests.memory_journal import MemoryJournal

IN_PARTS = views_in_parts(consumer_registry(hub_in(Path("nowhere"))))
OTHERS = sorted(set(PROJECTIONS) - set(IN_PARTS))


@pytest.fixture(scope="module")
def observed() -> Story:
    return story(seed=5)


def journal_of(observed: Story) -> MemoryJournal:
    journal = MemoryJournal()
    for received, event in observed.in_order():
        journal.append(event, received=at(received))
    # Another site, whose rows are nobody's business, and another day.
    for moment in (at(300), at(900), at(86_400)):
        for build in (builders.thermal, builders.detection, builders.motion, builders.frame, builders.reading):
            name = f"{build.__name__} {moment}"
            journal.append(build(moment, site="OTHER", id=f"other {name}"), build(moment, id=name))
    return journal


class Folded:
    """A view of the story, as it is folded once for all tests of a module, and copies of it that tests damage."""

    def __init__(self, name: str, data: Path, observed: Story) -> None:
        self.yard = ConsumerHarness(name, data, observed)
        self.observed = observed
        self.journal = journal_of(observed)
        self.yard.fold(self.journal)

    def copy(self, data: Path) -> "Damaged":
        copytree(self.yard.data, data, symlinks=True, dirs_exist_ok=True)
        return Damaged(ConsumerHarness(self.yard.name, data, self.observed), self.journal)


class Damaged:
    def __init__(self, yard: ConsumerHarness, journal: MemoryJournal) -> None:
        self.yard = yard
        self.source = ConsumerContext(yard.data, journal, lambda: START)

    def open(self) -> sqlite3.Connection:
        file = view_files.file_of(self.yard.data, self.yard.name)
        assert file is not None
        return view_files.connect(file)

    def part(self, wanted: TimeRange) -> ViewPart:
        with closing(self.open()) as view:
            part = self.yard.projection().part(wanted, view)
        assert part is not None
        return part

    def damage(self, part: ViewPart, random: Random) -> int:
        """Remove and change rows within the part; how many."""
        harmed = 0
        with closing(self.open()) as view:
            for table, (condition, values) in part.rows.items():
                names = [(name, key) for _, name, _, _, _, key in view.execute(f"pragma table_info({table})")]
                keys = [name for name, key in names if key]
                numbers = [name for name, key in names if not key and name in {"low", "total", "events", "samples"}]
                rows = view.execute(f"select {', '.join(keys)} from {table} where {condition}", values).fetchall()
                for row in random.sample(rows, len(rows) // 2):
                    same = " and ".join(f"{key} = ?" for key in keys)
                    if numbers and random.random() < 0.5:
                        view.execute(f"update {table} set {numbers[0]} = {numbers[0]} + 7 where {same}", row)
                    else:
                        view.execute(f"delete from {table} where {same}", row)
                    harmed += 1
        return harmed

    def rebuild(self, wanted: TimeRange, progress: Any = lambda done, of: None) -> PartReport:
        return rebuild_part(self.yard.projection(), self.source, wanted, progress)

    def outside(self, part: ViewPart) -> dict[str, list[Any]]:
        """The rows that are not in the part, byte for byte."""
        with closing(self.open()) as view:
            return {
                table: view.execute(f"select * from {table} where not ({condition})", values).fetchall()
                for table, (condition, values) in part.rows.items()
            }


@pytest.fixture(params=IN_PARTS, scope="module")
def folded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, observed: Story) -> Folded:
    return Folded(request.param, tmp_path_factory.mktemp(request.param), observed)


def test_some_views_go_in_parts() -> None:
    assert IN_PARTS == ["audio", "detections", "motion", "occupancy", "readings", "temperatures"]


@pytest.mark.thorough
@examples(6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, MINUTES * 60 - 1), st.integers(1, 20 * 60), st.randoms(use_true_random=False))
def test_what_is_broken_within_is_mended_and_nothing_else_is_touched(
    folded: Folded, tmp_path_factory: pytest.TempPathFactory, begin: int, length: int, random: Random
) -> None:
    damaged = folded.copy(tmp_path_factory.mktemp("damaged"))
    wanted = TimeRange("DEMO", at(begin), at(begin + length))
    part = damaged.part(wanted)
    before = damaged.outside(part)
    harmed = damaged.damage(part, random)
    found = verify(damaged.yard.projection(), damaged.source)
    replaced = damaged.rebuild(wanted)

    assert bool(found) == bool(harmed)
    assert part.since <= wanted.since < wanted.until <= part.until
    assert replaced.part == part
    assert damaged.outside(part) == before
    assert verify(damaged.yard.projection(), damaged.source) == []


def test_what_is_broken_beside_the_stretch_stays_as_it_is(folded: Folded, tmp_path: Path) -> None:
    damaged = folded.copy(tmp_path)
    tomorrow = TimeRange("DEMO", at(86_400), at(86_460))
    assert damaged.damage(damaged.part(TimeRange("DEMO", at(0), at(600))), Random(1))
    broken = verify(damaged.yard.projection(), damaged.source)
    damaged.rebuild(tomorrow)

    assert verify(damaged.yard.projection(), damaged.source) == broken != []


def late(number: int) -> Iterator[Event]:
    """Late events of the stretch, and others."""
    for build in (builders.thermal, builders.detection, builders.motion, builders.frame, builders.reading):
        for second in (330, 365, 2000):
            yield build(at(second + number / 100))


@pytest.mark.parametrize("interval", [1, 2])
def test_events_that_the_consumer_takes_meanwhile_are_in_it_once(
    folded: Folded, tmp_path: Path, observed: Story, interval: int
) -> None:
    """Between every two steps of the fold late events arrive and the consumer folds them."""
    damaged = folded.copy(tmp_path)
    journal = journal_of(observed)
    context = damaged.source = ConsumerContext(damaged.yard.data, journal, lambda: START)
    wanted, steps = TimeRange("DEMO", at(0), at(1200)), 0
    damaged.damage(damaged.part(wanted), Random(3))
    with closing(Follower(damaged.yard.projection(), context)) as follower:

        def arrive(done: int, of: int) -> None:
            nonlocal steps
            steps += 1
            if steps % interval == 0:
                journal.append(*late(steps), received=at(3000))
                while follower.advance():
                    pass

        damaged.rebuild(wanted, arrive)
        arrive(0, 0)
        arrive(0, 0)

    assert steps >= 3
    assert verify(damaged.yard.projection(), context) == []


def test_a_part_that_reaches_before_the_floor_is_refused_and_changes_nothing(
    folded: Folded, tmp_path: Path, observed: Story
) -> None:
    damaged = folded.copy(tmp_path)
    journal = journal_of(observed)
    damaged.source = ConsumerContext(damaged.yard.data, journal, lambda: START)
    journal.drop(journal.head() // 2)
    before = damaged.yard.dump()
    with pytest.raises(NotInPart, match=r"events of DEMO up to .* were dropped from the journal"):
        damaged.rebuild(TimeRange("DEMO", at(60), at(120)))

    assert damaged.yard.dump() == before
    assert damaged.rebuild(TimeRange("DEMO", at(86_400), at(86_460))).rows > 0


@pytest.mark.parametrize("name", OTHERS)
def test_others_refuse_and_say_why(name: str, tmp_path: Path, observed: Story) -> None:
    yard = ConsumerHarness(name, tmp_path, observed)
    context = ConsumerContext(tmp_path, MemoryJournal(), lambda: START)
    with pytest.raises(WholeOnly, match=f"{name} cannot be folded in part: .*"):
        rebuild_part(yard.projection(), context, TimeRange("DEMO", at(0), at(60)), lambda done, of: None)


def test_a_view_of_another_configuration_is_not_mended_in_part(tmp_path: Path, observed: Story) -> None:
    folded = Folded("motion", tmp_path / "one", observed)
    damaged = folded.copy(tmp_path / "two")
    with closing(damaged.open()) as view:
        view.execute("update made set configuration = 'of another zone'")

    with pytest.raises(NotInPart, match="motion was made by another configuration: fold it as a whole first"):
        damaged.rebuild(TimeRange("DEMO", at(0), at(60)))


def test_a_grid_is_folded_by_whole_days_of_its_zone_also_where_they_have_23_or_25_hours(
    tmp_path: Path, observed: Story
) -> None:
    folded = Folded("motion", tmp_path, observed)
    for month, day, hours in ((3, 29, 23), (10, 25, 25), (1, 5, 24)):
        noon = datetime(2026, month, day, 11, tzinfo=START.tzinfo)
        part = folded.copy(tmp_path / str(hours)).part(TimeRange("DEMO", noon, noon + timedelta(seconds=1)))
        assert part.until - part.since == timedelta(hours=hours)


def test_the_cap_of_detections_holds_after_a_part(
    tmp_path: Path, observed: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("consumers.views.detections.KEPT_DETECTIONS", 9)
    folded = Folded("detections", tmp_path / "one", observed)
    damaged = folded.copy(tmp_path / "two")
    damaged.rebuild(TimeRange("DEMO", at(0), at(1200)))

    with closing(damaged.open()) as view, closing(folded.yard.view()) as whole:
        assert compare(view, whole, folded.yard.projection()) == []


@pytest.mark.parametrize("name", IN_PARTS)
def test_a_part_that_is_folded_again_holds_what_was_set_aside_there(name: str, tmp_path: Path, observed: Story) -> None:
    yard, other, journal = (
        ConsumerHarness(name, tmp_path / "one", observed),
        ConsumerHarness(name, tmp_path / "other", observed),
        journal_of(observed),
    )
    records = journal.read(0, yard.projection().models, journal.head()).records
    bad = [record.position for record in records if record.where[0] == builders.SITE][5]
    context = ConsumerContext(yard.data, journal, lambda: START)
    with closing(Follower(Broken(yard.projection(), lambda position: position == bad), context)) as follower:
        while follower.advance():
            pass
    with closing(yard.view()) as view:
        assert [event.position for event in set_aside.newest(view)] == [bad]
    whole = TimeRange(builders.SITE, START, at(MINUTES * 60))
    rebuild_part(yard.projection(), context, whole, lambda done, of: None)
    other.fold(journal)

    with closing(yard.view()) as view, closing(other.view()) as wanted:
        assert set_aside.newest(view) == []
        assert compare(view, wanted, yard.projection()) == []
    assert verify(yard.projection(), context) == []
