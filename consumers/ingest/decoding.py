"""Reads what arrived: events with the bytes in which they came, media, and what is neither, with the reason."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from itertools import repeat
from typing import Any, NamedTuple, TypeGuard, get_args

import msgspec

from bus_schemas.catalogue import short_name
from bus_schemas.checksum import CHECKSUM, is_intact
from bus_schemas.codec import (
    COUNTED_FROM_BYTES,
    MAX_BATCH,
    Malformed,
    MediaMessage,
    Unpackable,
    decode,
    decode_media,
    to_bytes,
    unpack,
)
from bus_schemas.event import HUB, MAX_SEQUENCE, Event, device_source
from bus_schemas.media import MediaEvent, MediaKind
from bus_schemas.node import GapEvent, StateEvent
from bus_schemas.speakers import violation
from bus_schemas.topics import BATCH, ROOT, UnknownTopic, parse
from consumers.ingest.fast_decode import glance
from consumers.ingest.packets import Published
from consumers.store.journal.header import Header
from consumers.store.journal.writing import Accepted

MAX_EPOCH = 64
KINDS = get_args(MediaKind)
MAX_EVENT_BYTES = 1024 * 1024
DAMAGED = "the message was changed on its way: its checksum is another one"
"""Takes no place in a stream, also where one can be read: its producer has the right one, and sends that."""
APART = "epoch and sequence come together, or not at all"
EVENT, MEDIA, STATE = "event", "media", "state"

_raw = msgspec.json.Decoder(list[msgspec.Raw])


class Arrived(NamedTuple):
    """A message and the moment at which it came, in microseconds since 1970."""

    message: Published
    received: int


class Described(NamedTuple):
    """A medium on its right topic: the event that describes it, and its bytes."""

    event: MediaEvent
    body: bytes
    received: int
    medium: bytes


@dataclass(frozen=True, slots=True)
class Refused:
    """What is no event of the contract. `source`, `epoch` and `sequence` say which place in a stream it leaves open."""

    reason: str
    body: bytes
    topic: str
    received: int
    source: str | None = None
    epoch: str | None = None
    sequence: int | None = None


Taken = Accepted | Described
"""What the contract lets in, on its right topic; it goes into the journal where it continues its stream."""
Item = Taken | Refused


@dataclass(frozen=True, slots=True)
class Door:
    """What a topic lets in: events of one source, of one name unless it is `None`."""

    channel: str
    source: str
    site: str
    device: str
    name: str | None


@lru_cache(maxsize=8192)
def door(topic: str) -> Door | str | None:
    """Or a sentence that says why nothing may come there; `None` for what others say to each other."""
    try:
        parts = parse(topic)
    except UnknownTopic as error:
        return None if topic.startswith(f"{ROOT}/{HUB}/") else str(error)
    if parts.channel not in (EVENT, MEDIA, STATE):
        return None
    name = None if parts.name == BATCH else parts.name
    return Door(parts.channel, device_source(parts.site, parts.device), parts.site, parts.device, name)


@lru_cache(maxsize=1024)
def _name(event_type: str) -> str:
    return short_name(event_type)


def read(arrived: Sequence[Arrived]) -> list[Item]:
    """Everything in a group of messages, in the order in which it came."""
    items: list[Item] = []
    singles: list[tuple[Arrived, Door]] = []
    for one in arrived:
        entrance = door(one.message.topic) if _is_whole(one.message) else DAMAGED
        if isinstance(entrance, Door) and _is_single(one.message, entrance):
            singles.append((one, entrance))
            continue
        items += _read_singles(singles)
        singles = []
        if entrance is not None:
            items += _read_other(one, entrance)
    items += _read_singles(singles)
    return items


def _is_whole(message: Published) -> bool:
    properties = message.properties
    return not properties.user or is_intact(message.payload, properties.content_type, properties.user)


def _is_single(message: Published, entrance: Door) -> bool:
    return entrance.channel == EVENT and message.payload[:1] == b"{" and len(message.payload) <= COUNTED_FROM_BYTES


def _read_singles(singles: list[tuple[Arrived, Door]]) -> Iterator[Item]:
    """Messages of one event each, read all at once: a list is parsed in half the time of its members.

    Where the list is not exactly one good event a message, each message is read by itself, so that a bad one spoils
    nothing but itself.
    """
    if len(singles) > 1:
        text = b"[" + b",".join([one.message.payload for one, _ in singles]) + b"]"
        bodies = _bodies(text)
        events = _events(text, bodies) if bodies is not None and len(bodies) == len(singles) else None
        if bodies is not None and events is not None:
            items = [
                _check(event, body, one, entrance)
                for event, body, (one, entrance) in zip(events, bodies, singles, strict=True)
            ]
            if not any(isinstance(item, Refused) for item in items):
                yield from items
                return
    for one, entrance in singles:
        yield from _read_message(one, entrance)


def _bodies(text: bytes) -> list[bytes] | None:
    """The members of a JSON list as they were written; `None` for what another parser took and this one does not."""
    try:
        return [bytes(raw) for raw in _raw.decode(text)]
    except (msgspec.DecodeError, RecursionError):
        return None


def _events(text: bytes, bodies: list[bytes]) -> Sequence[Event | Header | Malformed] | None:
    """The members of a JSON list, those at a glance that are as usual; `None` where another parser finds others."""
    if not 0 < len(bodies) <= MAX_BATCH:
        return None
    seen = glance(text, bodies)
    unusual = [body for header, body in zip(seen, bodies, strict=True) if header is None]
    if not unusual:
        return [header for header in seen if header is not None]
    read = decode(b"[" + b",".join(unusual) + b"]", "application/json")
    if len(read) != len(unusual):
        return None
    others = iter(read)
    return [next(others) if header is None else header for header in seen]


def _read_other(one: Arrived, entrance: Door | str) -> Iterator[Item]:
    message = one.message
    if isinstance(entrance, str):
        yield Refused(entrance, message.payload, message.topic, one.received)
    elif entrance.channel == MEDIA:
        yield _read_medium(one, entrance)
    elif message.payload or entrance.channel != STATE:
        # An empty state is how a retained one is taken away.
        yield from _read_message(one, entrance)


def _read_message(one: Arrived, entrance: Door) -> Iterator[Item]:
    message = one.message
    try:
        text = unpack(message.payload, message.properties.content_type, _encoding(message)).strip()
    except Unpackable as error:
        yield Refused(str(error), message.payload, message.topic, one.received)
        return
    text = text if text.startswith(b"[") else b"[" + text + b"]"
    bodies = _bodies(text)
    events = _events(text, bodies) if bodies is not None else None
    if bodies is None or events is None:
        yield from _read_otherwise(text, one, entrance)
    elif _are_as_usual(events, bodies, entrance):
        yield from map(Accepted, events, bodies, repeat(one.received))
    else:
        yield from map(_check, events, bodies, repeat(one), repeat(entrance))


def _encoding(message: Published) -> str | None:
    """As HTTP says it; the contract's own way is the content type."""
    found = [value for name, value in message.properties.user if name.lower() == "content-encoding"]
    return found[-1].strip().lower() if found else None


