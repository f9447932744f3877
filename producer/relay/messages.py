"""Packs consecutive rows of a stream into messages: events together, each medium alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from bus_schemas.catalogue import short_name, type_of
from bus_schemas.checksum import CHECKSUM, checksum
from bus_schemas.codec import pack, read_stored
from bus_schemas.media import MediaEvent
from bus_schemas.media_codec import media_properties
from bus_schemas.node import GapEvent
from bus_schemas.topics import BATCH, event_topic, media_topic
from producer.ids import Clock
from producer.outbox.backlog import OutboxRow, OutboxStream
from producer.outbox.tables import gap_body
from producer.relay.bus_messages import Outgoing

MAX_EVENTS: Final = 200
MAX_BYTES: Final = 64 * 1024
FORGOTTEN: Final = "forgotten"
MEDIA_KIND: Final = short_name(type_of(MediaEvent))
GAP_KIND: Final = short_name(type_of(GapEvent))


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """One message to publish, the sequences that it covers, and the bytes that packing saved."""

    outgoing: Outgoing
    first: int
    last: int
    events: int
    saved: int = 0


@dataclass(frozen=True, slots=True)
class Composer:
    """Composes the messages of one node."""

    clock: Clock
    compress: bool = False

    def compose(
        self, stream: OutboxStream, after: int, rows: Iterator[OutboxRow], max_bytes: int = MAX_BYTES
    ) -> OutboxMessage:
        """The next message after a sequence; `rows` are the rows after it. A medium may exceed `max_bytes`."""
        row = next(rows, None)
        first = stream.sequence + 1 if row is None else row.first
        if first > after + 1:
            return self._forgotten(stream, after + 1, first - 1)
        assert row is not None
        if row.kind == MEDIA_KIND:
            return _medium(stream.source, row)
        return self._events(stream.source, _together(row, rows, max_bytes))

    def _events(self, source: str, rows: list[OutboxRow]) -> OutboxMessage:
        kinds = {row.kind for row in rows}
        packed = pack([row.body for row in rows], compress=self.compress)
        topic = event_topic(source, kinds.pop() if len(kinds) == 1 else BATCH)
        plain = sum(len(row.body) + 1 for row in rows) + 1 if len(rows) > 1 else len(rows[0].body)
        outgoing = _checked(topic, packed.body, packed.content_type)
        return OutboxMessage(outgoing, rows[0].first, rows[-1].sequence, len(rows), plain - len(packed.body))

    def _forgotten(self, stream: OutboxStream, first: int, last: int) -> OutboxMessage:
        body = gap_body(stream.source, stream.epoch, (first, last), FORGOTTEN, self.clock())
        packed = pack([body], compress=self.compress)
        outgoing = _checked(event_topic(stream.source, GAP_KIND), packed.body, packed.content_type)
        return OutboxMessage(outgoing, first, last, 1)


def _together(row: OutboxRow, rows: Iterator[OutboxRow], max_bytes: int) -> list[OutboxRow]:
    together, size = [row], len(row.body)
    for following in rows:
        size += len(following.body) + 1
        if (
            following.kind == MEDIA_KIND
            or size > max_bytes
            or len(together) == MAX_EVENTS
            or following.first > together[-1].sequence + 1
        ):
            break
        together.append(following)
    return together


def _medium(source: str, row: OutboxRow) -> OutboxMessage:
    event = read_stored([row.body])[0]
    assert isinstance(event, MediaEvent)
    topic, attributes = media_topic(source, event.data.kind), tuple(media_properties(event))
    outgoing = _checked(topic, row.payload or b"", event.data.content_type, attributes)
    return OutboxMessage(outgoing, row.sequence, row.sequence, 1)


def _checked(
    topic: str, payload: bytes, content_type: str | None, attributes: tuple[tuple[str, str], ...] = ()
) -> Outgoing:
    sum_ = checksum(payload, content_type, attributes)
    return Outgoing(topic, payload, content_type, (*attributes, (CHECKSUM, sum_)))
