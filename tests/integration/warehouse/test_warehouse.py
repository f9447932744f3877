from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from threading import Event as Flag
from time import monotonic
from typing import Any, cast

import pytest

from consumers.engine.set_aside import SetAsideEvent
from consumers.store.clickhouse.engine import Engine, EngineError, OpenEngine
from consumers.views.warehouse import questions
from consumers.views.warehouse.progress import RowsProgress
from consumers.views.warehouse.questions import SteppedTimeRange
from consumers.views.warehouse.reader import NotReady
from consumers.views.warehouse.store import newest_generation
from consumers.views.warehouse.warehouse import Warehouse, WarehouseSettings
from tests.builders import START, at, detection, thermal
from tests.memory_journal import MemoryJournal
from tests.threads import in_a_thread

FAST = WarehouseSettings(keep_days=None, triggers=("CROWD_VIOLATION", "RESTRICTED_ACCESS"), pace_s=0.0, retry_s=0.05)


def eventually(true: Callable[[], bool], within_s: float = 60.0) -> None:
    end = monotonic() + within_s
    while not true():
        assert monotonic() < end, "it did not come true in time"
        Flag().wait(0.01)


@contextmanager
def running(warehouse: Warehouse) -> Iterator[Flag]:
    wake = Flag()
    with in_a_thread(lambda stopping: warehouse.run(stopping, wake), wake.set):
        yield wake


@contextmanager
def answering(open_engine: OpenEngine, journal: MemoryJournal) -> Iterator[Warehouse]:
    warehouse = Warehouse(open_engine, lambda: journal, FAST)
    with running(warehouse):
        eventually(lambda: warehouse.status().position == journal.head())
        yield warehouse


def test_a_dashboard_has_peaks_hours_and_triggers_of_the_day(open_engine: OpenEngine) -> None:
    journal = MemoryJournal(
        [
            detection(at(0), device="EMPLOYEE_AREA", people_count=8, event_triggers=("CROWD_VIOLATION",)),
            detection(at(60), device="EMPLOYEE_AREA", people_count=2),
            detection(at(3600), device="RECEPTION_AREA", people_count=6, event_triggers=("A", "CROWD_VIOLATION")),
            detection(at(86_400), device="EMPLOYEE_AREA", people_count=9),
            detection(at(0), site="OTHER", people_count=9),
        ]
    )

    with answering(open_engine, journal) as warehouse:
        day = warehouse.dashboard("DEMO", date(2026, 1, 5), "Europe/Berlin")

    assert day == {
        "site_name": "DEMO",
        "date": "2026-01-05",
        "zones": {
            "EMPLOYEE_AREA": {"peak": 8, "events": 2, "intensity": "high"},
            "RECEPTION_AREA": {"peak": 6, "events": 1, "intensity": "medium"},
        },
        "hourly": [
            {"hour": 11, "repeated": False, "count": 8, "intensity": "high"},
            {"hour": 12, "repeated": False, "count": 6, "intensity": "medium"},
        ],
        "critical_events": {"CROWD_VIOLATION": 2, "RESTRICTED_ACCESS": 0, "A": 1, "total_events": 3},
    }


def test_a_site_that_nobody_knows_has_an_empty_day(open_engine: OpenEngine) -> None:
    with answering(open_engine, MemoryJournal([detection()])) as warehouse:
        day = warehouse.dashboard("it's \\ nobody's", date(2026, 1, 5), "UTC")

    assert day["zones"] == {}
    assert day["hourly"] == []
    assert day["critical_events"] == {"CROWD_VIOLATION": 0, "RESTRICTED_ACCESS": 0, "total_events": 0}


@pytest.mark.parametrize(
    ("day", "hours"),
    [(date(2026, 3, 29), [0, 1, *range(3, 24)]), (date(2026, 10, 25), [0, 1, 2, *range(2, 24)])],
    ids=["spring", "autumn"],
)
def test_a_day_of_23_or_25_hours_is_counted_whole(open_engine: OpenEngine, day: date, hours: list[int]) -> None:
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    journal = MemoryJournal([detection(noon + timedelta(hours=hour)) for hour in range(-24, 24)])

    with answering(open_engine, journal) as warehouse:
        answer = warehouse.dashboard("DEMO", day, "Europe/Berlin")

    assert answer["critical_events"]["total_events"] == len(hours)
    assert [one["hour"] for one in answer["hourly"]] == hours


