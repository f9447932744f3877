"""Days of the journal: which go, what is told of them, and what they wait for."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bus_schemas.alert import RetentionEvent
from bus_schemas.codec import read_stored
from bus_schemas.event import Event
from consumers.engine import checkpoint, view_files
from consumers.engine.deliverer import Deliverer
from consumers.engine.follower import ConsumerContext, Follower
from consumers.engine.rebuild.process_lock import rebuild_lock
from consumers.hub_config import RetentionPolicy
from consumers.registry import consumer_registry
from consumers.store.disk import DiskSpace
from consumers.store.journal.reader import SqliteJournalReader
from consumers.store.journal.retention_floor import Floor, read_floor
from consumers.upkeep.retention.questions import journal_waits
from consumers.upkeep.retention.scope import RetentionScope
from consumers.upkeep.retention.sink import RetentionSink
from consumers.upkeep.verify.run import check
from consumers.views.warehouse.progress import RowsProgress, write_progress
from producer.outbox import tables
from producer.transaction import transaction
from tests.builders import START, incident, retention, tick
from tests.data_directory import NOTHING, hub_of, write
from tests.journal_days import DAY, dates, write_days
from tests.memory_journal import MemoryJournal

COUNT, A_DAY = 5, 54
"""Days, and events in each."""
KEPT_TWO = RetentionPolicy(media=(), journal=timedelta(days=2))
NAMES = ("health", "alerting", "temperatures")


class Yard:
    """Five days, the views of them, and a retention that is told the time by ticks of its own."""

    def __init__(self, data: Path, policy: RetentionPolicy) -> None:
        self.data = data
        self.hub = replace(hub_of(data), retention=policy)
        self.days = write_days(data, COUNT)
        self.ticks = MemoryJournal()
        self.now = START + COUNT * DAY
        self.deliverer = self.start()

    def start(self) -> Deliverer:
        scope = RetentionScope.of(self.hub, lambda: NAMES, consumer_registry(self.hub).store_owners)
        sink = RetentionSink(scope, lambda: self.now, lambda: DiskSpace(100, 1))
        deliverer = Deliverer(sink, ConsumerContext(self.data, self.ticks, lambda: self.now))
        deliverer.advance()
        return deliverer

    def fold(self, upto: int | None = None) -> None:
        with closing(SqliteJournalReader(self.data / "journal")) as journal:
            source, known = ConsumerContext(self.data, journal, self.clock), consumer_registry(self.hub)
            for name in NAMES:
                with closing(Follower(known.projection(name), source)) as one:
                    while one.advance(upto or 1000) and upto is None:
                        pass

        # As if the bus had taken what they told.
        self.change("alerting", "update outbox_stream set watermark = sequence")

    def clock(self) -> datetime:
        return self.now

    def tick(self) -> list[dict[str, Any]]:
        """A minute goes by; what is told."""
        before = len(self.reported())
        self.now += timedelta(minutes=1)
        self.ticks.append(tick(self.now))
        self.deliverer.advance()
        return [event.data.model_dump() for event in self.reported()[before:] if isinstance(event, RetentionEvent)]

    def reported(self) -> list[Event]:
        with closing(view_files.open_view(self.data, "retention")) as view:
            bodies = [body for (body,) in view.execute("select body from outbox_event order by position")]
        return read_stored(bodies)

    def waits(self) -> str | None:
        with closing(view_files.open_view(self.data, "retention")) as view:
            return journal_waits(view)

    def change(self, name: str, *statements: str) -> None:
        file = view_files.file_of(self.data, name)
        assert file is not None
        with closing(view_files.connect(file)) as view:
            for statement in statements:
                view.execute(statement)


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    made = Yard(tmp_path, KEPT_TWO)
    made.fold()
    yield made
    made.deliverer.close()


def test_days_go_by_age_and_what_went_is_told(yard: Yard) -> None:
    size = (yard.data / "journal" / "2026-01-05.sqlite").stat().st_size
    reported = yard.tick()

    assert dates(yard.data) == ["2026-01-08", "2026-01-09"]
    assert [(each["first"], each["last"], each["count"]) for each in reported] == [
        (1, A_DAY, A_DAY), (A_DAY + 1, 2 * A_DAY, A_DAY), (2 * A_DAY + 1, 3 * A_DAY, A_DAY),
    ]  # fmt: skip
    assert reported[0]["bytes"] >= size
    assert {each["rule"] for each in reported} == {"journal: kept for 2 days"}
    assert reported[0]["end"] - reported[0]["start"] == DAY
    assert yard.tick() == []


def test_days_go_by_bytes_the_oldest_first_and_no_more_than_needed(tmp_path: Path) -> None:
    probe = Yard(tmp_path / "probe", RetentionPolicy(media=()))
    sizes = [path.stat().st_size for path in sorted((probe.data / "journal").glob("*.sqlite"))]
    probe.deliverer.close()
    limit = sum(sizes) - sizes[0] // 2
    yard = Yard(tmp_path / "yard", RetentionPolicy(media=(), journal_bytes=limit))
    yard.fold()
    reported = yard.tick()

    assert dates(yard.data) == ["2026-01-06", "2026-01-07", "2026-01-08", "2026-01-09"]
    assert [each["rule"] for each in reported] == [f"journal: kept up to {limit} bytes"]
    yard.deliverer.close()


def test_the_day_that_is_written_and_the_one_before_stay_whatever_the_rule(tmp_path: Path) -> None:
    yard = Yard(tmp_path, RetentionPolicy(media=(), journal=timedelta(hours=1), journal_bytes=1))
    yard.fold()
    yard.now += 100 * DAY
    yard.tick()

    assert dates(yard.data) == ["2026-01-08", "2026-01-09"]
    yard.deliverer.close()


def behind(yard: Yard) -> str:
    yard.change("health", f"update checkpoint set position = {A_DAY - 1}")
    return f"health is at position {A_DAY - 1}, the day ends at {A_DAY}"


def of_another_journal(yard: Yard) -> str:
    yard.change("health", "update origin set journal = 7")
    return "health has not begun with this journal"


def with_rows_that_nobody_knows(yard: Yard) -> str:
    (yard.data / "warehouse").mkdir()
    return "nobody knows how far the rows of the warehouse are, until it runs"


def with_rows_behind(yard: Yard) -> str:
    (yard.data / "warehouse").mkdir()
    with closing(SqliteJournalReader(yard.data / "journal")) as journal:
        write_progress(yard.data, RowsProgress(journal.journal_id(), 7))
    return f"the rows of the warehouse are at position 7, the day ends at {A_DAY}"


def with_an_event_unsent(yard: Yard) -> str:
    file = view_files.file_of(yard.data, "alerting")
    assert file is not None
    reported = incident(START)
    with closing(view_files.connect(file)) as view, transaction(view):
        tables.put(view, reported)
    return f"event {reported.id} that alerting emitted is not confirmed yet"


@pytest.mark.parametrize(
    "hold", [behind, of_another_journal, with_rows_that_nobody_knows, with_rows_behind, with_an_event_unsent]
)
def test_a_day_that_somebody_needs_stays_and_it_is_said_why(yard: Yard, hold: Any) -> None:
    reason = hold(yard)

    assert yard.tick() == []
    assert len(dates(yard.data)) == COUNT
    assert yard.waits() == f"2026-01-05 (journal: kept for 2 days): {reason}"


def test_it_goes_once_nobody_needs_it(yard: Yard) -> None:
    behind(yard)
    yard.tick()
    yard.change("health", f"update checkpoint set position = {A_DAY}")
    first = yard.tick()
    yard.change("health", f"update checkpoint set position = {COUNT * A_DAY}")
    rest = yard.tick()

    assert ([each["last"] for each in first], [each["last"] for each in rest]) == ([A_DAY], [2 * A_DAY, 3 * A_DAY])
    assert yard.waits() is None


def test_a_rebuild_that_is_going_on_is_waited_for(yard: Yard) -> None:
    shadow = view_files.connect(view_files.next_file(yard.data, "temperatures"))
    shadow.executescript(checkpoint.SCHEMA)
    checkpoint.begin(shadow, 10, 1)
    shadow.close()
    with rebuild_lock(yard.data, "temperatures"):
        assert yard.tick() == []
        assert "temperatures is being folded again and is at position 10" in (yard.waits() or "")

    assert len(yard.tick()) == 3


def test_an_unsent_event_of_today_holds_up_nothing(yard: Yard) -> None:
    file = view_files.file_of(yard.data, "alerting")
    assert file is not None
    with closing(view_files.connect(file)) as view, transaction(view):
        tables.put(view, incident(yard.now))

    assert len(yard.tick()) == 3


def test_a_crash_between_writing_down_and_dropping_is_made_up_for_once(yard: Yard) -> None:
    yard.now += timedelta(minutes=1)
    yard.ticks.append(tick(yard.now))
    file = view_files.file_of(yard.data, "retention")
    assert file is not None
    sink = RetentionSink(
        RetentionScope.of(yard.hub, lambda: NAMES, consumer_registry(yard.hub).store_owners),
        lambda: yard.now,
        lambda: DiskSpace(100, 1),
    )
    with closing(view_files.connect(file)) as state:
        lost = list(sink.deliver(state, yard.ticks.read(0).records))
    yard.deliverer.close()
    yard.deliverer = yard.start()

    assert [event.id for event in yard.reported()] == [event.id for event in lost]
    assert dates(yard.data) == ["2026-01-08", "2026-01-09"]


def test_what_is_gone_reached_as_far_as_is_written_down(yard: Yard) -> None:
    yard.tick()
    newest = START + 2 * DAY + timedelta(seconds=55)

    floor = read_floor(yard.data / "journal")
    assert floor.position == 3 * A_DAY + 1
    assert set(floor.latest) == {"/hub", "/sites/DEMO/devices/yard", "/sites/DEMO/devices/oven"}
    assert max(floor.latest.values()) == int(newest.timestamp() * 1_000_000)
    (yard.data / "journal" / "floor.json").write_bytes(b"{")
    assert read_floor(yard.data / "journal") == Floor()
    with closing(SqliteJournalReader(yard.data / "journal")) as journal:
        assert journal.latest_dropped() is None


def test_what_is_left_is_proved_from_the_floor_on(yard: Yard) -> None:
    reported = yard.tick()
    later = [retention(yard.now, **each) for each in reported]
    write(yard.data, [(yard.now, event) for event in later], configured=NOTHING)
    yard.fold()
    found = {one.part: one for one in check((), yard.hub, lambda *_: None)}

    assert [fault for one in found.values() for fault in one.faults] == []
    assert "(epoch-1): 91…150, before that dropped by retention on 2026-01-10T10:01:00.000Z, no gap" in " ".join(
        found["journal"].notes
    )
    assert found["alerting"].left_out == [
        "rows that may stem from before the floor of the journal, position 163",
        "tables that begin before the floor: alert_state, alerts, conditions, incidents, nodes, watched, watched_hub",
    ]
    assert found["temperatures"].notes[0].startswith("equals the fold of the journal up to position")
    assert found["temperatures"].left_out[0].startswith("rows that may stem from before the floor")


def test_a_day_that_somebody_removed_is_not_explained_by_one_that_retention_dropped(yard: Yard) -> None:
    reported = yard.tick()
    later = [retention(yard.now, **each) for each in reported]
    write(yard.data, [(yard.now, event) for event in later], configured=NOTHING)
    (yard.data / "journal" / "2026-01-08.sqlite").unlink()
    (journal, *_) = check(("journal",), yard.hub, lambda *_: None)

    assert journal.faults == ["position 163…216 is gone with its days, and no retention event says why"]