def _are_as_usual(
    events: Sequence[Event | Header | Malformed], bodies: Iterable[bytes], entrance: Door
) -> TypeGuard[Sequence[Header]]:
    """Whether `_check` would let in all of them: found out in one go for what most messages hold."""
    headers = [event for event in events if isinstance(event, Header)]
    return (
        entrance.channel == EVENT
        and len(headers) == len(events)
        and {header.source for header in headers} == {entrance.source}
        and (entrance.name is None or {_name(kind) for kind in {header.type for header in headers}} == {entrance.name})
        and not any((header.epoch is None) != (header.sequence is None) for header in headers)
        and max(map(len, bodies)) <= MAX_EVENT_BYTES
        and not any(_unpermitted(header) for header in headers)
    )


def _read_otherwise(text: bytes, one: Arrived, entrance: Door) -> Iterator[Item]:
    """What the two parsers do not agree about, or what holds no event, or too many."""
    for event in decode(text, "application/json"):
        # One takes NaN for a number and the other does not. Nobody could read it again as what it was.
        yield _check(_not_strict(event), b"", one, entrance)


def _not_strict(event: Event | Malformed) -> Malformed:
    if isinstance(event, Malformed):
        return event
    return Malformed(to_bytes(event), "not JSON: it has NaN or Infinity for a number", event.epoch, event.sequence)


