"""The packets of MQTT 5 that a subscriber with QoS 1 needs, to bytes and back. No I/O."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from struct import Struct
from struct import error as StructError  # noqa: N812 - it is a class
from typing import NamedTuple

from bus_schemas.topics import LONGEST_TOPIC

FAILURE = 0x80
"""Reason codes from here on say that something was not done."""
CONNACK, PUBLISH, PUBACK, SUBACK, PINGRESP, DISCONNECT = 0x20, 0x30, 0x40, 0x90, 0xD0, 0xE0
PING = b"\xc0\x00"
DISCONNECT_PACKET = b"\xe0\x00"

# Property identifiers of MQTT 5, section 2.2.2.2, by the shape of their value.
_BYTES = {0x01, 0x17, 0x19, 0x24, 0x25, 0x28, 0x29, 0x2A}
_SHORTS = {0x13, 0x21, 0x22, 0x23}
_LONGS = {0x02, 0x11, 0x18, 0x27}
_TEXTS = {0x03, 0x08, 0x09, 0x12, 0x15, 0x16, 0x1A, 0x1C, 0x1F}
CONTENT_TYPE, USER_PROPERTY, SUBSCRIPTION_ID = 0x03, 0x26, 0x0B
SERVER_KEEP_ALIVE, RECEIVE_MAXIMUM, MAXIMUM_PACKET_SIZE = 0x13, 0x21, 0x27

MAX_PROPERTIES_BYTES = 8192
"""Bytes of properties of a message; those of the contract take a tenth. Each further pair takes memory and time."""

_SHORT = Struct(">H")
RETAINED = 0x01
"""A bit of the first byte of a PUBLISH packet: the broker had the message from before the subscription."""
_NO_LOCAL, _NOTHING_RETAINED = 0x04, 0x20
_ACK = Struct(">BBH")


class BadPacket(ValueError):
    """The bytes are not MQTT 5."""


class Packet(NamedTuple):
    """A whole packet: the first byte with type and flags, and what follows its length."""

    first: int
    body: bytes

    @property
    def kind(self) -> int:
        return self.first & 0xF0


@dataclass(frozen=True, slots=True)
class PacketProperties:
    """The properties of a packet that we read; numbers by their identifier."""

    content_type: str | None = None
    user: tuple[tuple[str, str], ...] = ()
    numbers: Mapping[int, int] | None = None
    refusal: str | None = None
    """Why they were not read."""


NOTHING = PacketProperties()


class Published(NamedTuple):
    """A message from the broker; `packet_id` is 0 with QoS 0."""

    topic: str
    packet_id: int
    properties: PacketProperties
    payload: bytes


def length(value: int) -> bytes:
    """A variable byte integer."""
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def read_length(data: bytes | bytearray, offset: int) -> tuple[int, int] | None:
    """The value and the place after it; `None` where the bytes end before."""
    value = 0
    for shift in (0, 7, 14, 21):
        if offset >= len(data):
            return None
        byte = data[offset]
        offset += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, offset
    raise BadPacket("a length of more than four bytes")


def text(value: str | bytes) -> bytes:
    encoded = value.encode() if isinstance(value, str) else value
    return _SHORT.pack(len(encoded)) + encoded


def packet(first: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return bytes([first]) + length(len(body)) + body


@dataclass(frozen=True, slots=True)
class Login:
    """The CONNECT packet of a client. The session begins clean and ends with the connection."""

    client_id: str
    keep_alive: int
    receive_maximum: int
    user: str | None = None
    password: str | None = None

    def packet(self) -> bytes:
        flags = 0x02 | (0x80 if self.user is not None else 0) | (0x40 if self.password is not None else 0)
        properties = bytes([RECEIVE_MAXIMUM]) + _SHORT.pack(self.receive_maximum)
        given = [text(value) for value in (self.user, self.password) if value is not None]
        head = text("MQTT") + bytes([5, flags]) + _SHORT.pack(self.keep_alive) + length(len(properties)) + properties
        return packet(0x10, head, text(self.client_id), *given)


@dataclass(frozen=True, slots=True)
class Subscription:
    """A filter of topics, without what the same client publishes."""

    topic: str
    qos: int = 1
    has_retained: bool = True
    """Whether what the broker has retained comes first."""

    def encoded(self) -> bytes:
        return text(self.topic) + bytes([self.qos | _NO_LOCAL | (0 if self.has_retained else _NOTHING_RETAINED)])


def subscribe(packet_id: int, subscriptions: Sequence[Subscription]) -> bytes:
    return packet(0x82, _SHORT.pack(packet_id), b"\x00", *(one.encoded() for one in subscriptions))


def publish(topic: str, payload: bytes, packet_id: int = 0, retain: bool = False) -> bytes:
    """With QoS 1 where it has a packet id."""
    first = PUBLISH | (0x02 if packet_id else 0) | (0x01 if retain else 0)
    return packet(first, text(topic), _SHORT.pack(packet_id) if packet_id else b"", b"\x00", payload)


def acknowledge(packet_ids: Iterable[int]) -> bytes:
    return b"".join([_ACK.pack(PUBACK, 2, packet_id) for packet_id in packet_ids])


def split(data: bytearray) -> Iterator[Packet]:
    """Take the whole packets from the front of what arrived; the rest stays there."""
    offset = 0
    try:
        while offset < len(data):
            found = read_length(data, offset + 1)
            if found is None or found[1] + found[0] > len(data):
                break
            size, start = found
            yield Packet(data[offset], bytes(data[start : start + size]))
            offset = start + size
    finally:
        del data[:offset]


class PublishReader:
    """Reads PUBLISH packets. Topics and short properties come again and again, so they are read once.

    Short is what holds no checksum, for that is another in each message. Longer topics than the contract has may all
    differ, and would fill the memory.
    """

    MAX_REMEMBERED = 4096
    LONGEST_REMEMBERED = 48

    def __init__(self) -> None:
        self._topics: dict[bytes, str] = {}
        self._properties: dict[bytes, PacketProperties] = {b"": NOTHING}

    def read(self, packet: Packet) -> Published:
        """Raises `BadPacket`."""
        body = packet.body
        try:
            offset = 2 + _SHORT.unpack_from(body)[0]
            topic = self._topic(body[2:offset])
            packet_id = 0
            if packet.first & 0x06:
                packet_id = _SHORT.unpack_from(body, offset)[0]
                offset += 2
            size, offset = read_length(body, offset) or _cut_off()
            properties = self._read_properties(body[offset : offset + size])
        except (IndexError, ValueError, StructError) as error:
            raise BadPacket(f"a PUBLISH packet that cannot be read: {error}") from error
        return Published(topic, packet_id, properties, body[offset + size :])

    def _topic(self, encoded: bytes) -> str:
        if len(encoded) > LONGEST_TOPIC:
            return encoded.decode(errors="replace")
        known = self._topics.get(encoded)
        if known is None:
            if len(self._topics) >= self.MAX_REMEMBERED:
                self._topics.clear()
            known = self._topics[encoded] = encoded.decode(errors="replace")
        return known

    def _read_properties(self, encoded: bytes) -> PacketProperties:
        known = self._properties.get(encoded)
        if known is None:
            if len(encoded) > MAX_PROPERTIES_BYTES:
                refusal = f"it has {len(encoded)} bytes of MQTT properties; at most {MAX_PROPERTIES_BYTES} are read"
                return PacketProperties(refusal=refusal)
            known = read_properties(encoded)
            if len(encoded) <= self.LONGEST_REMEMBERED and len(self._properties) < self.MAX_REMEMBERED:
                self._properties[encoded] = known
        return known


def _cut_off() -> tuple[int, int]:
    raise BadPacket("the packet is cut off")


def read_properties(encoded: bytes) -> PacketProperties:
    """Raises `ValueError` or `IndexError` where they are damaged."""
    content_type: str | None = None
    user: list[tuple[str, str]] = []
    numbers: dict[int, int] = {}
    offset = 0
    while offset < len(encoded):
        identifier = encoded[offset]
        offset += 1
        if identifier == USER_PROPERTY:
            name, offset = _read_text(encoded, offset)
            value, offset = _read_text(encoded, offset)
            user.append((name.decode(errors="replace"), value.decode(errors="replace")))
        elif identifier in _TEXTS:
            value, offset = _read_text(encoded, offset)
            content_type = value.decode(errors="replace") if identifier == CONTENT_TYPE else content_type
        else:
            numbers[identifier], offset = _read_number(encoded, offset, identifier)
    return PacketProperties(content_type, tuple(user), numbers)


def _read_text(encoded: bytes, offset: int) -> tuple[bytes, int]:
    start = offset + 2
    end = start + int.from_bytes(encoded[offset:start])
    if end > len(encoded):
        raise BadPacket("a text that is cut off")
    return encoded[start:end], end


def _read_number(encoded: bytes, offset: int, identifier: int) -> tuple[int, int]:
    if identifier == SUBSCRIPTION_ID:
        return read_length(encoded, offset) or _cut_off()
    width = 1 if identifier in _BYTES else 2 if identifier in _SHORTS else 4 if identifier in _LONGS else 0
    if not width or offset + width > len(encoded):
        raise BadPacket(f"property 0x{identifier:02x} is unknown or cut off")
    return int.from_bytes(encoded[offset : offset + width]), offset + width