def test_a_day_is_half_open(open_engine: OpenEngine) -> None:
    midnight = datetime(2026, 1, 5, tzinfo=UTC)
    moments = [
        midnight - timedelta(milliseconds=1),
        midnight,
        midnight + timedelta(hours=24, milliseconds=-1),
        midnight + timedelta(hours=24),
    ]

    with answering(open_engine, MemoryJournal(map(detection, moments))) as warehouse:
        answer = warehouse.dashboard("DEMO", date(2026, 1, 5), "UTC")

    assert answer["critical_events"]["total_events"] == 2


class CountingQueries:
    """An engine that counts what it is asked."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.days_asked = 0

    def query(self, question: str, *rest: Any) -> list[list[Any]]:
        self.days_asked += "event_triggers" in question
        return self._engine.query(question, *rest)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Kathmandu"])
def test_a_day_that_was_asked_for_is_kept_up_as_events_come_and_says_what_the_rows_say(
    open_engine: OpenEngine, zone: str
) -> None:
    """The next day, others and another site's events change nothing of it."""
    journal, opened = MemoryJournal([detection(people_count=1)]), list[CountingQueries]()
    coming = [
        detection(at(900 * number + number), device=f"cam-{number % 3}", people_count=number % 9)
        for number in range(-60, 60)
    ]
    coming += [detection(at(7), event_triggers=("A", "CROWD_VIOLATION")), detection(at(8), site="OTHER")]

    def counted() -> Engine:
        opened.append(CountingQueries(open_engine()))
        return cast(Engine, opened[-1])

    warehouse = Warehouse(counted, lambda: journal, FAST)
    days = [date(2026, 1, 4), date(2026, 1, 5)]
    with running(warehouse) as wake:
        eventually(lambda: warehouse.status().position == 1)
        for begin in range(0, len(coming), 40):
            for day in days:
                warehouse.dashboard("DEMO", day, zone)
            journal.append(*coming[begin : begin + 40])
            wake.set()
            eventually(lambda: warehouse.status().position == journal.head())
        kept_up = [warehouse.dashboard("DEMO", day, zone) for day in days]
        with closing(open_engine()) as engine:
            generation = newest_generation(engine)
            assert generation is not None
            engine.use(generation[0])
            asked = [questions.dashboard(engine, "DEMO", day, zone, FAST.triggers) for day in days]

    assert kept_up == asked
    assert kept_up[1]["critical_events"]["A"] == 1
    assert sum(one.days_asked for one in opened) == len(days)


def test_a_new_event_is_in_the_next_answer(open_engine: OpenEngine) -> None:
    journal = MemoryJournal([detection(people_count=1)])
    warehouse = Warehouse(open_engine, lambda: journal, FAST)

    with running(warehouse) as wake:
        eventually(lambda: warehouse.status().position == 1)
        before = warehouse.dashboard("DEMO", date(2026, 1, 5), "UTC")
        journal.append(detection(people_count=5))
        wake.set()
        eventually(lambda: warehouse.status().position == 2)
        after = warehouse.dashboard("DEMO", date(2026, 1, 5), "UTC")

    assert before["zones"]["yard"] == {"peak": 1, "events": 1, "intensity": "low"}
    assert after["zones"]["yard"] == {"peak": 5, "events": 2, "intensity": "medium"}


def test_rows_of_days_that_were_dropped_outlive_a_rebuild_and_how_far_rows_are_is_told(
    open_engine: OpenEngine,
) -> None:
    reported: list[RowsProgress] = []
    journal = MemoryJournal([detection(at(second)) for second in range(4)], journal_id=77)
    warehouse = Warehouse(open_engine, lambda: journal, replace(FAST, on_progress=reported.append))
    with running(warehouse) as wake, closing(open_engine()) as engine:
        eventually(lambda: warehouse.status().position == 4)
        before = newest_generation(engine)
        journal.drop(3)
        warehouse.rebuild()
        wake.set()
        eventually(lambda: newest_generation(engine) not in (before, None))
        database, _ = newest_generation(engine) or ("", 0)
        positions = engine.query(f"select position from {database}.camera_events order by position")

    assert positions == [[1], [2], [3], [4]]
    assert reported[0] == RowsProgress(77, 4)


class DroppingJournal(MemoryJournal):
    """Drops what is before `drops` once its floor was read."""

    drops: int | None = None

    def floor(self) -> int:
        found, drops = super().floor(), self.drops
        if drops is not None:
            self.drops = None
            self.drop(drops)
        return found


