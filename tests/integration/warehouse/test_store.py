from collections.abc import Mapping
from typing import Any

import pytest

from bus_schemas.event import Event
from consumers.engine.follower import STOPS_AFTER
from consumers.store.clickhouse.dialect import Dialect
from consumers.store.clickhouse.engine import Columns, Engine, EngineError, Parameter
from consumers.store.clickhouse.table import Table
from consumers.views.warehouse import store
from consumers.views.warehouse.fold import Fold, Unfoldable
from consumers.views.warehouse.store import Generations
from consumers.views.warehouse.tables import VERSION
from tests.builders import at, detection, health, heartbeat, motion, thermal
from tests.memory_journal import MemoryJournal


class Dying:
    """An engine whose process dies at the n-th insert: before it took effect, or after."""

    def __init__(self, engine: Engine, inserts: int, *, after: bool) -> None:
        self._engine = engine
        self._left = inserts
        self._after = after

    @property
    def dialect(self) -> Dialect:
        return self._engine.dialect

    @property
    def lingers(self) -> bool:
        return self._engine.lingers

    def use(self, database: str) -> None:
        self._engine.use(database)

    def execute(self, statement: str, parameters: Mapping[str, Parameter] | None = None) -> None:
        self._engine.execute(statement, parameters)

    def query(self, question: str, parameters: Mapping[str, Parameter] | None = None) -> list[list[Any]]:
        return self._engine.query(question, parameters)

    def insert(self, table: Table, columns: Columns) -> None:
        self._left -= 1
        if self._left == 0 and not self._after:
            raise EngineError("killed")
        self._engine.insert(table, columns)
        if self._left == 0:
            raise EngineError("killed")

    def close(self) -> None:
        self._engine.close()


def mixed(count: int) -> list[Event]:
    kinds = (detection, thermal, health, motion, heartbeat)
    return [kinds[number % len(kinds)](at(number)) for number in range(count)]


def begin(engine: Engine, journal: MemoryJournal) -> Fold:
    return Fold(journal, Generations(engine, None).current())


def counts(engine: Engine) -> dict[str, tuple[int, int]]:
    """Rows and different events of each table."""
    tables = ("camera_events", "thermal_readings", "health", "motion")
    asked = {table: engine.query(f"select count(), uniqExact(event_id) from {table}")[0] for table in tables}
    return {table: (rows, events) for table, (rows, events) in asked.items()}


def test_every_event_is_in_its_table_once(engine: Engine) -> None:
    journal = MemoryJournal(mixed(50))

    moved = begin(engine, journal).advance()

    assert moved == 50
    assert counts(engine) == {
        "camera_events": (10, 10),
        "thermal_readings": (30, 10),
        "health": (10, 10),
        "motion": (10, 10),
    }


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("inserts", [1, 2, 3, 4, 5, 7])
def test_dying_at_an_insert_neither_loses_nor_doubles(engine: Engine, inserts: int, *, after: bool) -> None:
    journal = MemoryJournal(mixed(50))
    doomed = begin(Dying(engine, inserts, after=after), journal)
    if inserts > 5:
        doomed.advance()
        journal.append(*mixed(50))
    with pytest.raises(EngineError, match="killed"):
        doomed.advance()
    journal.append(*mixed(50))

    restarted = begin(engine, journal)
    while restarted.advance():
        pass

    share = journal.head() // 5
    assert restarted.position == journal.head()
    assert counts(engine) == {
        "camera_events": (share, share),
        "thermal_readings": (3 * share, share),
        "health": (share, share),
        "motion": (share, share),
    }


def test_the_summary_of_quarters_counts_a_block_that_was_repeated_once(engine: Engine) -> None:
    journal = MemoryJournal([detection(people_count=9)])
    with pytest.raises(EngineError):
        begin(Dying(engine, 2, after=False), journal).advance()

    begin(engine, journal).advance()

    summary = "select max(people_count), count() from camera_events group by site_name, toStartOfFifteenMinutes(ts)"
    assert engine.query(summary) == [[9, 1]]


