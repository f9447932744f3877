"""What is sent of an outbox, and what is done about silence."""

import errno
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import pytest

from bus_schemas.event import device_source
from bus_schemas.protocol import Watermark
from bus_schemas.streams import Traffic
from bus_schemas.topics import watermark_topic
from producer.log_sync import LogSync
from producer.mqtt import MAX_IN_FLIGHT
from producer.outbox.tables import connect, open_tables, put
from producer.relay.bus_messages import Incoming, Outgoing
from producer.relay.delivery import HEADER_BYTES, StreamDelivery
from producer.relay.session import BrokerSession
from tests.node_parts import NOON, OTHER, SOURCE, detection


class Wire:
    """A session whose broker takes everything and says nothing."""

    ended = None
    max_packet_bytes: int | None = None
    bytes_per_s: float | None = None
    refused = in_flight = in_flight_bytes = published = acknowledged = 0
    most_in_flight = MAX_IN_FLIGHT

    def __init__(self) -> None:
        self.sent: list[Outgoing] = []

    def congested(self) -> bool:
        return False

    def publish(self, message: Outgoing) -> None:
        self.sent.append(message)


def outbox_of(path: Path, *sources: str, events: int = 1) -> sqlite3.Connection:
    outbox = connect(path)
    open_tables(outbox)
    for source in sources:
        for people in range(events):
            put(outbox, detection(people, source).event)
    return outbox


def delivery_of(outbox: sqlite3.Connection) -> StreamDelivery:
    return StreamDelivery(outbox, lambda: NOON, None, compress=False)


def turn(delivery: StreamDelivery, wire: Wire, *moments: float) -> None:
    sessions = {Traffic.EVENTS: cast(BrokerSession, wire)}
    for now in moments:
        delivery.poll(sessions, now)
        delivery.send(sessions, now)


def publish(delivery: StreamDelivery, source: str, sequence: int, now: float, **given: Any) -> None:
    """A watermark comes; `retained` where it is from the broker's memory."""
    retained = given.pop("retained", False)
    body = Watermark(source=source, epoch=delivery.epoch, sequence=sequence, **given).model_dump_json().encode()
    assert delivery.take_in(Incoming(watermark_topic(source), body, retained=retained), now)


def test_what_is_put_while_the_outbox_is_sent_is_counted_once_and_never_negative(tmp_path: Path) -> None:
    wire = Wire()
    sessions = {Traffic.EVENTS: cast(BrokerSession, wire)}
    path = tmp_path / "node.sqlite"
    with closing(outbox_of(path, SOURCE)) as outbox, closing(connect(path)) as read:
        delivery = delivery_of(read)
        delivery.poll(sessions, 0.0)
        put(outbox, detection(1, SOURCE).event)
        delivery.send(sessions, 0.1)
        publish(delivery, SOURCE, 2, 0.2)
        delivery.write_down()
        delivery.poll(sessions, 0.3)

        assert (len(wire.sent), delivery.counters.waiting) == (1, 0)


def test_who_hears_no_watermark_sends_again_and_subscribes_again(tmp_path: Path) -> None:
    wire = Wire()
    with closing(outbox_of(tmp_path / "node.sqlite", SOURCE)) as outbox:
        delivery = delivery_of(outbox)
        turn(delivery, wire, 0.0, 0.5, 1.1)

        assert [message.topic.endswith("detection") for message in wire.sent] == [True, True]
        assert delivery.take_silent_topics() == {watermark_topic(SOURCE)}
        assert delivery.take_silent_topics() == set()


def test_of_hundreds_of_streams_one_asks_whether_ingest_is_there(tmp_path: Path) -> None:
    wire = Wire()
    sources = [device_source("YARD", f"D{number}") for number in range(300)]
    with closing(outbox_of(tmp_path / "node.sqlite", *sources)) as outbox:
        delivery = delivery_of(outbox)
        turn(delivery, wire, *(step / 10 for step in range(140)))

        assert len(wire.sent) == 300 + 3
        assert delivery.counters.events_resent == 3
        for source in sources:
            publish(delivery, source, 1, 14.0)
        turn(delivery, wire, 14.1, 20.0, 60.0)
        assert len(wire.sent) == 303


def test_what_the_broker_remembers_is_no_word_of_ingest(tmp_path: Path) -> None:
    wire = Wire()
    with closing(outbox_of(tmp_path / "node.sqlite", SOURCE, OTHER)) as outbox:
        delivery = delivery_of(outbox)
        turn(delivery, wire, 0.0, 1.1)
        for now in (1.2, 1.3, 1.4):
            publish(delivery, SOURCE, 0, now, retained=True)
            turn(delivery, wire, now)

        assert len(wire.sent) == 3


