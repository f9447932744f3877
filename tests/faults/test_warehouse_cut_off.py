"""A writer of rows that is gone for its hub, and not yet for the server."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from clickhouse_driver import Client
from clickhouse_driver.block import ColumnOrientedBlock

from bus_schemas.event import Event
from consumers.hub_config import ClickHouseServer
from consumers.store.clickhouse.engine import Engine, EngineError
from consumers.store.clickhouse.server import ServerEngine
from consumers.views.warehouse.fold import Fold
from consumers.views.warehouse.rows import blocks
from consumers.views.warehouse.store import Generations
from consumers.views.warehouse.tables import CAMERA_EVENTS
from tests.builders import at, detection, thermal
from tests.clickhouse_server import ClickHouse
from tests.eventually import eventually
from tests.memory_journal import MemoryJournal


@pytest.fixture(scope="module")
def server(clickhouse: ClickHouse) -> ClickHouseServer:
    return clickhouse.server


@pytest.fixture
def engine(server: ClickHouseServer) -> Iterator[ServerEngine]:
    with closing(ServerEngine(server)) as engine:
        yield engine
        for name in ("warehouse_1", "warehouse"):
            engine.execute(f"drop database if exists {name}")


def begin(engine: Engine, journal: MemoryJournal) -> Fold:
    return Fold(journal, Generations(engine, None).current())


def events(count: int) -> list[Event]:
    return [detection(at(number), id=f"e-{number}") for number in range(count)]


def counted(engine: Engine) -> Sequence[Sequence[int]]:
    return engine.query("select count(), uniqExact(event_id) from warehouse_1.camera_events")


class Unfinished:
    """An insert through the door that is open now, of which the server has everything but the end."""

    def __init__(self, server: ClickHouseServer, engine: Engine, journal: MemoryJournal, timeout_s: int) -> None:
        [[door]] = engine.query(
            "select name from system.tables where database = 'warehouse_1' and name like 'door_%_camera_events'"
        )
        columns = [list(column) for column in blocks(journal.read(0).records)[CAMERA_EVENTS]]
        columns[CAMERA_EVENTS.column_names.index("ts")] = [0] * len(columns[0])
        self._client = Client(
            server.host,
            server.port,
            user=server.user,
            password=server.password,
            settings={"receive_timeout": timeout_s},
        )
        connection = self._client.connection
        connection.force_connect()
        names = ", ".join(CAMERA_EVENTS.column_names)
        connection.send_query(f"insert into warehouse_1.{door} ({names}) values")
        connection.send_external_tables(None)
        sample = self._client.receive_sample_block()
        connection.send_data(ColumnOrientedBlock(sample.columns_with_types, columns))

    def finish(self) -> None:
        self._client.connection.send_data(ColumnOrientedBlock())
        self._client.receive_end_of_insert_query()

    def close(self) -> None:
        self._client.disconnect()


@contextmanager
def beginning(server: ClickHouseServer, journal: MemoryJournal) -> Iterator[list[Fold]]:
    """The next writer, in a thread; in the list once it has begun. Its connection is closed at the end."""
    begun: list[Fold] = []
    with closing(ServerEngine(server)) as engine:
        thread = threading.Thread(target=lambda: begun.append(begin(engine, journal)))
        thread.start()
        try:
            yield begun
        finally:
            thread.join(30)


def shutting(engine: Engine) -> bool:
    return engine.query(
        "select count() from system.processes where query like 'drop table if exists warehouse_1.%'"
    ) == [[1]]


def test_the_next_writer_waits_for_an_insert_that_is_under_way_and_counts_it(
    server: ClickHouseServer, engine: ServerEngine
) -> None:
    journal = MemoryJournal(events(20))
    begin(engine, journal)

    with closing(Unfinished(server, engine, journal, 30)) as unfinished, beginning(server, journal) as begun:
        eventually(lambda: shutting(engine), what="the door is being shut")
        assert begun == []
        unfinished.finish()
        eventually(lambda: begun, 30)
        begun[0].advance()

    assert counted(engine) == [[20, 20]]


def test_an_insert_whose_sender_is_cut_off_is_given_up_by_the_server(
    server: ClickHouseServer, engine: ServerEngine
) -> None:
    journal = MemoryJournal(events(20))
    begin(engine, journal)

    with closing(Unfinished(server, engine, journal, 1)), beginning(server, journal) as begun:
        eventually(lambda: begun, 20)
        begun[0].advance()

    assert counted(engine) == [[20, 20]]


def test_an_insert_whose_sender_dies_in_the_middle_counts_once(server: ClickHouseServer, engine: ServerEngine) -> None:
    journal = MemoryJournal(events(20))
    begin(engine, journal)
    Unfinished(server, engine, journal, 30).close()

    begin(engine, journal).advance()

    assert counted(engine) == [[20, 20]]


def test_a_writer_that_comes_back_after_the_next_has_begun_is_refused(
    server: ClickHouseServer, engine: ServerEngine
) -> None:
    journal = MemoryJournal(events(20))
    earlier = begin(engine, journal)
    with closing(ServerEngine(server)) as other:
        later = begin(other, journal)

        with pytest.raises(EngineError, match="doesn't exist"):
            earlier.advance()
        later.advance()

    assert counted(engine) == [[20, 20]]


def test_the_checkpoint_of_an_earlier_writer_is_refused_too(server: ClickHouseServer, engine: ServerEngine) -> None:
    journal = MemoryJournal(events(20))
    earlier = begin(engine, journal)
    earlier.position = 20
    with closing(ServerEngine(server)) as other:
        begin(other, journal)

        with pytest.raises(EngineError, match="doesn't exist"):
            earlier.save()

    assert begin(engine, journal).position == 0


def test_rows_survive_a_server_that_is_killed_between_two_blocks(tmp_path: Path) -> None:
    kinds = (detection, thermal)
    journal = MemoryJournal(kinds[number % 2](at(number), id=f"e-{number}") for number in range(100))
    with ClickHouse(tmp_path / "own") as own, closing(ServerEngine(own.server)) as engine:
        fold = begin(engine, journal)
        fold.advance()
        journal.append(*events(50))
        own.kill()
        with pytest.raises(EngineError):
            fold.advance()
        own.start()

        again = begin(engine, journal)
        again.advance()

        assert again.position == 150
        assert engine.query("select count() from camera_events") == [[100]]
        assert engine.query("select count(), uniqExact(event_id) from thermal_readings") == [[150, 50]]
