"""Rows that one process writes to a server and another asks."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import date
from pathlib import Path
from threading import Event as Flag

import pytest

from consumers.hub_config import ClickHouseServer
from consumers.store.clickhouse.embedded import EmbeddedEngine
from consumers.store.clickhouse.engine import EngineError
from consumers.store.clickhouse.server import ServerEngine
from consumers.views.warehouse.fold import Fold
from consumers.views.warehouse.reader import NotReady, WarehouseReader
from consumers.views.warehouse.server_process import ServedRows
from consumers.views.warehouse.store import Generations
from consumers.views.warehouse.warehouse import Warehouse, WarehouseSettings
from tests.builders import at, detection
from tests.clickhouse_server import ClickHouse
from tests.eventually import eventually
from tests.memory_journal import MemoryJournal
from tests.threads import in_a_thread

DAY = date(2026, 1, 5)


@contextmanager
def running(rows: WarehouseReader) -> Iterator[None]:
    wake = Flag()
    with in_a_thread(lambda stopping: rows.run(stopping, wake), wake.set):
        yield


def asking(server: ClickHouseServer) -> ServedRows:
    return ServedRows(server, ("CROWD_VIOLATION",), poll_s=0.02, retry_s=0.05)


def writing(server: ClickHouseServer, journal: MemoryJournal) -> Warehouse:
    settings = WarehouseSettings(keep_days=None, pace_s=0.0, retry_s=0.05)
    return Warehouse(lambda: ServerEngine(server), lambda: journal, settings)


def events_of(rows: WarehouseReader) -> int:
    try:
        total: int = rows.dashboard("DEMO", DAY, "Europe/Berlin")["critical_events"]["total_events"]
    except (NotReady, EngineError):
        return -1
    return total


def test_who_asks_before_anybody_has_written_is_told_to_come_back(served: ClickHouse) -> None:
    rows = asking(served.server)

    with running(rows), pytest.raises(NotReady, match="ask again in a moment"):
        rows.dashboard("DEMO", DAY, "UTC")

    with closing(ServerEngine(served.server)) as engine:
        assert engine.query("select count() from system.databases where name = 'warehouse'") == [[0]]


def test_answers_follow_what_another_process_writes(served: ClickHouse) -> None:
    journal = MemoryJournal([detection(at(number)) for number in range(10)])
    rows = asking(served.server)

    with running(rows), running(writing(served.server, journal)):
        eventually(lambda: events_of(rows) == 10, 30)
        journal.append(detection(at(60)))
        eventually(lambda: events_of(rows) == 11, 30)

        assert rows.status().state == "running"
        eventually(lambda: rows.status().position == 11)


def test_answers_follow_a_rebuild_into_its_database(served: ClickHouse) -> None:
    journal = MemoryJournal([detection(at(number)) for number in range(10)])
    rows, writer = asking(served.server), writing(served.server, journal)

    with running(rows), running(writer), closing(ServerEngine(served.server)) as engine:
        eventually(lambda: events_of(rows) == 10, 30)
        writer.rebuild()
        generations = "select name from system.databases where position(name, 'warehouse_') = 1"
        eventually(lambda: engine.query(generations) == [["warehouse_2"]], 30)
        journal.append(detection(at(60)))

        eventually(lambda: events_of(rows) == 11, 30)


def test_a_connection_outlives_the_database_that_it_was_in(served: ClickHouse) -> None:
    with closing(ServerEngine(served.server)) as engine, closing(ServerEngine(served.server)) as other:
        Generations(engine, None).current()
        other.execute("drop database warehouse_1")
        with pytest.raises(EngineError, match="warehouse_1 doesn't exist"):
            engine.query("select max(position) from checkpoint")

        assert engine.query("select 1") == [[1]]


def test_a_generation_that_is_named_and_gone_does_not_count(served: ClickHouse) -> None:
    with closing(ServerEngine(served.server)) as engine:
        generations = Generations(engine, None)
        Fold(MemoryJournal([detection()]), generations.current()).advance()
        lost = generations.next()
        generations.promote(lost)
        engine.execute(f"drop database {lost.database}")

        assert generations.current().database == "warehouse_1"
        assert generations.next().database == "warehouse_3"


def test_who_asks_and_who_writes_find_a_server_that_was_away(tmp_path: Path) -> None:
    journal = MemoryJournal([detection(at(number)) for number in range(10)])
    with ExitStack() as stack:
        own = stack.enter_context(ClickHouse(tmp_path / "own"))
        rows = asking(own.server)
        stack.enter_context(running(rows))
        stack.enter_context(running(writing(own.server, journal)))
        eventually(lambda: events_of(rows) == 10, 30)
        own.kill()
        eventually(lambda: rows.status().state == "stopped", 30)
        journal.append(detection(at(60)))
        own.start()

        eventually(lambda: events_of(rows) == 11, 20)


def test_days_to_which_no_row_came_are_not_asked_for_again(kept_open: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a ClickHouse of today, which knows by an index where new rows are."""
    monkeypatch.setattr("consumers.views.warehouse.server_process.ServerEngine", lambda _: EmbeddedEngine(kept_open))
    journal = MemoryJournal([detection(at(0))])
    rows, tomorrow = asking(ClickHouseServer("nowhere")), date(2026, 1, 6)
    settings = WarehouseSettings(keep_days=None, pace_s=0.0, retry_s=0.05)
    writer = Warehouse(lambda: EmbeddedEngine(kept_open), lambda: journal, settings)

    with running(rows), running(writer):
        eventually(lambda: rows.status().position == 1, 30)
        eventually(lambda: events_of(rows) == 1, 30)
        known = rows.known_dashboard("DEMO", DAY, "Europe/Berlin")
        journal.append(detection(at(86_400)))
        eventually(lambda: rows.status().position == 2, 30)
        assert rows.dashboard("DEMO", tomorrow, "Europe/Berlin")["critical_events"]["total_events"] == 1
        assert rows.known_dashboard("DEMO", DAY, "Europe/Berlin") is known

        journal.append(detection(at(30)))
        eventually(lambda: events_of(rows) == 2, 30)
