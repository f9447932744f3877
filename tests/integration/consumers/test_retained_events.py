"""What the broker has retained of events is taken in, and costs nothing of what is said now."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from bus_schemas.camera import DetectionEvent
from bus_schemas.codec import to_bytes
from bus_schemas.topics import event_topic
from consumers.ingest.connection import BrokerConnection
from consumers.ingest.packets import Published
from consumers.ingest.retained_events import RetainedEvents
from consumers.ingest.subscriptions import LIVE
from producer.broker import BrokerAddress
from tests import builders
from tests.broker import Broker
from tests.eventually import eventually
from tests.running_ingest import journaled, rejections, running_ingest

SMALL_QUEUE = "max_queued_messages 20\nmax_inflight_messages 20\n"
MANY = 500
WRONG = "watchpost/v1/DEMO/yard/status/now"


@pytest.fixture
def strict_broker(tmp_path: Path) -> Iterator[Broker]:
    """It drops what is beyond 20 messages that wait for one subscriber."""
    with Broker(tmp_path / "broker", lines=SMALL_QUEUE) as broker:
        yield broker


@contextmanager
def device(port: int) -> Iterator[Client]:
    client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
    client.connect("127.0.0.1", port)
    client.loop_start()
    eventually(client.is_connected)
    try:
        yield client
    finally:
        client.disconnect()
        client.loop_stop()


def retain_junk(client: Client, count: int) -> None:
    for number in range(count):
        topic = f"watchpost/v1/DEMO/stolen/event/junk{number}"
        client.publish(topic, b"{}", qos=1, retain=True).wait_for_publish(10)


def test_what_is_said_now_arrives_however_much_somebody_had_the_broker_retain(strict_broker: Broker) -> None:
    address, event = BrokerAddress(port=strict_broker.port), builders.detection()
    with device(strict_broker.port) as client:
        retain_junk(client, MANY)
        with closing(BrokerConnection(address, "live", LIVE)) as live:
            for _ in range(10):
                client.publish(event_topic(event.source, "detection"), to_bytes(event), qos=1).wait_for_publish(10)
            found: list[Published] = []

            def receive() -> bool:
                found.extend(live.receive(0.05))
                return len(found) >= 10

            eventually(receive)

    assert {message.topic for message in found} == {event_topic(event.source, "detection")}


def test_what_is_retained_comes_over_a_connection_of_its_own_which_then_ends(own_broker: Broker) -> None:
    retained = RetainedEvents(BrokerAddress(port=own_broker.port))
    event = builders.detection()
    with device(own_broker.port) as client:
        retain_junk(client, 30)
        retained.begin()
        client.publish(event_topic(event.source, "detection"), to_bytes(event), qos=1).wait_for_publish(10)
        found: list[Published] = []

        def receive_all() -> bool:
            found.extend(retained.receive())
            return not retained.is_open

        eventually(receive_all)

    assert len({message.topic for message in found}) == len(found) == 30
    assert event_topic(event.source, "detection") not in {message.topic for message in found}


def test_an_event_that_was_retained_while_ingest_was_away_is_in_the_journal_once(
    own_broker: Broker, tmp_path: Path
) -> None:
    event = builders.detection()
    with device(own_broker.port) as client:
        for topic, body in ((event_topic(event.source, "detection"), to_bytes(event)), (WRONG, b"{}")):
            client.publish(topic, body, qos=1, retain=True).wait_for_publish(10)
    for connects in (1, 2):
        with running_ingest(tmp_path, BrokerAddress(port=own_broker.port)):
            eventually(lambda: len(rejections(tmp_path)) == connects)  # noqa: B023 - asked within the turn
            eventually(lambda: journaled(tmp_path, DetectionEvent))

    assert journaled(tmp_path, DetectionEvent) == [event]
