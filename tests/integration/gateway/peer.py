"""A client of the bus that records what comes on one topic, and may answer it."""

import json
import threading
from collections.abc import Callable
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties

from tests import builders
from tests.broker import Broker


class Peer:
    """Whoever else is on the bus: hears one topic, and may answer."""

    def __init__(self, broker: Broker, topic: str, answer: Callable[[dict[str, Any]], dict[str, Any]] | None = None):
        self.received: list[bytes] = []
        self._answer = answer
        self._subscribed = threading.Event()
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        self.client.on_message = self._take
        self.client.on_connect = lambda client, *_: client.subscribe(topic, qos=1)
        self.client.on_subscribe = lambda *_: self._subscribed.set()
        self.client.connect("127.0.0.1", broker.port)
        self.client.loop_start()

    def confirm(self, client: mqtt.Client, _: Any, message: mqtt.MQTTMessage) -> None:
        """As an agent does: a reply, and the event that says what holds now."""
        self._take(client, _, message)
        request = json.loads(message.payload)
        event = builders.settings(request_id=request["request_id"], settings=request["settings"])
        client.publish("watchpost/v1/DEMO/yard/event/settings", event.model_dump_json(), qos=1)

    def _take(self, client: mqtt.Client, _: Any, message: mqtt.MQTTMessage) -> None:
        self.received.append(bytes(message.payload))
        if self._answer is not None:
            assert message.properties is not None
            properties = Properties(mqtt.PacketTypes.PUBLISH)  # type: ignore[attr-defined,no-untyped-call]  # paho exports it without saying so
            properties.CorrelationData = message.properties.CorrelationData  # type: ignore[attr-defined]  # a request has properties
            reply = json.dumps(self._answer(json.loads(message.payload)))
            client.publish(message.properties.ResponseTopic, reply, properties=properties)  # type: ignore[attr-defined]  # a request has properties

    def __enter__(self) -> "Peer":
        assert self._subscribed.wait(30)
        return self

    def __exit__(self, *_: object) -> None:
        self.client.disconnect()
        self.client.loop_stop()
