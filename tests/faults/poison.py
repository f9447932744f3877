"""Messages that no device should send, and one that hears everything and says it again."""

import json
import random
import threading
from collections.abc import Callable
from datetime import datetime
from types import TracebackType
from typing import Any, Self
from uuid import UUID

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from bus_schemas.checksum import CHECKSUM
from bus_schemas.topics import ALL_EVENTS, ALL_MEDIA

REPEATED = "repeated"
KINDS = 9
"""How many of them `publish` sends, each of which is rejected once."""


def _connected(client: Client, port: int) -> Client:
    ready = threading.Event()
    client.on_connect = lambda *_: ready.set()
    client.connect("127.0.0.1", port)
    client.loop_start()
    assert ready.wait(30)
    return client


def _client() -> Client:
    return Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)


def messages(dice: random.Random, now: datetime) -> list[tuple[str, bytes]]:
    """Malformed, oversized, of the wrong topic or version, and some that claim a place in a stream."""
    device = f"BAD{dice.randrange(10**9)}"
    source = f"/sites/YARD/devices/{device}"

    def event(**given: Any) -> bytes:
        whole = {
            "specversion": "1.0",
            "id": str(UUID(int=dice.getrandbits(128))),
            "source": source,
            "type": "watchpost.detection.v1",
            "time": now.isoformat(),
            "data": {"people_count": 1},
        }
        return json.dumps({**whole, **given}).encode()

    topic = f"watchpost/v1/YARD/{device}/event/detection"
    bad = {"data": {"people_count": -1}, "epoch": f"e{device}"}
    found = [
        (topic, b'{"not": "an event"}'),
        (topic, dice.randbytes(200)),
        (topic, event(type="watchpost.detection.v99")),
        (topic, event(source="/sites/YARD/devices/GATE")),
        (topic, event(data={"people_count": 1, "detector": "x" * 1_100_000})),
        (f"watchpost/v2/YARD/{device}/event/detection", event()),
        (f"watchpost/v1/YARD/{device}/event/motion", event()),
        (topic, event(sequence=1, **bad)),
        (topic, event(sequence=2, **bad)),
    ]
    assert len(found) == KINDS
    return found


def publish(port: int, dice: random.Random, clock: Callable[[], datetime]) -> None:
    client = _connected(_client(), port)
    for topic, body in messages(dice, clock()):
        client.publish(topic, body, qos=1).wait_for_publish(30)
    client.disconnect()
    client.loop_stop()


class Repeater:
    """Publishes again, `copies` times, whatever it hears that is not its own."""

    def __init__(self, port: int, copies: int) -> None:
        self._port = port
        self._copies = copies
        self._client = _client()
        self._client.max_queued_messages_set(200)
        self._client.on_message = self._again

    def __enter__(self) -> Self:
        _connected(self._client, self._port)
        self._client.subscribe([(ALL_EVENTS, 1), (ALL_MEDIA, 1)])
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _again(self, client: Client, _data: Any, message: MQTTMessage) -> None:
        received = message.properties
        assert received is not None
        user = [given for given in getattr(received, "UserProperty", []) if given[0] != CHECKSUM]
        if (REPEATED, "1") in user:
            return
        said = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho leaves it untyped
        said.UserProperty = [*user, (REPEATED, "1")]
        if hasattr(received, "ContentType"):
            said.ContentType = received.ContentType
        for _ in range(self._copies):
            client.publish(message.topic, message.payload, 1, properties=said)