def test_a_block_of_which_some_months_are_there_is_completed(engine: Engine) -> None:
    journal = MemoryJournal([detection(at(number % 3 * 31 * 86_400), id=f"e-{number}") for number in range(9)])
    begin(engine, journal).advance()
    january = engine.query(
        "select name from system.parts where active and database = currentDatabase() "
        "and table = 'camera_events' and partition = '202601'"
    )
    assert len(january) == 1
    engine.execute("alter table camera_events drop partition 202601")
    engine.execute("alter table checkpoint drop partition tuple()")

    begin(engine, journal).advance()

    assert counts(engine)["camera_events"] == (9, 9)


def test_the_checkpoint_passes_events_of_other_kinds_when_it_is_saved(engine: Engine) -> None:
    journal = MemoryJournal([heartbeat(at(number)) for number in range(5)])
    fold = begin(engine, journal)
    fold.advance()

    fold.save()

    assert begin(engine, journal).position == 5


@pytest.mark.parametrize("year", [1970, 1999, 2106, 2199])
def test_a_clock_that_is_far_off_stops_nothing(engine: Engine, year: int) -> None:
    fold = begin(engine, MemoryJournal([detection(at(0).replace(year=year)), detection()]))

    fold.advance()

    assert counts(engine)["camera_events"] == (2, 2)


def test_a_block_may_have_rows_of_many_months(engine: Engine) -> None:
    fold = begin(engine, MemoryJournal([detection(at(number * 31 * 86_400)) for number in range(150)]))

    fold.advance()

    assert counts(engine)["camera_events"] == (150, 150)


def broken(number: int) -> Event:
    """An event on which the fold raises."""
    event = detection(id=f"e-{number}", device=f"d{number % 3}")
    return event.model_copy(update={"data": None})


def test_an_event_that_cannot_be_folded_costs_only_its_rows(engine: Engine) -> None:
    fold = begin(engine, MemoryJournal([detection(), broken(2), detection()]))

    fold.advance()

    assert fold.position == 3
    assert counts(engine)["camera_events"] == (2, 2)
    assert [(it.position, it.event_id) for it in fold.set_aside] == [(2, "e-2")]


def test_a_fold_that_fails_on_everything_goes_no_further(engine: Engine) -> None:
    fold = begin(engine, MemoryJournal([broken(number) for number in range(1, STOPS_AFTER + 1)]))

    with pytest.raises(Unfoldable, match="event e-1 at position 1"):
        fold.advance()

    assert fold.position == 0


def test_what_an_interrupted_rebuild_left_behind_is_dropped(engine: Engine) -> None:
    generations = Generations(engine, None)
    generations.current()
    generations.next()

    generations.drop_others(generations.current())

    names = [name for (name,) in engine.query("select name from system.databases") if name.startswith("warehouse")]
    assert sorted(names) == ["warehouse", "warehouse_1"]


def test_rows_of_another_version_are_folded_anew(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = MemoryJournal(mixed(50))
    begin(engine, journal).advance()
    monkeypatch.setattr(store, "VERSION", VERSION + 1)

    anew = begin(engine, journal)

    assert anew.position == 0
    assert counts(engine)["camera_events"] == (0, 0)


def test_rows_of_a_journal_that_was_lost_give_way_to_those_of_the_new_one(engine: Engine) -> None:
    lost, found = MemoryJournal(mixed(50), journal_id=1), MemoryJournal(mixed(5), journal_id=2)
    generations = Generations(engine, None)
    fold_old = Fold(lost, generations.of_journal(lost.journal_id()))
    while fold_old.advance():
        pass

    fold = Fold(found, generations.of_journal(found.journal_id()))
    while fold.advance():
        pass

    assert engine.query("select count() from camera_events") == [[1]]
    assert generations.of_journal(2).database == generations.current().database
