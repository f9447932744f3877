"""MQTT 5 packets, as the specification writes them."""

import pytest

from consumers.ingest.packets import (
    BadPacket,
    Login,
    Packet,
    PacketProperties,
    PublishReader,
    Subscription,
    acknowledge,
    length,
    publish,
    read_length,
    read_properties,
    split,
    subscribe,
)


@pytest.mark.parametrize(
    ("value", "encoded"), [(0, b"\x00"), (127, b"\x7f"), (128, b"\x80\x01"), (268_435_455, b"\xff\xff\xff\x7f")]
)
def test_a_length_takes_one_to_four_bytes(value: int, encoded: bytes) -> None:
    assert length(value) == encoded
    assert read_length(encoded, 0) == (value, len(encoded))
    assert read_length(encoded[:-1], 0) is None


def test_a_length_of_five_bytes_is_refused() -> None:
    with pytest.raises(BadPacket):
        read_length(b"\xff\xff\xff\xff\x01", 0)


def test_a_login_begins_clean_and_names_how_many_messages_it_takes() -> None:
    assert Login("me", 20, 1000, "hub", "secret").packet() == (
        b"\x10\x1f\x00\x04MQTT\x05\xc2\x00\x14\x03\x21\x03\xe8\x00\x02me\x00\x03hub\x00\x06secret"
    )


def test_a_subscription_says_its_qos_and_whether_it_wants_what_is_retained() -> None:
    assert subscribe(1, [Subscription("a"), Subscription("b/#", qos=0, has_retained=False)]) == (
        b"\x82\x0d\x00\x01\x00\x00\x01a\x05\x00\x03b/#\x24"
    )


def test_messages_are_acknowledged_in_their_order() -> None:
    assert acknowledge([2, 300]) == b"\x40\x02\x00\x02\x40\x02\x01\x2c"


def test_a_message_is_read_as_it_was_written() -> None:
    data = bytearray(publish("a/b", b"payload", packet_id=7, retain=True))

    (packet,) = split(data)

    found = PublishReader().read(packet)
    assert (found.topic, found.packet_id, found.payload, found.properties) == ("a/b", 7, b"payload", PacketProperties())
    assert not data


def test_packets_are_put_together_from_whatever_pieces_they_come_in() -> None:
    whole = publish("a", b"x" * 200) + publish("b", b"", packet_id=1)
    data = bytearray()
    found: list[Packet] = []
    for byte in whole:
        data.append(byte)
        found += split(data)

    assert [len(packet.body) for packet in found] == [204, 6]
    assert not data


def test_content_type_and_user_properties_are_read_among_others() -> None:
    encoded = b"\x01\x01\x02\x00\x00\x00\x05\x03\x00\x02ct\x26\x00\x01k\x00\x02vv\x0b\x80\x01\x08\x00\x01r"

    found = read_properties(encoded)

    assert (found.content_type, found.user) == ("ct", (("k", "vv"),))
    assert found.numbers == {0x01: 1, 0x02: 5, 0x0B: 128}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x00",
        b"\x00\x05ab",
        b"\x00\x01a\x00",
        b"\x00\x01a\x00\x01\x05\x03\x00\x09x",
        b"\x00\x01a\x00\x01\x01\x7f",
    ],
)
def test_a_damaged_message_is_a_bad_packet(body: bytes) -> None:
    with pytest.raises(BadPacket):
        PublishReader().read(Packet(0x32, body))
