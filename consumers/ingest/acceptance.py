"""The fourth step of decoding: whether an event is allowed on its topic and from its source."""

from typing import Any

from bus_schemas.catalogue import short_name, type_of
from bus_schemas.checksum import CHECKSUM
from bus_schemas.codec import Malformed
from bus_schemas.event import MAX_EPOCH, MAX_SEQUENCE, Event
from bus_schemas.media import MediaEvent
from bus_schemas.node import GapEvent, StateEvent
from bus_schemas.speakers import PERMISSIONS, speaker_of, violation
from consumers.ingest.exact_decode import unreadable
from consumers.ingest.items import Item, RefusedMessage
from consumers.ingest.packets import Published
from consumers.ingest.topic_rules import MAX_EVENT_BYTES, STATE, TopicRule
from consumers.store.journal.writing import Accepted

StreamPosition = tuple[str | None, str | None, int | None]
GAP = type_of(GapEvent)
APART = "epoch and sequence come together, or not at all"


def accept(event: Event | Malformed, body: bytes, message: Published, rule: TopicRule, received: int) -> Item:
    """An event of the contract, unless it lies, or is not whole."""
    if isinstance(event, Malformed):
        stream_position = (rule.source, event.epoch, event.sequence)
        return refuse(message, received, event.reason, event.body or body, stream_position)
    if event.source != rule.source:
        # The stream of somebody else is not continued by this, not even with a gap.
        return refuse(message, received, f"source {event.source} does not belong on topic {message.topic}", body)
    misplaced = _misplaced(event, rule)
    if misplaced is not None and has_checksum(message):
        # The event is whole, so its topic was changed on its way: its producer can send it again.
        return refuse(message, received, misplaced, body)
    complaint = _complaint(event) or misplaced or _unkeepable(body)
    if complaint is not None:
        return refuse(message, received, complaint, body, (event.source, event.epoch, event.sequence))
    return Accepted(event, body, received)


def refuse(
    message: Published,
    received: int,
    reason: str,
    body: bytes | None = None,
    stream_position: StreamPosition = (None, None, None),
) -> RefusedMessage:
    """It takes its `stream_position` in a stream, where that is one that there can be."""
    source, epoch, sequence = stream_position
    body = message.payload if body is None else body
    is_position = epoch is not None and sequence is not None and 0 < len(epoch) <= MAX_EPOCH
    if not is_position or not 0 < (sequence or 0) <= MAX_SEQUENCE or not _may_leave_a_gap(source):
        return RefusedMessage(reason, body, message.topic, received)
    return RefusedMessage(reason, body, message.topic, received, source, epoch, sequence)


def _may_leave_a_gap(source: str | None) -> bool:
    """The journal holds no event of a source that may not send it, and a gap is one."""
    try:
        return source is None or speaker_of(source) in PERMISSIONS[GAP]
    except ValueError:
        return False


def has_checksum(message: Published) -> bool:
    """Then it was the right one, and the message is as its producer has sent it."""
    return any(name == CHECKSUM for name, _ in message.properties.user)


def _complaint(event: Event) -> str | None:
    if (event.epoch is None) != (event.sequence is None):
        return APART
    if isinstance(event, GapEvent) and not event.data.first <= event.data.last == event.sequence:
        return (
            f"a gap from {event.data.first} to {event.data.last} has sequence {event.data.last}, not {event.sequence}"
        )
    if isinstance(event, MediaEvent):
        return "a medium comes as bytes on its own topic"
    return unpermitted(event)


def unpermitted(event: Event) -> str | None:
    data: Any = event.data  # type: ignore[attr-defined]  # every model has it
    return violation(event.source, event.type, data)


def _unkeepable(body: bytes) -> str | None:
    reason = unreadable(body)
    if reason is None and len(body) > MAX_EVENT_BYTES:
        return f"an event of {len(body)} bytes; at most {MAX_EVENT_BYTES} are kept"
    return reason


def _misplaced(event: Event, rule: TopicRule) -> str | None:
    if rule.channel == STATE:
        return None if isinstance(event, StateEvent) else f"type {event.type} is no state"
    if rule.name is not None and short_name(event.type) != rule.name:
        return f"type {event.type} does not belong on a topic that ends in {rule.name}"
    return None
