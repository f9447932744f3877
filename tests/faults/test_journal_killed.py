"""Ingest and the server of its journal are killed under load: nothing is lost, nothing is there twice."""

import random
import socket
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from subprocess import Popen

import pytest

from bus_schemas.event import HUB_SOURCE
from bus_schemas.streams import Traffic, traffic_of
from consumers.hub_config import ClickHouseServer
from consumers.ingest import run
from consumers.store.journal.configured import store_in
from consumers.store.journal.store import JournalAway, JournalInUse, JournalStore
from consumers.upkeep.verify.bodies import check_bodies
from consumers.upkeep.verify.streams import check_streams
from producer.broker import BrokerAddress
from producer.ids import utc_now
from producer.outbox.outbox import Outbox
from tests.broker import Broker
from tests.clickhouse_server import ClickHouse
from tests.eventually import eventually
from tests.faults.steady_load import steady_load
from tests.ingest_process import ingest_process
from tests.node_parts import OTHER, SOURCE, running_relay


@pytest.fixture
def own(tmp_path: Path, clickhouse: ClickHouse) -> Iterator[ClickHouse]:
    """A server that may be killed; where the shared one is missing, so is this."""
    with ClickHouse(tmp_path / "own") as server:
        yield server


def head(store: JournalStore) -> int:
    with closing(store.reader()) as reader:
        try:
            return reader.head()
        except JournalAway:
            return 0


def go_on(store: JournalStore, seconds: float) -> None:
    """Until ingest is at work, and then so long: the moment of a kill is what varies."""
    before = head(store)
    eventually(lambda: head(store) > before + 20)
    threading.Event().wait(seconds)


def sequences(store: JournalStore) -> dict[tuple[str, Traffic], list[int]]:
    found: dict[tuple[str, Traffic], list[int]] = defaultdict(list)
    with closing(store.reader()) as reader:
        after = 0
        while (batch := reader.read(after)).upto > after:
            for record in batch.records:
                found[record.source, traffic_of(record.epoch or "")].append(record.event.sequence or 0)
            after = batch.upto
    return found


def kill_ingest(ingest: "Popen[bytes]", own: ClickHouse) -> None:
    ingest.kill()
    ingest.wait()


def kill_server(ingest: "Popen[bytes]", own: ClickHouse) -> None:
    own.kill()
    own.start()


def kill_both(ingest: "Popen[bytes]", own: ClickHouse) -> None:
    ingest.kill()
    kill_server(ingest, own)
    ingest.wait()


KILLS = (kill_server, kill_ingest, kill_both)


def test_whatever_is_killed_under_load_nothing_is_lost_or_doubled(
    own_broker: Broker, own: ClickHouse, tmp_path: Path
) -> None:
    server: ClickHouseServer = replace(own.server, database="journal_killed")
    store = store_in(tmp_path / "journal", server)
    path, dice = tmp_path / "node.sqlite", random.Random(3)
    with Outbox(path, utc_now) as outbox, running_relay(path, own_broker.port) as relay:
        with steady_load(outbox) as put:
            for kill in KILLS:
                with ingest_process(tmp_path, own_broker.port, server) as ingest:
                    go_on(store, dice.uniform(0, 0.2))
                    kill(ingest, own)
                    if ingest.poll() is None:
                        go_on(store, dice.uniform(0, 0.2))
        with ingest_process(tmp_path, own_broker.port, server) as ingest:
            relay.wake()
            eventually(lambda: relay.statistics()["failed_queue_size"] == 0)
            ingest.terminate()
            assert ingest.wait(30) == 0

    found = sequences(store)
    hub = HUB_SOURCE, Traffic.EVENTS
    assert found[SOURCE, Traffic.EVENTS] == list(range(1, put[0] - put[1] + 1))
    assert found[SOURCE, Traffic.PICTURES] == list(range(1, put[1] + 1))
    assert found[OTHER, Traffic.EVENTS] == list(range(1, put[1] + 1))
    assert found[hub] == list(range(1, len(found[hub]) + 1))
    assert check_streams(store).faults == []
    assert check_bodies(store).faults == []


def test_a_second_ingest_refuses_to_write_what_another_writes(
    broker: Broker, clickhouse: ClickHouse, tmp_path: Path
) -> None:
    server = replace(clickhouse.server, database="journal_twice")
    store = store_in(tmp_path / "journal", server)
    with ExitStack() as stack:
        stack.callback(store.erase)
        first = stack.enter_context(ingest_process(tmp_path / "first", broker.port, server))
        eventually(lambda: head(store) > 0, 20)
        with pytest.raises(JournalInUse, match=f"{socket.gethostname()}:{tmp_path / 'first'} writes the journal"):
            run(tmp_path / "second", BrokerAddress(port=broker.port), threading.Event(), store=store)

        before = head(store)
        eventually(lambda: head(store) > before, 20, "the first goes on")
        assert first.poll() is None
