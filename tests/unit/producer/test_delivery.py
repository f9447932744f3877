"""What is sent of an outbox, and what is done about silence."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import cast

import pytest

from bus_schemas.streams import Traffic
from bus_schemas.topics import watermark_topic
from producer.delivery import Delivery
from producer.session import Outgoing, Session
from producer.tables import connect, open_tables, put
from tests.node_parts import NOON, SOURCE, detection


class Wire:
    """A session whose broker takes everything and says nothing."""

    ended = None
    max_packet_bytes = bytes_per_s = None
    refused = in_flight = in_flight_bytes = published = acknowledged = 0

    def __init__(self) -> None:
        self.sent: list[Outgoing] = []

    def congested(self) -> bool:
        return False

    def publish(self, message: Outgoing) -> None:
        self.sent.append(message)


@pytest.fixture
def delivery(tmp_path: Path) -> Iterator[Delivery]:
    with closing(connect(tmp_path / "node.sqlite")) as outbox:
        open_tables(outbox)
        put(outbox, detection(1).event)
        yield Delivery(outbox, lambda: NOON, None, compress=False)


def test_who_hears_no_watermark_sends_again_and_subscribes_again(delivery: Delivery) -> None:
    wire = Wire()
    for now in (0.0, 0.5, 1.1):
        sessions = {Traffic.EVENTS: cast(Session, wire)}
        delivery.look(sessions, now)
        delivery.send(sessions, now)

    assert [message.topic.endswith("detection") for message in wire.sent] == [True, True]
    assert delivery.take_unheard() == {watermark_topic(SOURCE)}
    assert delivery.take_unheard() == set()