def test_a_new_connection_of_ingest_is_sent_at_once_what_the_old_one_lost(tmp_path: Path) -> None:
    wire = Wire()
    with closing(outbox_of(tmp_path / "node.sqlite", SOURCE, events=3)) as outbox:
        delivery = delivery_of(outbox)
        say_nothing_yet = len(wire.sent)
        turn(delivery, wire, 0.0)
        publish(delivery, SOURCE, 1, 0.1, session="one")
        turn(delivery, wire, 0.2)
        sent = len(wire.sent)
        publish(delivery, SOURCE, 1, 0.3, session="one")
        turn(delivery, wire, 0.3)
        assert (say_nothing_yet, len(wire.sent)) == (0, sent)

        publish(delivery, SOURCE, 1, 0.4, session="two")
        turn(delivery, wire, 0.5)
        assert len(wire.sent) == sent + 1
        assert delivery.counters.events_resent == 2


def test_a_slow_link_takes_small_messages(tmp_path: Path) -> None:
    with closing(outbox_of(tmp_path / "node.sqlite", SOURCE, events=200)) as outbox:
        fast, slow = Wire(), Wire()
        slow.bytes_per_s = 20_000.0
        turn(delivery_of(outbox), fast, 0.0)
        turn(delivery_of(outbox), slow, 0.0)

        assert max(len(message.payload) for message in fast.sent) > 30_000
        assert max(len(message.payload) for message in slow.sent) <= 5_000


class Disk:
    """Notes which files were synced, and how much had been sent by then; or it fails."""

    def __init__(self, sent: Callable[[], int]) -> None:
        self.synced: list[tuple[str, int]] = []
        self.fails = False
        self._sent = sent

    def sync(self, descriptor: int) -> None:
        if self.fails:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        self.synced.append((Path(f"/proc/self/fd/{descriptor}").readlink().name, self._sent()))


def test_what_did_not_wait_for_the_disk_is_sent_when_it_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire, file = Wire(), tmp_path / "view.sqlite"
    disk = Disk(lambda: len(wire.sent))
    monkeypatch.setattr(os, "fdatasync", disk.sync)
    monkeypatch.setattr(os, "fsync", disk.sync)
    with closing(outbox_of(file, SOURCE)) as view, closing(connect(file, synchronous="normal")) as outbox:
        delivery = StreamDelivery(outbox, lambda: NOON, None, compress=False, log_sync=LogSync(outbox, file))
        disk.fails = True
        turn(delivery, wire, 0.0, 0.3)
        assert not wire.sent

        disk.fails = False
        turn(delivery, wire, 0.6)
        assert disk.synced == [("view.sqlite-wal", 0), (tmp_path.name, 0)]
        assert len(wire.sent) == 1

        put(view, detection(2, OTHER).event)
        turn(delivery, wire, 0.7)
        assert disk.synced[2:] == [("view.sqlite-wal", 1)]
        assert len(wire.sent) == 2

        turn(delivery, wire, 1.9)
        assert len(wire.sent) == 3, "the first is sent again"
        assert len(disk.synced) == 3


def test_a_watermark_that_comes_while_a_batch_is_committed_is_written_down_after_it(tmp_path: Path) -> None:
    wire, file = Wire(), tmp_path / "node.sqlite"
    with closing(outbox_of(file, SOURCE)) as outbox, closing(connect(file)) as writer:
        delivery = delivery_of(outbox)
        turn(delivery, wire, 0.0)
        writer.execute("begin immediate")
        publish(delivery, SOURCE, 1, 0.1)
        delivery.write_down()
        before = outbox.execute("select watermark from outbox_stream").fetchone()
        put(writer, detection(2, SOURCE).event)
        writer.execute("commit")
        turn(delivery, wire, 0.2)
        delivery.write_down()

        assert (before, outbox.execute("select watermark from outbox_stream").fetchone()) == ((0,), (1,))
        assert len(wire.sent) == 2


def test_what_the_broker_does_not_take_waits_while_there_is_no_room_for_its_gap(tmp_path: Path) -> None:
    """The thread of the relay would end, and with it all that the agent sends."""
    wire = Wire()
    wire.max_packet_bytes = HEADER_BYTES + 500
    with closing(outbox_of(tmp_path / "node.sqlite")) as outbox:
        put(outbox, detection().event.model_copy(update={"id": "x" * 600}))
        delivery = delivery_of(outbox)
        outbox.execute("create table filler (body blob)")
        outbox.execute(
            "create temp trigger fill before update on outbox_event"
            " begin insert into filler values (zeroblob(1000000)); end"
        )
        outbox.execute("pragma max_page_count = 1")
        turn(delivery, wire, 0.0, 1.0)
        while_full = delivery.take_given_up()
        outbox.execute("drop trigger fill")
        turn(delivery, wire, 2.0)

        assert while_full == []
        assert len(delivery.take_given_up()) == 1
        assert outbox.execute("select kind from outbox_event").fetchall() == [("gap",)]
