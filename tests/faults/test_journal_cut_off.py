"""A writer of the journal whose insert is lost, or late, or that another has taken the place of."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from clickhouse_driver import Client
from clickhouse_driver.block import ColumnOrientedBlock

from consumers.hub_config import ClickHouseServer
from consumers.store.clickhouse.engine import Columns, EngineError
from consumers.store.clickhouse.server import ServerEngine
from consumers.store.clickhouse.table import Table
from consumers.store.journal.clickhouse.group import Group
from consumers.store.journal.clickhouse.store import ClickHouseStore
from consumers.store.journal.clickhouse.tables import EVENTS
from consumers.store.journal.clickhouse.writer import ClickHouseJournal
from consumers.store.journal.store import JournalAway, JournalInUse, Unwritable
from consumers.store.journal.writing import Rejected
from consumers.upkeep.verify.streams import check_streams
from tests import builders
from tests.clickhouse_server import ClickHouse
from tests.contract.journal.entries import OWNER, SOURCE, Clock, accepted, asking, numbered, positions, reading
from tests.eventually import eventually

DATABASE = "journal_cut_off"
PATIENCE_S = 0.6


class Unreliable(ServerEngine):
    """A server whose answers to inserts of events are lost, or which they never reach."""

    def __init__(self, server: ClickHouseServer) -> None:
        super().__init__(server)
        self.lost: list[str] = []
        """What becomes of the next inserts: `answer` or `request`."""

    def insert(self, table: Table, columns: Columns) -> None:
        fate = self.lost.pop(0) if self.lost and "events" in table.name else None
        if fate != "request":
            super().insert(table, columns)
        if fate is not None:
            raise EngineError("the connection was cut")


@pytest.fixture
def server(clickhouse: ClickHouse) -> Iterator[ClickHouseServer]:
    yield clickhouse.server
    with closing(ServerEngine(clickhouse.server)) as engine:
        engine.execute(f"drop database if exists {DATABASE}")


@pytest.fixture
def store(server: ClickHouseServer) -> ClickHouseStore:
    return ClickHouseStore(lambda: ServerEngine(server), DATABASE, "here", PATIENCE_S)


@pytest.fixture
def unreliable(server: ClickHouseServer) -> Iterator[tuple[ClickHouseJournal, Unreliable]]:
    engine = Unreliable(server)
    with ClickHouseJournal(lambda: engine, DATABASE, Clock(), OWNER) as journal:
        yield journal, engine


@pytest.mark.parametrize(("fate", "there"), [("answer", 5), ("request", 3)])
def test_what_became_of_an_insert_is_found_out_before_anything_is_planned(
    store: ClickHouseStore, unreliable: tuple[ClickHouseJournal, Unreliable], fate: str, there: int
) -> None:
    journal, engine = unreliable
    journal.append(numbered(1, 3))
    engine.lost = [fate]
    with pytest.raises(Unwritable, match="the connection was cut"):
        journal.append(numbered(4, 5))

    # As ingest does: it asks for ids before it plans.
    assert journal.known_ids([]) == set()
    assert journal.watermark(SOURCE, "one") == there
    assert journal.append(numbered(there + 1, 7)) == 7
    assert positions(store) == [1, 2, 3, 4, 5, 6, 7]
    assert check_streams(store).faults == []


def test_a_group_that_was_planned_before_is_not_taken_after_it(
    store: ClickHouseStore, unreliable: tuple[ClickHouseJournal, Unreliable]
) -> None:
    journal, engine = unreliable
    engine.lost = ["answer"]
    again = accepted(builders.detection(id="foreign"))
    for _ in range(2):
        with pytest.raises(Unwritable):
            journal.append(again)

    assert journal.known_ids([(SOURCE, "foreign")]) == {(SOURCE, "foreign")}
    assert positions(store) == [1]


def test_an_event_without_a_sequence_whose_answer_was_lost_is_known(
    unreliable: tuple[ClickHouseJournal, Unreliable],
) -> None:
    journal, engine = unreliable
    engine.lost = ["answer"]
    with pytest.raises(Unwritable):
        journal.append(accepted(builders.detection(id="foreign")))

    assert journal.known_ids([(SOURCE, "foreign"), (SOURCE, "other")]) == {(SOURCE, "foreign")}


def test_what_was_rejected_with_a_group_that_failed_is_kept_once(
    store: ClickHouseStore, unreliable: tuple[ClickHouseJournal, Unreliable]
) -> None:
    journal, engine = unreliable
    engine.lost = ["request"]
    with pytest.raises(Unwritable):
        journal.append(numbered(1, 1), [Rejected(1, "some/topic", "no event", b"x")])
    journal.known_ids([])
    journal.append(numbered(1, 1), [Rejected(2, "some/topic", "no event", b"x")])
    journal.append([], [Rejected(3, "some/topic", "no event", b"x")])

    with asking(store) as questions:
        assert [row.id for row in questions.rejected()] == [2, 1]


class Unfinished:
    """An insert through the door that is open now, of which the server has everything but the end."""

    def __init__(self, server: ClickHouseServer, first: int, last: int) -> None:
        with closing(ServerEngine(server)) as engine:
            [[door]] = engine.query(
                "select name from system.tables where database = {database:String} and name like 'door_%_events'",
                {"database": DATABASE},
            )
        columns = [list(column) for column in Group(numbered(first, last), first - 1, {}).columns(20260105)]
        self._client = Client(server.host, server.port, user=server.user, password=server.password)
        connection = self._client.connection
        connection.force_connect()
        connection.send_query(f"insert into {DATABASE}.{door} ({', '.join(EVENTS.column_names)}) values")
        connection.send_external_tables(None)
        sample = self._client.receive_sample_block()
        connection.send_data(ColumnOrientedBlock(sample.columns_with_types, columns))

    def finish(self) -> None:
        self._client.connection.send_data(ColumnOrientedBlock())
        self._client.receive_end_of_insert_query()

    def close(self) -> None:
        self._client.disconnect()


def test_the_next_writer_waits_for_an_insert_that_is_under_way_and_goes_on_after_it(
    server: ClickHouseServer, store: ClickHouseStore
) -> None:
    with ExitStack() as stack:
        stack.enter_context(store.writer(Clock(), OWNER)).append(numbered(1, 3))
        late = stack.enter_context(closing(Unfinished(server, 4, 5)))
        begun: list[ClickHouseJournal] = []
        thread = threading.Thread(target=lambda: begun.append(store.writer(Clock(), OWNER)))
        thread.start()
        with closing(ServerEngine(server)) as engine:
            shutting = f"select count() from system.processes where query like 'drop table if exists {DATABASE}.%'"
            eventually(lambda: engine.query(shutting) == [[1]], what="the door is being shut")
        assert begun == []
        late.finish()
        eventually(lambda: begun, 30)
        thread.join(30)
        begun[0].append(numbered(6, 6))
        begun[0].close()

    assert positions(store) == [1, 2, 3, 4, 5, 6]
    assert check_streams(store).faults == []


def test_an_insert_that_comes_after_the_next_writer_has_begun_is_refused(store: ClickHouseStore) -> None:
    with store.writer(Clock(), OWNER) as earlier:
        earlier.append(numbered(1, 3))
        with store.writer(Clock(), OWNER) as later:
            later.append(numbered(4, 4))
            with pytest.raises(Unwritable, match="doesn't exist"):
                earlier.append(numbered(4, 5))
            with pytest.raises(JournalInUse):
                earlier.known_ids([])
            later.append(numbered(5, 5))

    assert positions(store) == [1, 2, 3, 4, 5]


def test_a_writer_of_another_machine_is_refused_while_one_is_alive(store: ClickHouseStore) -> None:
    done = threading.Event()
    with store.writer(Clock(), OWNER) as journal:

        def live() -> None:
            while not done.wait(0.05):
                journal.append(numbered(journal.head + 1, journal.head + 1))

        alive = threading.Thread(target=live)
        alive.start()
        try:
            with pytest.raises(JournalInUse, match="here writes the journal"):
                store.writer(Clock(), "elsewhere")
        finally:
            done.set()
            alive.join()
        assert journal.append(numbered(journal.head + 1, journal.head + 1)) > 1


def test_a_writer_of_another_machine_takes_the_place_of_one_that_is_silent(store: ClickHouseStore) -> None:
    with store.writer(Clock(), OWNER) as silent:
        silent.append(numbered(1, 3))
        with store.writer(Clock(), "elsewhere") as journal:
            assert journal.append(numbered(4, 4)) == 4
            with pytest.raises(Unwritable):
                silent.append(numbered(4, 4))
            with pytest.raises(JournalInUse, match="elsewhere writes the journal"):
                silent.known_ids([])


def test_a_server_that_is_away_is_said_and_the_writer_goes_on_when_it_is_back(tmp_path: Path) -> None:
    with ClickHouse(tmp_path / "own") as own:
        store = ClickHouseStore(lambda: ServerEngine(own.server), DATABASE, "here")
        with store.writer(Clock(), OWNER) as journal, reading(store) as reader:
            journal.append(numbered(1, 3))
            assert reader.head() == 3
            own.kill()
            for _ in range(2):
                with pytest.raises(Unwritable, match="cannot be written"):
                    journal.append(numbered(4, 5))
            with pytest.raises(JournalAway, match="cannot be read"):
                reader.read(0)
            with pytest.raises(JournalAway):
                store.writer(Clock(), OWNER)
            own.start()

            journal.known_ids([])
            assert journal.append(numbered(4, 5)) == 5
            assert [record.position for record in reader.read(0).records] == [1, 2, 3, 4, 5]


def test_a_reader_leaves_a_journal_that_was_lost_and_begun_again(
    server: ClickHouseServer, store: ClickHouseStore
) -> None:
    with reading(store) as reader:
        with store.writer(Clock(), OWNER) as journal:
            journal.append(numbered(1, 9))
            before = reader.journal_id(), reader.head()
        with closing(ServerEngine(server)) as engine:
            engine.execute(f"drop database {DATABASE}")
        with store.writer(Clock(), OWNER) as journal:
            journal.append(numbered(1, 2))

            assert before[1] == 9
            assert reader.journal_id() not in (0, before[0])
            assert (reader.head(), reader.read(0).upto) == (2, 2)
