"""Users of the broker of production, and clients that sign in as them."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from producer.broker import BrokerAddress, Tls
from tests.eventually import eventually

DEVICE = "HEAD_OFFICE/EMPLOYEE_AREA"


OTHER = "HEAD_OFFICE/CAFETERIA"


AGENT = "HEAD_OFFICE/LOBBY"


USERS = {"viewer": "viewer-secret", DEVICE: "device-secret", OTHER: "other-secret"}


OWN_USERS = {"hub": "hub-secret", "gateway": "gateway-secret", AGENT: "agent-secret"}
"""Of Watchpost's own processes, which have a listener of their own."""


PASSWORDS = USERS | OWN_USERS


SECRETS = {"passwords": USERS, "own_passwords": OWN_USERS}


@dataclass(frozen=True)
class Production:
    """A running broker with the production configuration, all of its files in one temporary folder."""

    port: int
    own_port: int
    websockets_port: int
    tls: ssl.SSLContext
    folder: Path


class Client:
    """One user of that broker, and what it heard."""

    def __init__(
        self,
        broker: Production,
        user: str | None,
        transport: Literal["tcp", "websockets"] = "tcp",
        *,
        port: int | None = None,
        client_id: str = "",
    ) -> None:
        self.ended: list[str] = []
        self.received: list[tuple[str, bytes]] = []
        self.answer: ReasonCode | None = None
        self.server: Any = None  # paho's Properties get their attributes while it runs
        self.acknowledged: dict[int, ReasonCode] = {}
        self.paho = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id,
            protocol=MQTTProtocolVersion.MQTTv5,
            transport=transport,
            reconnect_on_failure=False,
        )
        self.paho.tls_set_context(broker.tls)
        if user is not None:
            self.paho.username_pw_set(user, PASSWORDS.get(user, "guessed"))
        self.paho.on_connect = self._on_connect
        self.paho.on_publish = self._on_publish
        self.paho.on_disconnect = lambda _client, _data, _flags, reason, _properties: self.ended.append(str(reason))
        self.paho.on_message = lambda _client, _data, message: self.received.append(
            (message.topic, bytes(message.payload))
        )
        usual = broker.own_port if user in OWN_USERS else broker.port
        self.paho.connect("127.0.0.1", port or (broker.websockets_port if transport == "websockets" else usual))
        self.paho.loop_start()
        eventually(lambda: self.answer is not None, what="an answer to CONNECT")

    def _on_connect(
        self,
        _client: mqtt.Client,
        _data: object,
        _flags: mqtt.ConnectFlags,
        reason: ReasonCode,
        server: Properties | None,
    ) -> None:
        self.answer, self.server = reason, server

    def _on_publish(
        self, _client: mqtt.Client, _data: object, mid: int, reason: ReasonCode, _properties: Properties
    ) -> None:
        self.acknowledged[mid] = reason

    def publish(self, topic: str, payload: bytes = b"x", *, retain: bool = False) -> str:
        """The broker's answer in words."""
        mid = self.paho.publish(topic, payload, qos=1, retain=retain).mid
        eventually(lambda: mid in self.acknowledged, what=f"an acknowledgement of {topic}")
        return str(self.acknowledged[mid])

    def subscribe(self, topic: str) -> None:
        granted: list[object] = []
        self.paho.on_subscribe = lambda *_: granted.append(topic)
        self.paho.subscribe(topic, qos=1)
        eventually(lambda: granted, what=f"a subscription to {topic}")

    def close(self) -> None:
        self.paho.disconnect()
        self.paho.loop_stop()


@contextmanager
def connected(
    broker: Production, user: str | None, transport: Literal["tcp", "websockets"] = "tcp", **given: Any
) -> Iterator[Client]:
    client = Client(broker, user, transport, **given)
    try:
        yield client
    finally:
        client.close()


def own_address(production: Production, user: str, tls: Tls) -> BrokerAddress:
    return BrokerAddress(port=production.own_port, username=user, password=OWN_USERS[user], tls=tls)
