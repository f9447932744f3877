"""Consumers as they run: an edge's outbox, a broker, ingest, and a process of consumers."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from consumers.engine import checkpoint, view_files
from consumers.engine.consumer_set import UnknownConsumer
from consumers.engine.follower import ConsumerContext
from consumers.engine.projection import Projection
from consumers.engine.rebuild.compare import verify
from consumers.engine.rebuild.whole import rebuild
from consumers.engine.runner import run
from consumers.engine.view_files import NoView
from consumers.registry import consumer_registry
from consumers.store.journal.reader import SqliteJournalReader
from producer.broker import BrokerAddress
from producer.ids import utc_now
from tests.broker import Broker
from tests.builders import thermal
from tests.eventually import eventually
from tests.following import hub_in
from tests.integration.consumers.running_hub import NAMES, Running, hot


@pytest.fixture
def running(broker: Broker, tmp_path: Path) -> Iterator[Running]:
    with ExitStack() as stack:
        yield Running(tmp_path, BrokerAddress(port=broker.port), stack)


def test_a_hot_frame_becomes_an_alert_in_the_journal(running: Running) -> None:
    running.consume(NAMES)
    running.put(*hot(40.0, 100.0))

    raised = eventually(lambda: running.journal("watchpost.alert.v1"))
    assert [stored.body.count(b'"hot_spot"') > 0 for stored in raised] == [True]
    assert [each["level"] for each in running.alerts()] == ["critical"]


def test_a_rebuild_beside_the_running_process_tells_nothing_twice(running: Running) -> None:
    running.consume(NAMES)
    running.put(*hot(100.0))
    eventually(lambda: running.journal("watchpost.alert.v1"))
    reader = SqliteJournalReader(running.hub.data / "journal")
    context = ConsumerContext(running.hub.data, reader, utc_now)
    for name in ("alerting",):
        projection = consumer_registry(running.hub).projection(name)
        assert isinstance(projection, Projection)
        rebuild(projection, context)
    running.put(*(thermal(utc_now(), hottest=100.0, device="oven") for _ in range(3)))

    eventually(lambda: len(running.journal("watchpost.alert.v1")) >= 2)
    eventually(lambda: [each["device"] for each in running.alerts()] == ["oven", "yard"])
    assert len(running.journal("watchpost.incident.v2")) == 2
    projection = consumer_registry(running.hub).projection("alerting")
    assert isinstance(projection, Projection)
    assert verify(projection, context) == []
    reader.close()


def test_a_process_that_stops_and_starts_goes_on_where_it_was(running: Running) -> None:
    stop = running.consume(NAMES)
    running.put(*hot(100.0))
    eventually(lambda: running.journal("watchpost.alert.v1"))
    stop()
    running.put(*(thermal(utc_now(), hottest=100.0, device="oven") for _ in range(3)))
    running.consume(NAMES)

    eventually(lambda: len(running.journal("watchpost.alert.v1")) == 2)
    assert len(running.journal("watchpost.incident.v2")) == 2


def test_consumers_reach_the_head_also_where_nothing_concerns_them(running: Running) -> None:
    running.consume(["settings"])
    running.put(*hot(*[40.0] * 50))

    def at_head() -> bool:
        try:
            view = view_files.open_view(running.hub.data, "settings")
        except NoView:
            return False
        position = checkpoint.load(view)
        view.close()
        return position >= 50

    assert eventually(at_head)


def test_a_name_that_is_none_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(UnknownConsumer, match="there is no consumer 'helth'; there are agents, alert_log, alerting"):
        consumer_registry(hub_in(tmp_path)).make("helth")


def test_a_process_with_another_data_directory_takes_nothing_and_says_so(running: Running, tmp_path: Path) -> None:
    other = hub_in(tmp_path / "other")
    running.put(*hot(40.0))
    running.thread(lambda stopping: run(["settings"], other, BrokerAddress(port=running.port), stopping))
    [reported] = eventually(lambda: running.journal("watchpost.fault.v1"))

    assert b'"journal"' in reported.body
    assert f"there is no journal in {tmp_path / 'other'}".encode() in reported.body
