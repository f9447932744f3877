"""The first step of decoding: splits messages into the bytes of their events."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from bus_schemas.checksum import CHECKSUM, is_intact
from bus_schemas.codec import BATCH, COUNTED_FROM_BYTES, MAX_BATCH, SINGLE, Unpackable, unpack
from consumers.ingest.acceptance import accept, refuse
from consumers.ingest.exact_decode import decode_text
from consumers.ingest.items import Item
from consumers.ingest.media_decode import read_medium
from consumers.ingest.packets import PacketProperties, Published
from consumers.ingest.topic_rules import MEDIA, STATE, TopicRule, rule_of

DAMAGED = "the message was changed on its way: its checksum is another one"
"""Takes no place in a stream, also where one can be read: its producer has the right one, and sends that."""
_PLAIN = frozenset({None, "", "application/json", SINGLE, BATCH})

_raw = msgspec.json.Decoder(list[msgspec.Raw])


@dataclass(slots=True)
class OpenedMessages:
    """The events of a group of messages: the bytes of each, its message, and the rule of its topic."""

    bodies: list[bytes] = field(default_factory=list)
    messages: list[Published] = field(default_factory=list)
    rules: list[TopicRule] = field(default_factory=list)
    decided: list[tuple[int, Item]] = field(default_factory=list)
    """A message that is decided without decoding an event, and before which of them it came."""

    def merge(self, items: list[Item]) -> list[Item]:
        """The results of the events, and the messages decided before, in the order in which they came."""
        for index, item in reversed(self.decided):
            items.insert(index, item)
        return items


def open_all(messages: Sequence[Published], received: int) -> OpenedMessages:
    opened = OpenedMessages()
    for message in messages:
        rule = _rule_of(message)
        if isinstance(rule, TopicRule) and rule.channel != MEDIA:
            _open(message, rule, received, opened)
        elif rule is not None:
            item = refuse(message, received, rule) if isinstance(rule, str) else read_medium(message, received, rule)
            opened.decided.append((len(opened.bodies), item))
    return opened


def _rule_of(message: Published) -> TopicRule | str | None:
    if message.properties.refusal is not None:
        return message.properties.refusal
    return rule_of(message.topic) if _is_whole(message) else DAMAGED


def _open(message: Published, rule: TopicRule, received: int, opened: OpenedMessages) -> None:
    if _is_single(message):
        # By far the most.
        opened.bodies.append(message.payload.rstrip())
        opened.messages.append(message)
        opened.rules.append(rule)
        return
    if rule.channel == STATE and not message.payload:
        # This is how a retained one is taken away.
        return
    try:
        text = unpack(message.payload, message.properties.content_type, _encoding(message.properties)).strip()
    except Unpackable as error:
        opened.decided.append((len(opened.bodies), refuse(message, received, str(error))))
        return
    bodies = _split(text)
    if bodies is None or not 0 < len(bodies) <= MAX_BATCH:
        items = [accept(malformed, b"", message, rule, received) for malformed in decode_text(text)]
        opened.decided += [(len(opened.bodies), item) for item in items]
        return
    opened.bodies += bodies
    opened.messages += [message] * len(bodies)
    opened.rules += [rule] * len(bodies)


def _is_whole(message: Published) -> bool:
    """Whether it is as it was sent, where it has a checksum."""
    properties = message.properties
    return not properties.user or is_intact(message.payload, properties.content_type, properties.user)


def _is_single(message: Published) -> bool:
    """Whether it is one event, not packed, as most are."""
    payload, properties = message.payload, message.properties
    return (
        payload[:1] == b"{"
        and len(payload) <= COUNTED_FROM_BYTES
        and properties.content_type in _PLAIN
        and (not properties.user or (len(properties.user) == 1 and properties.user[0][0] == CHECKSUM))
    )


def _split(text: bytes) -> list[bytes] | None:
    """The events of a message as they were written; `None` where it is no list that this parser takes."""
    if not text.startswith(b"["):
        return [text]
    try:
        return [bytes(raw) for raw in _raw.decode(text)]
    except (msgspec.DecodeError, RecursionError):
        return None


def _encoding(properties: PacketProperties) -> str | None:
    """Compression as HTTP says it; the contract's own way is the content type."""
    found = [value for name, value in properties.user if name.lower() == "content-encoding"]
    return found[-1].strip().lower() if found else None
