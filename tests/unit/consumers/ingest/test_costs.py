"""What a small message costs before it is known what is in it: bounded, whatever it unpacks to."""

import gzip
import json
import time
import tracemalloc
from collections.abc import Callable

import pytest

from bus_schemas.codec import BATCH, GZIP, MAX_BATCH, Unpackable, to_bytes, unpack
from bus_schemas.topics import event_topic
from consumers.ingest.decoding import read
from consumers.ingest.items import RefusedMessage
from consumers.ingest.packets import (
    PUBLISH,
    USER_PROPERTY,
    Packet,
    PacketProperties,
    Published,
    PublishReader,
    length,
    publish,
    split,
    text,
)
from consumers.store.journal.writing import Accepted
from tests import builders

TOPIC = event_topic("/sites/DEMO/devices/yard", "detection")
MOST_BYTES = 50_000_000
GENEROUS_S = 2.0
"""A machine that does many things at once needs longer; 5 to 8 s was what such a message cost on one that did not."""


def many(one: bytes, size: int = 16_000_000) -> bytes:
    return b"[" + b",".join([one] * (size // (len(one) + 1))) + b"]"


def packed(body: bytes) -> bytes:
    return gzip.compress(body, 9)


BAD = b'{"type":"watchpost.detection.v1","id":"","source":"x","time":1,"data":{"people_count":-1}}'
BOMBS: dict[str, Callable[[], bytes]] = {
    "objects": lambda: many(b"{}"),
    "lists": lambda: many(b"[]"),
    "numbers": lambda: many(b"1"),
    "texts": lambda: many(b'""'),
    "spaces": lambda: b" " * 16_000_000,
    "depth": lambda: b"[" * 8_000_000 + b"]" * 8_000_000,
    "keys": lambda: b"{" + b",".join(b'"%d":1' % number for number in range(1_000_000)) + b"}",
    "one long text": lambda: b'{"id":"' + b"x" * 16_000_000 + b'"}',
    "as much as fits": lambda: many(b"[]", 120_000),
    "bad events": lambda: many(BAD, 4_000_000),
    "as many bad events as fit": lambda: b"[" + b",".join([BAD] * MAX_BATCH) + b"]",
}


@pytest.mark.parametrize("name", BOMBS)
@pytest.mark.thorough
def test_a_small_message_costs_little_whatever_it_unpacks_to(name: str) -> None:
    bomb = packed(BOMBS[name]())
    message = Published(TOPIC, 1, PacketProperties(BATCH + GZIP), bomb)
    tracemalloc.start()
    began = time.process_time()
    items = read([message], 1)
    took = time.process_time() - began
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert len(bomb) < 40_000 or name == "keys"
    assert items
    assert all(isinstance(item, RefusedMessage) and item.reason for item in items)
    assert peak < MOST_BYTES
    assert took < GENEROUS_S


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["objects", "lists", "numbers", "depth"])
def test_the_same_holds_for_what_is_not_packed(name: str) -> None:
    body = BOMBS[name]()
    tracemalloc.start()
    [item] = read([Published(TOPIC, 1, PacketProperties(BATCH), body)], 1)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert isinstance(item, RefusedMessage)
    assert peak < MOST_BYTES
    assert "values; at most 250000 are read" in item.reason


def test_as_many_events_as_a_batch_may_have_are_read() -> None:
    body = to_bytes(builders.detection())
    batch = b"[" + b",".join(body.replace(b'"id":"', b'"id":"%d-' % number) for number in range(MAX_BATCH)) + b"]"
    small = b"[" + b",".join([body] * 200) + b"]"

    assert len(read([Published(TOPIC, 1, PacketProperties(BATCH), batch)], 1)) == MAX_BATCH
    assert len(read([Published(TOPIC, 1, PacketProperties(BATCH + GZIP), packed(small))], 1)) == 200


@pytest.mark.parametrize(
    "properties",
    [
        PacketProperties(BATCH + GZIP),
        PacketProperties("application/json", (("content-encoding", "gzip"),)),
        PacketProperties(None, (("Content-Encoding", "GZIP"),)),
        PacketProperties("application/cloudevents-batch+json"),
        PacketProperties(),
    ],
)
def test_gzip_is_undone_however_it_is_marked(properties: PacketProperties) -> None:
    body = packed(to_bytes(builders.detection()))

    [item] = read([Published(TOPIC, 1, properties, body)], 1)

    assert isinstance(item, Accepted)


def test_another_encoding_is_refused_by_its_name() -> None:
    with pytest.raises(Unpackable, match="content-encoding 'br' is not read here; gzip is"):
        unpack(b"\x0b\x02\x80", "application/json", "br")


def test_what_is_said_to_be_packed_and_is_not_is_refused() -> None:
    body = json.dumps({"some": "thing"}).encode()

    with pytest.raises(Unpackable, match="not gzip"):
        unpack(body, "application/json", "gzip")


def test_properties_of_a_message_are_counted_before_they_are_read() -> None:
    properties = (bytes([USER_PROPERTY]) + text("") + text("")) * 400_000
    body = text(TOPIC) + b"\0\1" + length(len(properties)) + properties + b"{}"
    began = time.process_time()
    [item] = read([PublishReader().read(Packet(PUBLISH | 0x02, body))], 1)

    assert time.process_time() - began < 0.1
    assert isinstance(item, RefusedMessage)
    assert item.reason == "it has 2000000 bytes of MQTT properties; at most 8192 are read"


def test_topics_that_are_longer_than_any_of_the_contract_are_not_kept_in_memory() -> None:
    reader = PublishReader()
    tracemalloc.start()
    for number in range(400):
        [packet] = split(bytearray(publish(f"{TOPIC}/a/{number}{'x' * 60_000}", b"{}", 1)))
        [item] = read([reader.read(packet)], 1)
        assert isinstance(item, RefusedMessage)
        assert len(item.reason) < 200
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert kept < 2_000_000