def _check(event: Event | Header | Malformed, body: bytes, one: Arrived, entrance: Door) -> Item:
    """An event of the contract, unless it lies, or is not whole."""
    if isinstance(event, Malformed):
        return _refuse(event.reason, event.body or body, one, (entrance.source, event.epoch, event.sequence))
    if event.source != entrance.source:
        # The stream of somebody else is not continued by this, not even with a gap.
        reason = f"source {event.source} does not belong on topic {one.message.topic}"
        return Refused(reason, body, one.message.topic, one.received)
    misplaced = _misplaced(event, entrance)
    if misplaced is not None and _has_checksum(one.message):
        # What it holds is whole, so its topic was changed on its way: its producer can send it again.
        return Refused(misplaced, body, one.message.topic, one.received)
    complaint = _complaint(event) or misplaced or _unreadable(event, body)
    if complaint is None and len(body) > MAX_EVENT_BYTES:
        complaint = f"an event of {len(body)} bytes; at most {MAX_EVENT_BYTES} are kept"
    if complaint is not None:
        return _refuse(complaint, body, one, (event.source, event.epoch, event.sequence))
    return Accepted(event, body, one.received)


def _complaint(event: Event | Header) -> str | None:
    if (event.epoch is None) != (event.sequence is None):
        return APART
    if isinstance(event, GapEvent) and not event.data.first <= event.data.last == event.sequence:
        return (
            f"a gap from {event.data.first} to {event.data.last} has sequence {event.data.last}, not {event.sequence}"
        )
    if isinstance(event, MediaEvent):
        return "a medium comes as bytes on its own topic"
    return _unpermitted(event)


def _unpermitted(event: Event | Header) -> str | None:
    data: Any = event.data  # type: ignore[union-attr]  # every model and every header has it
    return violation(event.source, event.type, data)


def _unreadable(event: Event | Header, body: bytes) -> str | None:
    """What stands in keys that no model knows may be anything that other readers of JSON take."""
    if isinstance(event, Header):
        return None
    try:
        msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        return f"not JSON that everybody reads: {error}"
    return None


def _misplaced(event: Event | Header, entrance: Door) -> str | None:
    if entrance.channel == STATE:
        return None if isinstance(event, StateEvent) else f"type {event.type} is no state"
    if entrance.name is not None and _name(event.type) != entrance.name:
        return f"type {event.type} does not belong on a topic that ends in {entrance.name}"
    return None


def _has_checksum(message: Published) -> bool:
    return any(name == CHECKSUM for name, _ in message.properties.user)


def _refuse(reason: str, body: bytes, one: Arrived, place: tuple[str, str | None, int | None]) -> Refused:
    source, epoch, sequence = place
    if epoch is None or sequence is None or not (0 < len(epoch) <= MAX_EPOCH and 0 < sequence <= MAX_SEQUENCE):
        return Refused(reason, body, one.message.topic, one.received)
    return Refused(reason, body, one.message.topic, one.received, source, epoch, sequence)


def _read_medium(one: Arrived, entrance: Door) -> Item:
    message = one.message
    source = dict(message.properties.user).get("source", entrance.source)
    if _has_checksum(message) and (entrance.name not in KINDS or source != entrance.source):
        # As with an event: what is whole was changed in its topic.
        reason = f"a medium of {source} does not belong on topic {message.topic}"
        return Refused(reason, message.payload, message.topic, one.received)
    described = decode_media(
        MediaMessage(
            entrance.site,
            entrance.device,
            entrance.name or BATCH,
            message.properties.content_type,
            message.properties.user,
            datetime.fromtimestamp(one.received / 1e6, UTC),
            message.payload,
        )
    )
    if isinstance(described, Malformed):
        place = (entrance.source, described.epoch, described.sequence)
        return _refuse(described.reason, message.payload, one, place)
    if described.source != entrance.source:
        reason = f"source {described.source} does not belong on topic {message.topic}"
        return Refused(reason, message.payload, message.topic, one.received)
    complaint = APART if (described.epoch is None) != (described.sequence is None) else _unpermitted(described)
    if complaint is not None:
        return _refuse(complaint, message.payload, one, (entrance.source, described.epoch, described.sequence))
    return Described(described, to_bytes(described), one.received, message.payload)