def test_rows_of_a_day_that_is_dropped_as_a_rebuild_begins_outlive_it(open_engine: OpenEngine) -> None:
    journal = DroppingJournal([detection(at(second)) for second in range(4)])
    with answering(open_engine, journal) as warehouse, closing(open_engine()) as engine:
        journal.drops = 3
        warehouse.rebuild()
        eventually(lambda: warehouse.status().rebuilds == 1)
        database, _ = newest_generation(engine) or ("", 0)
        positions = engine.query(f"select position from {database}.camera_events order by position")

    assert positions == [[1], [2], [3], [4]]


def test_people_over_time_add_up_over_the_cameras_where_they_are_seen_at_once(open_engine: OpenEngine) -> None:
    """Five people who walk from one camera to the other are five."""
    journal = MemoryJournal(
        [
            detection(at(0), device="a", people_count=3),
            detection(at(10), device="a", people_count=4),
            detection(at(15), device="b", people_count=2),
            detection(at(65), device="a", people_count=5),
            detection(at(80), device="a", people_count=0),
            detection(at(95), device="b", people_count=5),
        ]
    )

    with answering(open_engine, journal) as warehouse:
        answer = warehouse.people_over_time("DEMO", SteppedTimeRange(START, at(120), 60))

    begin = 1767607200000
    assert answer["cameras"] == [
        {"cam_name": "a", "points": [(begin, 4), (begin + 60_000, 5)]},
        {"cam_name": "b", "points": [(begin, 2), (begin + 60_000, 5)]},
    ]
    assert answer["site"] == [(begin, 6), (begin + 60_000, 5)]


def test_temperatures_are_told_by_region_and_step(open_engine: OpenEngine) -> None:
    journal = MemoryJournal([thermal(at(0), hottest=40.0), thermal(at(30), hottest=50.5), thermal(at(60))])

    with answering(open_engine, journal) as warehouse:
        answer = warehouse.temperatures("DEMO", "yard", SteppedTimeRange(START, at(60), 60))

    assert [(one["roi"], one["scope"], one["points"]) for one in answer["series"]] == [
        ("composite", "composite", [(1767607200000, 40.0, 50.5, 45.25)]),
        ("full_frame", "roi", [(1767607200000, 20.0, 50.5, 25.0)]),
    ]


def test_a_question_before_the_start_says_so(open_engine: OpenEngine) -> None:
    warehouse = Warehouse(open_engine, MemoryJournal, FAST)

    with pytest.raises(NotReady, match="starting"):
        warehouse.dashboard("DEMO", date(2026, 1, 5), "UTC")


def test_rows_are_folded_anew_and_swapped_while_questions_are_answered(open_engine: OpenEngine) -> None:
    with answering(open_engine, MemoryJournal(detection(at(number)) for number in range(100))) as warehouse:
        before = warehouse.dashboard("DEMO", date(2026, 1, 5), "UTC")

        warehouse.rebuild()

        with closing(open_engine()) as engine:
            databases = "select name from system.databases where startsWith(name, 'warehouse_')"
            eventually(lambda: engine.query(databases) == [["warehouse_2"]])
        assert warehouse.dashboard("DEMO", date(2026, 1, 5), "UTC") == before
        eventually(lambda: warehouse.status().rebuilds == 1)


def test_an_engine_that_refuses_stops_the_fold_and_is_asked_again(open_engine: OpenEngine) -> None:
    journal = MemoryJournal([detection()])
    refusals = iter([False, True, False, False])

    def unsteady() -> Engine:
        if next(refusals, False):
            raise EngineError("the disk is full")
        return open_engine()

    warehouse = Warehouse(unsteady, lambda: journal, WarehouseSettings(keep_days=None, pace_s=0.0, retry_s=0.5))

    with running(warehouse):
        eventually(lambda: warehouse.status().state == "stopped")
        assert warehouse.status().error == "the disk is full"
        eventually(lambda: warehouse.status().state == "running")
        assert warehouse.status().position == 1


def test_an_event_that_cannot_be_folded_is_told_and_questions_go_on(open_engine: OpenEngine) -> None:
    journal, reported = MemoryJournal([detection()]), list[SetAsideEvent]()
    warehouse = Warehouse(open_engine, lambda: journal, replace(FAST, on_set_aside=reported.extend))

    with running(warehouse) as wake:
        eventually(lambda: warehouse.status().position == 1)
        journal.append(detection(id="e-2").model_copy(update={"data": None}), detection())
        wake.set()
        eventually(lambda: warehouse.status().position == 3)

        assert [(it.position, it.event_id) for it in reported] == [(2, "e-2")]
        assert warehouse.dashboard("DEMO", date(2026, 1, 5), "UTC")["critical_events"]["total_events"] == 2
