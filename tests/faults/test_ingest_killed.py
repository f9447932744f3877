"""Ingest is killed under load, and so is the broker: nothing is lost, nothing is there twice, the order is kept."""

import random
import threading
from collections import defaultdict
from contextlib import closing
from pathlib import Path

from bus_schemas.event import HUB_SOURCE, Event
from bus_schemas.media import MediaEvent
from bus_schemas.streams import Traffic, traffic_of
from consumers.store.archive.reader import ArchiveReader
from consumers.store.journal.reader import SqliteJournalReader
from producer.ids import utc_now
from producer.outbox.outbox import Outbox
from tests.broker import Broker
from tests.eventually import eventually
from tests.faults.steady_load import steady_load
from tests.ingest_process import ingest_process
from tests.node_parts import OTHER, SOURCE, running_relay
from tests.running_ingest import journaled

KILLS = 5


def head(data: Path) -> int:
    with closing(SqliteJournalReader(data / "journal")) as reader:
        return reader.head()


def go_on(data: Path, seconds: float) -> None:
    """Until ingest is at work, and then so long: the moment of a kill is what varies."""
    before = head(data)
    eventually(lambda: head(data) > before + 20)
    threading.Event().wait(seconds)


def sequences(events: list[Event]) -> dict[tuple[str, Traffic], list[int]]:
    found: dict[tuple[str, Traffic], list[int]] = defaultdict(list)
    for event in events:
        found[event.source, traffic_of(event.epoch or "")].append(event.sequence or 0)
    return found


def assert_whole(data: Path, put: list[int]) -> None:
    events = [event for event in journaled(data) if event.source != HUB_SOURCE]
    found = sequences(events)
    assert found[SOURCE, Traffic.EVENTS] == list(range(1, put[0] - put[1] + 1))
    assert found[SOURCE, Traffic.PICTURES] == list(range(1, put[1] + 1))
    assert found[OTHER, Traffic.EVENTS] == list(range(1, put[1] + 1))
    with ArchiveReader(data / "archive") as archive:
        media = [event.data for event in events if isinstance(event, MediaEvent)]
        assert len(media) == put[1]
        for described in media:
            body = archive.read(described.key)
            assert body is not None
            assert len(body) == described.size


def test_ingest_killed_at_random_moments_loses_and_doubles_nothing(own_broker: Broker, tmp_path: Path) -> None:
    path, dice = tmp_path / "node.sqlite", random.Random(1)
    with Outbox(path, utc_now) as outbox, running_relay(path, own_broker.port) as relay:
        with steady_load(outbox) as put:
            for _ in range(KILLS):
                with ingest_process(tmp_path, own_broker.port):
                    go_on(tmp_path, dice.uniform(0, 0.2))
        with ingest_process(tmp_path, own_broker.port) as ingest:
            relay.wake()
            eventually(lambda: relay.statistics()["failed_queue_size"] == 0)
            ingest.terminate()
            assert ingest.wait(30) == 0

    assert_whole(tmp_path, put)


def test_a_broker_killed_at_random_moments_loses_and_doubles_nothing(own_broker: Broker, tmp_path: Path) -> None:
    path, dice = tmp_path / "node.sqlite", random.Random(2)
    with (
        ingest_process(tmp_path, own_broker.port) as ingest,
        Outbox(path, utc_now) as outbox,
        running_relay(path, own_broker.port) as relay,
    ):
        with steady_load(outbox) as put:
            for _ in range(3):
                go_on(tmp_path, dice.uniform(0, 0.2))
                own_broker.kill()
                own_broker.start()
        relay.wake()
        eventually(lambda: relay.statistics()["failed_queue_size"] == 0)
        ingest.terminate()
        assert ingest.wait(30) == 0

    assert_whole(tmp_path, put)
