"""Ingest at a real broker, with the real outbox and relay, and with devices that have neither."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from bus_schemas.camera import DetectionEvent
from bus_schemas.codec import to_bytes
from bus_schemas.media import MediaEvent
from bus_schemas.node import GapEvent, HeartbeatEvent, StateEvent
from bus_schemas.topics import HEAD, event_topic, media_topic, state_topic, watermark_topic
from consumers.store.archive.reader import ArchiveReader
from producer.broker import BrokerAddress
from producer.ids import utc_now
from producer.outbox.outbox import Outbox
from tests import builders
from tests.broker import Broker
from tests.eventually import eventually
from tests.node_parts import OTHER, SOURCE, detection, medium, running_relay
from tests.running_ingest import journaled, rejections, running_ingest


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


@contextmanager
def received(port: int, *topics: str) -> Iterator[list[tuple[str, bytes]]]:
    messages: list[tuple[str, bytes]] = []
    with device(port) as client:
        client.on_message = lambda _client, _data, message: messages.append((message.topic, bytes(message.payload)))
        for topic in topics:
            client.subscribe(topic, qos=1)
        yield messages


def test_what_a_relay_sends_is_in_the_journal_once_and_in_order(own_broker: Broker, tmp_path: Path) -> None:
    outbox_path = tmp_path / "node.sqlite"
    with (
        running_ingest(tmp_path, BrokerAddress(port=own_broker.port)),
        Outbox(outbox_path, utc_now) as outbox,
        running_relay(outbox_path, own_broker.port) as relay,
    ):
        for people in range(1000):
            outbox.put(detection(people))
        outbox.put(durable=True)
        relay.wake()
        eventually(lambda: relay.statistics()["failed_queue_size"] == 0)
        eventually(lambda: len(journaled(tmp_path, DetectionEvent)) == 1000)

    found = journaled(tmp_path, DetectionEvent)
    assert [event.sequence for event in found] == list(range(1, 1001))


def test_media_are_in_the_archive_before_the_journal_tells_of_them(own_broker: Broker, tmp_path: Path) -> None:
    outbox_path = tmp_path / "node.sqlite"
    with (
        running_ingest(tmp_path, BrokerAddress(port=own_broker.port)),
        Outbox(outbox_path, utc_now) as outbox,
        running_relay(outbox_path, own_broker.port),
    ):
        outbox.put(medium(b"\x47" * 3_000_000, "segment"), medium(b"small"), detection(), durable=True)
        eventually(lambda: len(journaled(tmp_path, MediaEvent)) == 2)
        kept = [event.data for event in journaled(tmp_path, MediaEvent) if isinstance(event, MediaEvent)]
        with ArchiveReader(tmp_path / "archive") as archive:
            found = [archive.read(described.key) for described in kept]

    assert sorted(map(len, filter(None, found))) == [5, 3_000_000]


def test_a_device_without_an_outbox_is_journaled_once_however_often_it_says_it(
    own_broker: Broker, tmp_path: Path
) -> None:
    event = builders.detection()
    with running_ingest(tmp_path, BrokerAddress(port=own_broker.port)), device(own_broker.port) as client:
        eventually(lambda: journaled(tmp_path))
        for _ in range(3):
            client.publish(event_topic(event.source, "detection"), to_bytes(event), qos=1)
        client.publish(media_topic(event.source, "capture"), b"bytes alone", qos=1)
        eventually(lambda: journaled(tmp_path, MediaEvent))

    assert journaled(tmp_path, DetectionEvent) == [event]


def test_what_does_not_fit_is_kept_with_the_reason_and_leaves_a_gap_in_its_stream(
    own_broker: Broker, tmp_path: Path
) -> None:
    good = [builders.detection(epoch="one", sequence=number, people_count=number) for number in (1, 3)]
    bad = to_bytes(builders.detection(epoch="one", sequence=2)).replace(b'"people_count":1', b'"people_count":-1')
    topic = event_topic(good[0].source, "detection")
    with running_ingest(tmp_path, BrokerAddress(port=own_broker.port)), device(own_broker.port) as client:
        eventually(lambda: journaled(tmp_path))
        for body in (to_bytes(good[0]), bad, to_bytes(good[1])):
            client.publish(topic, body, qos=1)
        client.publish(topic.replace("/v1/", "/v2/"), b"{}", qos=1)
        client.publish(topic.replace(builders.DEVICE, "door"), to_bytes(builders.detection()), qos=1)
        eventually(lambda: len(rejections(tmp_path)) == 3)

    (gap,) = journaled(tmp_path, GapEvent)
    assert isinstance(gap, GapEvent)
    assert (gap.data.first, gap.data.last, gap.data.cause) == (2, 2, "rejected")
    assert [event.sequence for event in journaled(tmp_path, DetectionEvent, GapEvent)] == [1, 2, 3]
    assert [row.reason for row in reversed(rejections(tmp_path))] == [
        "data.people_count: Input should be greater than or equal to 0",
        "topic 'watchpost/v2/DEMO/yard/event/detection' is not watchpost/v1/SITE/DEVICE/CHANNEL",
        "source /sites/DEMO/devices/yard does not belong on topic watchpost/v1/DEMO/door/event/detection",
    ]


def test_a_hole_is_not_journaled_and_the_watermark_is_said_again(own_broker: Broker, tmp_path: Path) -> None:
    first, third = builders.detection(epoch="one", sequence=1), builders.detection(epoch="one", sequence=3)
    topic = event_topic(first.source, "detection")
    with (
        running_ingest(tmp_path, BrokerAddress(port=own_broker.port)),
        received(own_broker.port, watermark_topic(first.source)) as watermarks,
        device(own_broker.port) as client,
    ):
        eventually(lambda: journaled(tmp_path))
        client.publish(topic, to_bytes(third), qos=1)
        eventually(lambda: watermarks)
        client.publish(topic, to_bytes(first), qos=1)
        eventually(lambda: len(watermarks) >= 2)

    assert [json.loads(body)["sequence"] for _, body in watermarks[:2]] == [0, 1]
    assert journaled(tmp_path, DetectionEvent) == [first]


def test_watermarks_are_announced_to_a_broker_that_forgot_them(own_broker: Broker, tmp_path: Path) -> None:
    event = builders.detection(epoch="one", sequence=1)
    with running_ingest(tmp_path, BrokerAddress(port=own_broker.port)):
        with device(own_broker.port) as client:
            eventually(lambda: journaled(tmp_path))
            client.publish(event_topic(event.source, "detection"), to_bytes(event), qos=1)
            eventually(lambda: journaled(tmp_path, DetectionEvent))
        own_broker.kill()
        own_broker.start()
        with received(own_broker.port, watermark_topic(event.source)) as watermarks:
            eventually(lambda: watermarks)

    said = json.loads(watermarks[0][1])
    assert said.pop("session")
    assert said == {"source": event.source, "epoch": "one", "sequence": 1}


def test_the_hub_beats_in_one_stream_over_restarts_and_says_when_it_stops(own_broker: Broker, tmp_path: Path) -> None:
    for run in range(2):
        with running_ingest(tmp_path, BrokerAddress(port=own_broker.port)):
            eventually(lambda: len(journaled(tmp_path)) > 2 * run)  # noqa: B023 - asked within the turn

    beats = [event for event in journaled(tmp_path, HeartbeatEvent) if isinstance(event, HeartbeatEvent)]
    assert [beat.data.status for beat in beats] == ["online", "stopping", "online", "stopping"]
    assert [beat.sequence for beat in beats] == [1, 2, 3, 4]
    assert len({beat.epoch for beat in beats}) == 1


def test_news_of_the_head_follow_the_commit(own_broker: Broker, tmp_path: Path) -> None:
    event = builders.detection()
    with (
        received(own_broker.port, HEAD) as heads,
        running_ingest(tmp_path, BrokerAddress(port=own_broker.port)),
        device(own_broker.port) as client,
    ):
        eventually(lambda: heads)
        client.publish(event_topic(event.source, "detection"), to_bytes(event), qos=1)
        eventually(lambda: len(heads) >= 2)

        assert json.loads(heads[1][1])["position"] == len(journaled(tmp_path))


def test_a_last_will_that_is_retained_is_journaled_once(own_broker: Broker, tmp_path: Path) -> None:
    will = StateEvent.model_validate(
        {
            "id": "will-1",
            "source": "/sites/DEMO/devices/yard",
            "time": builders.START,
            "data": {"online": False, "reason": "connection lost"},
        }
    )
    with device(own_broker.port) as client:
        client.publish(state_topic(will.source), to_bytes(will), qos=1, retain=True).wait_for_publish(5)
    for _ in range(2):
        with running_ingest(tmp_path, BrokerAddress(port=own_broker.port)):
            eventually(lambda: journaled(tmp_path, StateEvent))

    assert journaled(tmp_path, StateEvent) == [will]


def test_a_unix_socket_serves_as_well(tmp_path: Path) -> None:
    with Broker(tmp_path / "broker", unix_socket=tmp_path / "mqtt.sock") as broker:
        event = builders.detection()
        with (
            running_ingest(tmp_path, BrokerAddress(unix_socket=tmp_path / "mqtt.sock")),
            device(broker.port) as client,
        ):
            eventually(lambda: journaled(tmp_path))
            client.publish(event_topic(event.source, "detection"), to_bytes(event), qos=1)
            eventually(lambda: journaled(tmp_path, DetectionEvent))


def test_what_is_on_no_topic_of_the_contract_is_counted_and_kept(own_broker: Broker, tmp_path: Path) -> None:
    body = to_bytes(builders.detection())
    wrong = [
        *("watchpost/detection", "watchpost/v1/yard", "watchpost/v1/DEMO/yard", "watchpost/v1/yard/event/detection"),
        *("watchpost/v1/DEMO/area/yard/event/detection", "watchpost/v1/DEMO/yard/events/detection"),
        *("watchpost/v1/DEMO/yard/sensor/temperature", "watchpost/v1/DEMO/yard/detection/people"),
        *(
            "watchpost/v1/DEMO/yard/event",
            "watchpost/v1/DEMO/yard/event/detection/more",
            "watchpost/v2/D/y/event/frame",
        ),
    ]
    between = ["watchpost/v1/DEMO/yard/claim", "watchpost/v1/DEMO/yard/watermark", "watchpost/v1/_hub/head"]
    with running_ingest(tmp_path, BrokerAddress(port=own_broker.port)), device(own_broker.port) as client:
        eventually(lambda: journaled(tmp_path))
        for topic in (*between, *wrong):
            client.publish(topic, body, qos=1)
        client.publish(event_topic("/sites/DEMO/devices/yard", "detection"), body, qos=1)
        eventually(lambda: journaled(tmp_path, DetectionEvent))

    assert sorted(row.topic for row in rejections(tmp_path)) == sorted(wrong)
    assert len(journaled(tmp_path, DetectionEvent)) == 1


def test_an_outbox_that_is_refused_after_a_flood_of_epochs_loses_nothing(own_broker: Broker, tmp_path: Path) -> None:
    """Its device goes on once the hour is over; its neighbour goes on all the time."""
    later = timedelta()
    outbox_path, flooded = tmp_path / "node.sqlite", [f"epoch-{number}" for number in range(100)]
    with (
        running_ingest(tmp_path, BrokerAddress(port=own_broker.port), lambda: utc_now() + later),
        device(own_broker.port) as client,
        Outbox(outbox_path, utc_now) as outbox,
    ):
        eventually(lambda: journaled(tmp_path))
        for epoch in flooded:
            event = builders.detection(site="YARD", device="GATE", epoch=epoch, sequence=1, id=epoch)
            client.publish(event_topic(SOURCE, "detection"), to_bytes(event), qos=1)
        eventually(lambda: len(rejections(tmp_path)) == len(flooded) - 30)
        outbox.put(*(detection(people) for people in range(20)), detection(source=OTHER), durable=True)
        with running_relay(outbox_path, own_broker.port) as relay:
            eventually(lambda: any(outbox.epoch.encode() in row.body for row in rejections(tmp_path)))
            eventually(lambda: [one.source for one in journaled(tmp_path)].count(OTHER) == 1)
            later = timedelta(hours=1)
            eventually(lambda: relay.statistics()["failed_queue_size"] == 0)

    taken = [one for one in journaled(tmp_path, DetectionEvent) if one.epoch == outbox.epoch and one.source == SOURCE]
    assert [one.sequence for one in taken] == list(range(1, 21))
