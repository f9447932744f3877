"""Rows of a stream become messages."""

from collections.abc import Iterator

from bus_schemas.codec import BATCH, SINGLE, decode, read_stored
from bus_schemas.node import GapEvent
from producer.outbox.backlog import OutboxRow, OutboxStream
from producer.relay.messages import Composer
from tests.node_parts import NOON, SOURCE, detection, frame, medium

COMPOSER = Composer(lambda: NOON)


def upto(last: int) -> OutboxStream:
    return OutboxStream(1, SOURCE, "epoch-1", last, 0)


def row(sequence: int, kind: str = "detection", body: bytes | None = None, first: int | None = None) -> OutboxRow:
    made = detection() if kind == "detection" else frame()
    event = made.event.model_copy(update={"epoch": "epoch-1", "sequence": sequence})
    return OutboxRow(first or sequence, sequence, kind, body or event.model_dump_json(exclude_none=True).encode(), None)


def rows(*given: OutboxRow) -> Iterator[OutboxRow]:
    return iter(given)


def test_a_single_event_is_sent_as_itself() -> None:
    message = COMPOSER.compose(upto(1), 0, rows(row(1)))

    assert message.outgoing.topic == "watchpost/v1/YARD/GATE/event/detection"
    assert message.outgoing.content_type == SINGLE
    assert (message.first, message.last, message.events) == (1, 1, 1)


def test_events_of_one_type_go_together_to_its_topic_and_of_several_to_batch() -> None:
    alike = COMPOSER.compose(upto(2), 0, rows(row(1), row(2)))
    mixed = COMPOSER.compose(upto(2), 0, rows(row(1), row(2, "frame")))

    assert alike.outgoing.topic.endswith("event/detection")
    assert alike.outgoing.content_type == BATCH
    assert mixed.outgoing.topic.endswith("event/batch")
    assert len(decode(mixed.outgoing.payload)) == 2


def test_a_message_holds_200_events_and_64_kilobytes_at_most() -> None:
    many = COMPOSER.compose(upto(500), 0, rows(*[row(n) for n in range(1, 501)]))
    large = COMPOSER.compose(upto(9), 0, rows(*[row(n, body=b"x" * 20_000) for n in range(1, 10)]))

    assert many.events == 200 or len(many.outgoing.payload) > 60_000
    assert len(many.outgoing.payload) <= 65_536
    assert large.events == 3


def test_a_medium_ends_the_message_before_it_and_goes_alone() -> None:
    draft = medium(b"jpeg")
    event = draft.event.model_copy(update={"epoch": "epoch-1", "sequence": 2})
    picture = OutboxRow(2, 2, "media", event.model_dump_json(exclude_none=True).encode(), b"jpeg")
    before = COMPOSER.compose(upto(3), 0, rows(row(1), picture, row(3)))
    alone = COMPOSER.compose(upto(3), 1, rows(picture, row(3)))

    assert before.last == 1
    assert alone.outgoing.topic == "watchpost/v1/YARD/GATE/media/capture"
    assert alone.outgoing.payload == b"jpeg"
    assert ("sequence", "2") in alone.outgoing.user_properties


def test_rows_that_are_missing_are_told_as_forgotten() -> None:
    message = COMPOSER.compose(upto(30), 10, rows(row(21)))
    (gap,) = read_stored([message.outgoing.payload])
    rest = COMPOSER.compose(upto(30), 21, rows())

    assert isinstance(gap, GapEvent)
    assert (gap.data.first, gap.data.last, gap.data.cause, gap.sequence) == (11, 20, "forgotten", 20)
    assert (rest.first, rest.last) == (22, 30)


def test_a_gap_that_reaches_back_before_what_was_sent_is_sent_as_it_is() -> None:
    message = COMPOSER.compose(upto(9), 5, rows(row(8, first=3), row(9)))

    assert (message.first, message.last, message.events) == (3, 9, 2)
