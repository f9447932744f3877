"""What is read of messages that were changed on their way."""

import pytest

from bus_schemas.checksum import CHECKSUM
from bus_schemas.codec import to_bytes
from consumers.ingest.decoding import read
from consumers.ingest.envelope import DAMAGED
from consumers.ingest.items import Item, RefusedMessage
from consumers.ingest.packets import PacketProperties, Published
from consumers.store.journal.writing import Accepted
from producer.outbox.backlog import OutboxRow, OutboxStream
from producer.relay.bus_messages import Outgoing
from producer.relay.messages import Composer
from tests.node_parts import NOON, SOURCE, detection, medium

COMPOSER = Composer(lambda: NOON)


def sent(*rows: OutboxRow) -> Outgoing:
    return COMPOSER.compose(OutboxStream(1, SOURCE, "epoch-1", 9, 0), rows[0].sequence - 1, iter(rows)).outgoing


def event(sequence: int) -> OutboxRow:
    made = detection(4).event.model_copy(update={"epoch": "epoch-1", "sequence": sequence})
    return OutboxRow(sequence, sequence, "detection", to_bytes(made), None)


def picture(sequence: int) -> OutboxRow:
    draft = medium(b"jpeg")
    made = draft.event.model_copy(update={"epoch": "epoch-1", "sequence": sequence})
    return OutboxRow(sequence, sequence, "media", to_bytes(made), draft.media)


def arrive(message: Outgoing, payload: bytes | None = None, properties: tuple[tuple[str, str], ...] = ()) -> list[Item]:
    given = PacketProperties(message.content_type, properties or message.user_properties)
    return read([Published(message.topic, 1, given, payload or message.payload)], 0)


@pytest.mark.parametrize("message", [sent(event(1)), sent(event(1), event(2)), sent(picture(1))])
def test_a_message_that_arrives_as_it_was_sent_is_taken(message: Outgoing) -> None:
    assert not any(isinstance(item, RefusedMessage) for item in arrive(message))


@pytest.mark.parametrize("message", [sent(event(1)), sent(event(1), event(2)), sent(picture(1))])
def test_a_message_that_was_changed_on_its_way_is_refused_and_takes_no_place(message: Outgoing) -> None:
    changed = message.payload.replace(b'"people_count":4', b'"people_count":5').replace(b"jpeg", b"jpef")

    (refused,) = arrive(message, changed)

    assert isinstance(refused, RefusedMessage)
    assert (refused.reason, refused.source, refused.sequence) == (DAMAGED, None, None)


def test_a_medium_whose_attributes_were_changed_is_refused() -> None:
    message = sent(picture(1))
    changed = tuple((name, "2" if name == "sequence" else value) for name, value in message.user_properties)

    (refused,) = arrive(message, properties=changed)

    assert isinstance(refused, RefusedMessage)
    assert refused.reason == DAMAGED


def test_a_message_without_a_checksum_is_taken_as_it_is() -> None:
    message = sent(event(1))
    plain = tuple(given for given in message.user_properties if given[0] != CHECKSUM) or (("by", "hand"),)

    (item,) = arrive(message, properties=plain)

    assert isinstance(item, Accepted)


def _moved(message: Outgoing, before: str, after: str) -> list[Item]:
    given = PacketProperties(message.content_type, message.user_properties)
    return read([Published(message.topic.replace(before, after), 1, given, message.payload)], 0)


@pytest.mark.parametrize(
    ("message", "before", "after"),
    [
        (sent(event(1)), "/detection", "/detectioo"),
        (sent(event(1), event(2)), "/detection", "/detectioo"),
        (sent(event(1)), "/GATE/", "/GATF/"),
        (sent(event(1)), "/event/", "/evens/"),
        (sent(event(1)), "/event/detection", "/state"),
        (sent(picture(1)), "/capture", "/capturf"),
        (sent(picture(1)), "/GATE/", "/GATF/"),
        (sent(picture(1)), "watchpost/v1", "watchpost/v0"),
    ],
)
def test_a_message_whose_topic_was_changed_is_refused_and_takes_no_place(
    message: Outgoing, before: str, after: str
) -> None:
    refused = _moved(message, before, after)

    assert refused
    for item in refused:
        assert isinstance(item, RefusedMessage)
        assert (item.source, item.sequence) == (None, None)
