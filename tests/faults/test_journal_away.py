"""Consumers of a journal whose server goes away and comes back."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from consumers.engine import checkpoint, view_files
from consumers.engine.runner import ConsumerProcess
from consumers.engine.view_files import NoView
from consumers.registry import consumer_registry
from consumers.store.clickhouse.server import ServerEngine
from consumers.store.journal.clickhouse.store import ClickHouseStore
from consumers.store.journal.configured import journal_of
from consumers.store.journal.store import JournalStore
from consumers.views.health.projection import HealthProjection
from tests import builders
from tests.clickhouse_server import ClickHouse
from tests.contract.journal.entries import OWNER, Clock, numbered
from tests.echo import Echo
from tests.eventually import eventually
from tests.following import hub_in
from tests.threads import in_a_thread
from tests.verified_views import verify_views


def position(data: Path, name: str) -> int:
    try:
        view = view_files.open_view(data, name)
    except NoView:
        return -1
    with closing(view):
        return checkpoint.load(view)


@contextmanager
def consuming(process: ConsumerProcess, echo: Echo, health: HealthProjection) -> Iterator[None]:
    with in_a_thread(lambda stopping: process.run([health, echo], stopping)):
        yield


def test_consumers_wait_for_a_server_that_is_away_and_go_on(tmp_path: Path, clickhouse: ClickHouse) -> None:
    with ClickHouse(tmp_path / "own") as own:
        hub = replace(hub_in(tmp_path), journal=replace(own.server, database="journal_away"))
        store: JournalStore = journal_of(hub)
        assert isinstance(store, ClickHouseStore)
        echo, health, clock = Echo(), HealthProjection(), Clock()
        with (
            consuming(ConsumerProcess(hub, None, store.reader, clock), echo, health),
            store.writer(clock, OWNER) as journal,
        ):
            journal.append(numbered(1, 5, builders.frame))
            eventually(lambda: position(tmp_path, "health") == 5 and len(echo.received) == 5, 20)
            own.kill()
            own.start()
            journal.known_ids([])
            journal.append(numbered(journal.head + 1, 9, builders.frame))

            eventually(lambda: position(tmp_path, "health") == 9 and len(echo.received) == 9, 20)
        assert echo.received == list(range(1, 10))
        assert verify_views(["health"], consumer_registry(hub), clock) == {"health": []}


def test_consumers_begin_again_with_a_journal_that_was_lost(tmp_path: Path, clickhouse: ClickHouse) -> None:
    hub = replace(hub_in(tmp_path), journal=replace(clickhouse.server, database="journal_lost"))
    store, echo, health, clock = journal_of(hub), Echo(), HealthProjection(), Clock()
    with consuming(ConsumerProcess(hub, None, store.reader, clock), echo, health):
        with store.writer(clock, OWNER) as journal:
            journal.append(numbered(1, 5, builders.frame))
            eventually(lambda: position(tmp_path, "health") == 5 and len(echo.received) == 5, 20)
        store.erase()
        with store.writer(clock, OWNER) as journal:
            journal.append(numbered(1, 2, builders.frame))

            eventually(lambda: position(tmp_path, "health") == 2 and echo.received == [1, 2, 3, 4, 5, 1, 2], 20)
    with closing(ServerEngine(clickhouse.server)) as engine:
        engine.execute("drop database journal_lost")
