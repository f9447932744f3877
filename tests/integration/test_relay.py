"""The outbox and its relay at a real broker, with an ingest that speaks the watermark protocol."""

import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from queue import Queue

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from bus_schemas.camera import DetectionEvent
from bus_schemas.media import MediaEvent, SegmentEvent
from bus_schemas.node import GapEvent
from bus_schemas.streams import Traffic, stream_epoch
from bus_schemas.topics import command_topic, live_topic
from producer.broker import BrokerAddress
from producer.ids import utc_now
from producer.outbox.limits import OutboxLimits
from producer.outbox.outbox import Outbox
from producer.outbox.tables import connect
from producer.relay.bus_messages import Incoming, Outgoing
from producer.relay.relay import Relay, RelayOptions
from tests.broker import Broker
from tests.eventually import eventually
from tests.ingest_double import ingest_double
from tests.node_parts import OTHER, SOURCE, detection, frame, medium, running_relay, segment


def test_events_arrive_once_and_in_order_over_all_streams(broker: Broker, tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    with (
        ingest_double(broker.port) as ingest,
        Outbox(path, utc_now) as outbox,
        running_relay(path, broker.port) as relay,
    ):
        for people in range(1000):
            outbox.put(detection(people), frame(OTHER))
        outbox.put(durable=True)
        relay.wake()
        eventually(lambda: ingest.watermarks.get((OTHER, outbox.epoch)) == 1000)
        eventually(lambda: ingest.watermarks.get((SOURCE, outbox.epoch)) == 1000)

        seen = [event.data.people_count for event in ingest.all_events() if isinstance(event, DetectionEvent)]
        eventually(lambda: relay.statistics()["failed_queue_size"] == 0)

    assert seen == list(range(1000))
    assert len(ingest.messages) < 500


def test_what_comes_after_the_outbox_was_broken_arrives_in_a_new_epoch(broker: Broker, tmp_path: Path) -> None:
    path, other = tmp_path / "node.sqlite", tmp_path / "other"
    other.write_bytes(b"this is no database" * 1000)
    options = RelayOptions(is_exclusive=True)
    with (
        ingest_double(broker.port) as ingest,
        Outbox(path, utc_now) as outbox,
        running_relay(path, broker.port, options),
    ):
        outbox.put(detection(1), durable=True)
        before = outbox.epoch
        eventually(lambda: ingest.watermarks.get((SOURCE, before)) == 1)
        other.replace(path)
        for people in range(2, 12):
            outbox.put(detection(people), durable=True)
        eventually(lambda: ingest.watermarks.get((SOURCE, outbox.epoch)) == 10)

    assert outbox.epoch != before


def test_a_relay_that_opens_a_broken_outbox_goes_on_with_the_next_one(broker: Broker, tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    path.write_bytes(b"this is no database" * 1000)
    with ingest_double(broker.port) as ingest, running_relay(path, broker.port, RelayOptions(is_exclusive=True)):
        eventually(lambda: not path.exists())
        with Outbox(path, utc_now) as outbox:
            outbox.put(detection(1), durable=True)
            eventually(lambda: ingest.watermarks.get((SOURCE, outbox.epoch)) == 1)


def test_what_comes_after_the_outbox_was_removed_arrives_in_a_new_epoch(broker: Broker, tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    with (
        ingest_double(broker.port) as ingest,
        Outbox(path, utc_now) as outbox,
        running_relay(path, broker.port) as relay,
    ):
        outbox.put(detection(1), durable=True)
        before = outbox.epoch
        eventually(lambda: ingest.watermarks.get((SOURCE, before)) == 1)
        path.unlink()
        for people in range(2, 102):
            outbox.put(detection(people))
        outbox.put(durable=True)
        eventually(lambda: ingest.watermarks.get((SOURCE, outbox.epoch)) == 100)

        assert outbox.epoch != before
        eventually(lambda: relay.statistics()["failed_queue_size"] == 0)
        seen = [event.data.people_count for event in ingest.all_events() if isinstance(event, DetectionEvent)]

    assert seen == list(range(1, 102))


def test_pictures_and_recordings_have_streams_of_their_own_and_arrive_whole(broker: Broker, tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    larger_than_the_window = b"\x47" * 3_000_000
    with (
        ingest_double(broker.port) as ingest,
        Outbox(path, utc_now) as outbox,
        running_relay(path, broker.port),
    ):
        shows_alert = replace(medium(b"alert"), is_evidence=True)
        outbox.put(
            medium(b"small"),
            detection(),
            shows_alert,
            medium(larger_than_the_window, "segment"),
            segment(),
            detection(),
        )
        streams = {traffic: (SOURCE, stream_epoch(outbox.epoch, traffic)) for traffic in Traffic}
        eventually(lambda: sorted(ingest.watermarks.values()) == [1, 1, 2, 2])

    kinds = {traffic: [type(event) for event in ingest.events[stream]] for traffic, stream in streams.items()}
    assert kinds == {
        Traffic.EVENTS: [DetectionEvent, DetectionEvent],
        Traffic.EVIDENCE: [MediaEvent],
        Traffic.PICTURES: [MediaEvent],
        Traffic.RECORDING: [MediaEvent, SegmentEvent],
    }
    assert sorted(map(len, ingest.media.values())) == [5, 5, 3_000_000]
    assert not ingest.malformed


def test_compressed_messages_say_so_and_are_read(broker: Broker, tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    with (
        ingest_double(broker.port) as ingest,
        Outbox(path, utc_now) as outbox,
        running_relay(path, broker.port, RelayOptions(compress=True)) as relay,
    ):
        outbox.put(*[detection(people) for people in range(50)])
        eventually(lambda: ingest.watermarks.get((SOURCE, outbox.epoch)) == 50)
        assert eventually(lambda: relay.statistics()["bytes_saved_compression"] > 5000)


def test_a_silent_ingest_gets_everything_once_it_listens(broker: Broker, tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    with (
        ingest_double(broker.port) as ingest,
        Outbox(path, utc_now) as outbox,
        running_relay(path, broker.port) as relay,
    ):
        ingest.deaf = True
        outbox.put(*[detection(people) for people in range(3000)])
        eventually(lambda: relay.statistics()["messages_failed"])
        sent_while_deaf = relay.statistics()["messages_published"]
        ingest.deaf = False
        ingest.announce((SOURCE, outbox.epoch), 0)
        eventually(lambda: ingest.watermarks.get((SOURCE, outbox.epoch)) == 3000)

    assert sent_while_deaf < 40
    assert [event.sequence for event in ingest.all_events()] == list(range(1, 3001))


def test_a_journal_that_lost_its_end_is_filled_again_from_the_tail(broker: Broker, tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    with (
        ingest_double(broker.port) as ingest,
        Outbox(path, utc_now) as outbox,
        running_relay(path, broker.port) as relay,
    ):
        stream = (SOURCE, outbox.epoch)
        outbox.put(*[detection(people) for people in range(500)])
        eventually(lambda: ingest.watermarks.get(stream) == 500)
        eventually(lambda: relay.statistics()["failed_queue_size"] == 0)
        ingest.forget_after(stream, 120)
        eventually(lambda: ingest.watermarks.get(stream) == 500)

    assert [event.sequence for event in ingest.events[stream]] == list(range(1, 501))


def rows_in(path: Path) -> int:
    with closing(connect(path)) as outbox:
        count: int = outbox.execute("select count(*) from outbox_event").fetchone()[0]
        return count


def test_what_was_forgotten_is_told_as_a_gap(broker: Broker, tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    no_tail = OutboxLimits(tail_bytes=0)
    with (
        ingest_double(broker.port) as ingest,
        Outbox(path, utc_now, no_tail) as outbox,
        running_relay(path, broker.port, RelayOptions(limits=no_tail)) as relay,
    ):
        stream = (SOURCE, outbox.epoch)
        outbox.put(*[detection(people) for people in range(100)])
        eventually(lambda: relay.statistics()["messages_published"] and ingest.watermarks.get(stream) == 100)
        outbox.put(detection(100), durable=True)
        eventually(lambda: ingest.watermarks.get(stream) == 101)
        eventually(lambda: rows_in(path) == 0, what="an outbox that keeps no tail")
        ingest.forget_after(stream, 40)
        eventually(lambda: ingest.watermarks[stream] > 100)

    gap = ingest.events[stream][40]
    assert isinstance(gap, GapEvent)
    assert (gap.data.first, gap.data.cause) == (41, "forgotten")


def test_watermarks_of_another_life_move_nothing(broker: Broker, tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    with (
        ingest_double(broker.port) as ingest,
        Outbox(path, utc_now) as outbox,
        running_relay(path, broker.port) as relay,
    ):
        ingest.announce((SOURCE, "another"), 7)
        ingest.announce((SOURCE, outbox.epoch), 12345)
        outbox.put(detection(), detection(), durable=True)
        relay.wake()
        eventually(lambda: ingest.watermarks.get((SOURCE, outbox.epoch)) == 2)

    assert [event.sequence for event in ingest.all_events()] == [1, 2]


def test_commands_reach_the_handler_with_where_to_answer(broker: Broker, tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    received: list[Incoming] = []
    arrived = threading.Event()

    def take(message: Incoming) -> None:
        received.append(message)
        arrived.set()

    topic = command_topic(SOURCE, "snapshot")
    with running_relay(
        path, broker.port, RelayOptions(subscriptions=(command_topic(SOURCE, "snapshot"),)), take
    ) as relay:
        eventually(lambda: relay.connected)
        asking = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        asking.connect("127.0.0.1", broker.port)
        asking.loop_start()
        eventually(lambda: asking.publish(topic, b"{}", qos=1) and arrived.wait(0.05))
        asking.disconnect()
        asking.loop_stop()
        relay.publish(Outgoing(topic, b"ignored", qos=0))

    assert (received[0].topic, received[0].payload) == (topic, b"{}")


def test_the_broker_tells_of_a_preview_whether_anybody_gets_it(broker: Broker, tmp_path: Path) -> None:
    answers: Queue[bool] = Queue()

    def on_acknowledged(*, is_read: bool) -> None:
        answers.put(is_read)

    preview = Outgoing(
        live_topic("/sites/YARD/devices/UNSEEN", "visual"), b"jpeg", qos=0, on_acknowledged=on_acknowledged
    )

    def told_of_one() -> tuple[bool] | None:
        relay.publish(preview)
        return None if answers.empty() else (answers.get(),)

    watching = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
    subscribed, seen = threading.Event(), Queue[bytes]()
    watching.on_subscribe = lambda *_: subscribed.set()
    watching.on_message = lambda _client, _data, message: seen.put(bytes(message.payload))
    with running_relay(tmp_path / "node.sqlite", broker.port) as relay:
        for_nobody = eventually(told_of_one, what="the broker's answer")
        watching.connect("127.0.0.1", broker.port)
        watching.subscribe(preview.topic)
        watching.loop_start()
        assert subscribed.wait(20)
        eventually(lambda: told_of_one() == (True,), what="the answer that somebody gets it")
        payload = seen.get(timeout=20)
        watching.disconnect()
        watching.loop_stop()
        failed = relay.statistics()["messages_failed"]

    assert (for_nobody, payload, failed) == ((False,), b"jpeg", 0)


def test_the_byte_rate_has_a_limit(broker: Broker, tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    with (
        ingest_double(broker.port) as ingest,
        Outbox(path, utc_now) as outbox,
        running_relay(path, broker.port, RelayOptions(bytes_per_s=20_000)) as relay,
    ):
        outbox.put(*[detection(people) for people in range(1000)])
        eventually(lambda: ingest.watermarks.get((SOURCE, outbox.epoch)))
        eventually(lambda: relay.statistics()["messages_published"] >= 2)
        sent = relay.statistics()["bytes_sent"]

    assert 0 < sent < 200_000


def test_what_the_broker_never_takes_is_told_as_a_gap_and_holds_up_nothing(broker: Broker, tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    with (
        ingest_double(broker.port) as ingest,
        Outbox(path, utc_now) as outbox,
        running_relay(path, broker.port),
    ):
        recording = SOURCE, stream_epoch(outbox.epoch, Traffic.RECORDING)
        outbox.put(segment(), durable=True)
        outbox.put(medium(b"\0" * 34_000_000, "segment"), durable=True)
        outbox.put(segment(), durable=True)
        eventually(lambda: ingest.watermarks.get(recording) == 3)

    gap = ingest.events[recording][1]
    assert isinstance(gap, GapEvent)
    assert gap.data.cause == "too_large"


def test_a_limit_that_the_broker_does_not_announce_costs_what_is_larger_and_the_device_says_so(tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    with (
        Broker(tmp_path / "broker", lines="message_size_limit 100000\n") as broker,
        ingest_double(broker.port) as ingest,
        Outbox(path, utc_now) as outbox,
        running_relay(path, broker.port) as relay,
    ):
        recording = SOURCE, stream_epoch(outbox.epoch, Traffic.RECORDING)
        outbox.put(segment(), medium(bytes(300_000), "segment"), segment(), medium(b"small", "segment"), durable=True)
        eventually(lambda: ingest.watermarks.get(recording) == 4)
        trouble = relay.trouble(SOURCE)

    gap = ingest.events[recording][1]
    assert isinstance(gap, GapEvent)
    assert gap.data.cause == "too_large"
    assert sorted(map(len, ingest.media.values())) == [5]
    assert "a message of 300,000 bytes is too large for it" in str(trouble)


def test_nothing_is_sent_until_the_relay_is_allowed_to(broker: Broker, tmp_path: Path) -> None:
    held_back, other = tmp_path / "held_back.sqlite", tmp_path / "other.sqlite"
    allowed, stopping = threading.Event(), threading.Event()
    relay = Relay(held_back, BrokerAddress(port=broker.port), utc_now, allowed=allowed.is_set)
    thread = threading.Thread(target=relay.run, args=(stopping,))
    with ingest_double(broker.port) as ingest, Outbox(held_back, utc_now) as outbox, Outbox(other, utc_now) as free:
        outbox.put(detection(), durable=True)
        thread.start()
        with running_relay(other, broker.port):
            free.put(detection(), durable=True)
            eventually(lambda: ingest.watermarks.get((SOURCE, free.epoch)) == 1)
        assert not relay.connected
        assert (SOURCE, outbox.epoch) not in ingest.watermarks
        allowed.set()
        eventually(lambda: ingest.watermarks.get((SOURCE, outbox.epoch)) == 1)
        stopping.set()
        thread.join(30)

    assert not thread.is_alive()
