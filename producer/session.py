"""One connection to the broker, driven by the thread that uses it, and forgotten with all that it held when it ends."""

import select
import socket
import ssl
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from producer.broker import BrokerAddress

MAX_IN_FLIGHT: Final = 100
KEEPALIVE_SECONDS: Final = 10
CONNECT_SECONDS: Final = 5.0


class Unreachable(OSError):
    """Nobody answers there, or we are not let in."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to publish. `user_properties` are attributes of media and correlation of answers."""

    topic: str
    payload: bytes
    content_type: str | None = None
    user_properties: tuple[tuple[str, str], ...] = ()
    qos: int = 1
    retain: bool = False
    correlation: bytes | None = None

    def properties(self) -> Properties:
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        if self.content_type is not None:
            properties.ContentType = self.content_type
        if self.user_properties:
            properties.UserProperty = list(self.user_properties)
        if self.correlation is not None:
            properties.CorrelationData = self.correlation
        return properties


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message that arrived on a topic that was subscribed to."""

    topic: str
    payload: bytes
    response_topic: str | None = None
    correlation: bytes | None = None
    retained: bool = False
    """Whether the broker had kept it from before we subscribed."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The broker has said no to a topic."""

    what: Literal["subscribe", "publish"]
    topic: str
    reason: str


@dataclass(frozen=True, slots=True)
class Ended:
    """Why a connection is over, in words; a refusal is the broker's answer to name and password."""

    reason: str
    is_refusal: bool = False


class Session:
    """Clean start, and nothing kept: what was on its way is sent again by whoever still has it."""

    def __init__(self, broker: BrokerAddress, client_id: str) -> None:
        self._client = new_client(broker, client_id)
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_publish = self._on_publish
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message
        self._in_flight: dict[int, tuple[str, int]] = {}
        self._subscribing: dict[int, list[str]] = {}
        self.connected = False
        self.ended: Ended | None = None
        self.max_packet_bytes: int | None = None
        self.incoming: deque[Incoming] = deque()
        self.refused: int = 0
        self.refusals: deque[Refusal] = deque(maxlen=MAX_IN_FLIGHT)
        self.in_flight_bytes = 0
        host = str(broker.unix_socket) if broker.unix_socket is not None else broker.host
        try:
            self._client.connect(host, broker.port, keepalive=KEEPALIVE_SECONDS, clean_start=True)
        except (OSError, ssl.SSLError) as error:
            raise Unreachable(f"{broker}: {error}") from error
        self._socket: socket.socket = self._client.socket()  # type: ignore[assignment]  # declared as any transport's
        if self._socket.family != socket.AF_UNIX:
            # Nagle and delayed acknowledgements together make a round trip 44 ms instead of 0.4.
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    @property
    def in_flight(self) -> int:
        return len(self._in_flight)

    def publish(self, message: Outgoing) -> None:
        info = self._client.publish(
            message.topic, message.payload, message.qos, message.retain, properties=message.properties()
        )
        if info.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            self.ended = self.ended or Ended(f"publish: {info.rc.name}")
        elif message.qos:
            self._in_flight[info.mid] = message.topic, len(message.payload)
            self.in_flight_bytes += len(message.payload)

    def subscribe(self, topics: Iterable[str]) -> None:
        wanted = [(topic, SubscribeOptions(qos=1)) for topic in topics]
        if wanted:
            _, mid = self._client.subscribe(wanted)
            if mid is not None:
                self._subscribing[mid] = [topic for topic, _ in wanted]

    def congested(self) -> bool:
        """Whether bytes wait because the connection does not take them."""
        return self._client.want_write()

    def step(self, timeout_s: float, wake: socket.socket) -> None:
        """Wait for the broker or for a byte on `wake`, at most so long, and do what the connection needs."""
        pending = isinstance(self._socket, ssl.SSLSocket) and self._socket.pending() > 0
        poll = select.poll()
        poll.register(wake, select.POLLIN)
        try:
            poll.register(self._socket, select.POLLIN | (select.POLLOUT if self._client.want_write() else 0))
        except ValueError:
            self.ended = self.ended or Ended("the connection is closed")
            return
        happened = dict(poll.poll(0 if pending else timeout_s * 1000)).get(self._socket.fileno(), 0)
        if pending or happened & ~select.POLLOUT:
            self._check(self._client.loop_read())
        if happened & select.POLLOUT:
            self._check(self._client.loop_write())
        self._check(self._client.loop_misc())

    def close(self) -> None:
        """Say goodbye where somebody listens, and let go of the socket."""
        self._client.disconnect()
        if not self.congested():
            self._client.loop_misc()
        self._socket.close()

    def _check(self, code: MQTTErrorCode) -> None:
        if code != MQTTErrorCode.MQTT_ERR_SUCCESS:
            self.ended = self.ended or Ended(code.name)

    def _on_connect(
        self, _client: Client, _data: Any, _flags: ConnectFlags, code: ReasonCode, properties: Properties | None
    ) -> None:
        if code.is_failure:
            self.ended = Ended(f"refused: {code}", is_refusal=True)
            return
        self.connected = True
        self.max_packet_bytes = getattr(properties, "MaximumPacketSize", None)

    def _on_disconnect(
        self, _client: Client, _data: Any, _flags: DisconnectFlags, code: ReasonCode, _properties: Properties | None
    ) -> None:
        self.connected = False
        self.ended = self.ended or Ended(str(code))

    def _on_publish(
        self, _client: Client, _data: Any, mid: int, code: ReasonCode, _properties: Properties | None
    ) -> None:
        # Messages of QoS 0 are reported too, once they are written.
        topic, size = self._in_flight.pop(mid, ("", 0))
        self.in_flight_bytes -= size
        if code.is_failure:
            self.refused += 1
            self.refusals.append(Refusal("publish", topic, str(code)))

    def _on_subscribe(
        self, _client: Client, _data: Any, mid: int, codes: list[ReasonCode], _properties: Properties | None
    ) -> None:
        for topic, code in zip(self._subscribing.pop(mid, []), codes, strict=False):
            if code.is_failure:
                self.refusals.append(Refusal("subscribe", topic, str(code)))

    def _on_message(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        properties = message.properties
        self.incoming.append(
            Incoming(
                message.topic,
                bytes(message.payload),
                getattr(properties, "ResponseTopic", None),
                getattr(properties, "CorrelationData", None),
                bool(message.retain),
            )
        )


def new_client(broker: BrokerAddress, client_id: str, *, reconnect: bool = False) -> Client:
    """A client that speaks MQTT 5, with credentials and TLS as the address says; not connected."""
    client = Client(
        CallbackAPIVersion.VERSION2,
        client_id=client_id,
        protocol=MQTTProtocolVersion.MQTTv5,
        transport="unix" if broker.unix_socket is not None else "tcp",
        reconnect_on_failure=reconnect,
    )
    client.connect_timeout = CONNECT_SECONDS
    # We hold the window ourselves; paho is to hold no message back, and none for later.
    client.max_inflight_messages_set(2 * MAX_IN_FLIGHT)
    client.max_queued_messages_set(2 * MAX_IN_FLIGHT)
    if broker.username is not None:
        client.username_pw_set(broker.username, broker.password)
    if broker.tls is not None:
        client.tls_set_context(broker.tls.context())
    return client
