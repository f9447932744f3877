"""One connection to the broker, driven by the thread that uses it. It keeps nothing from one to the next."""

import select
import ssl
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from producer.broker import BrokerAddress
from producer.mqtt import MAX_IN_FLIGHT, MqttClient
from producer.os_errors import describe_network_error
from producer.relay.bus_messages import Incoming, OnAcknowledged, Outgoing
from producer.relay.hidden_delay import HiddenDelay
from producer.relay.paced_socket import AGAIN_S, Allowance, PacedSocket
from producer.relay.round_trip import RoundTrip
from producer.relay.send_window import SendWindow

KEEPALIVE_S: Final = 10
PACKETS_PER_STEP: Final = 20
"""In a few milliseconds, for which something to be sent may wait."""
READ: Final = 0x00
"""The answer of the broker to a message that it has passed on: one to whose topic nobody subscribes has another."""
OVER_A_MESSAGE: Final = frozenset({0x81, 0x82, 0x95})
"""Malformed packet, protocol error, packet too large. What is beyond its `message_size_limit` mosquitto answers with a
code that paho takes for an error of the protocol.
"""


class BrokerUnreachable(OSError):
    """The broker cannot be reached, or refuses the connection."""


@dataclass(frozen=True, slots=True)
class BrokerRefusal:
    """The broker has refused a topic."""

    what: Literal["subscribe", "publish"]
    topic: str
    reason: str


@dataclass(frozen=True, slots=True)
class SessionEnd:
    """Why a connection ended; `is_refusal` where the broker refused user or password, `is_over_a_message` where one
    side could not take what the other had sent.
    """

    reason: str
    is_refusal: bool = False
    is_over_a_message: bool = False


def unlimited(_now: float) -> float:
    """The allowance without a limit."""
    return float("inf")


def ignore_sent(_sent: int) -> None:
    """The counter of a connection whose bytes are not counted."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How much a connection may send at a moment, and who counts the bytes."""

    allowance: Allowance = unlimited
    on_sent: Callable[[int], None] = ignore_sent
    keepalive_s: int = KEEPALIVE_S


class _InFlight(NamedTuple):
    number: int
    size: int
    topic: str
    sent_s: float
    on_acknowledged: OnAcknowledged | None = None


class BrokerSession:
    """A clean start, without session state: what was in flight is sent again by whoever still has it."""

    most_in_flight = MAX_IN_FLIGHT
    """Messages that may be on their way."""

    def __init__(self, broker: BrokerAddress, role: str, pace: Pace | None = None) -> None:
        pace = pace or Pace()
        self._client = _PacedClient(broker, role, pace)
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_publish = self._on_publish
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message
        self._in_flight: dict[int, _InFlight] = {}
        self._round_trip, self._hidden = RoundTrip(), HiddenDelay()
        self._subscribing: dict[int, list[str]] = {}
        self.connected = False
        self.ended: SessionEnd | None = None
        self.max_packet_bytes: int | None = None
        self.incoming: deque[Incoming] = deque()
        self.refused: int = 0
        self.refusals: deque[BrokerRefusal] = deque(maxlen=MAX_IN_FLIGHT)
        self.in_flight_bytes = 0
        self._largest_acknowledged = 0
        self.published = self.acknowledged = 0
        """The number of the last message, and of the last that the broker acknowledged."""
        try:
            self._client.connect(broker.target, broker.port, keepalive=pace.keepalive_s, clean_start=True)
        except (OSError, ssl.SSLError) as error:
            raise BrokerUnreachable(f"{broker}: {describe_network_error(error)}") from error
        self._socket = self._client.paced

    @property
    def bytes_per_s(self) -> float | None:
        """The measured throughput of the link, once it was full."""
        return self._socket.bytes_per_s

    @property
    def round_trip_s(self) -> float | None:
        """How long the broker takes to acknowledge a message, where it was measured."""
        return self._round_trip.smoothed_s

    @property
    def in_flight(self) -> int:
        return len(self._in_flight)

    def overdue_s(self, now: float) -> float:
        """For how long the oldest message waits behind what the kernel sees."""
        self._note_held(now)
        return self._hidden.overdue_s(self._oldest_s, now)

    def delay_s(self, now: float) -> float:
        """For how long messages are behind what the kernel sees."""
        self._note_held(now)
        return self._hidden.delay_s(self._oldest_s, now)

    @property
    def _oldest_s(self) -> float | None:
        oldest = next(iter(self._in_flight.values()), None)
        return None if oldest is None else oldest.sent_s

    def _note_held(self, now: float) -> None:
        if self.congested() or self._socket.queued():
            self._hidden.hold(now)

    @property
    def suspect_bytes(self) -> int | None:
        """The size of the message that may have ended the connection: the largest that was never acknowledged."""
        if self.ended is None or not self.ended.is_over_a_message or not self._in_flight:
            return None
        largest = max(message.size for message in self._in_flight.values())
        return largest if largest > self._largest_acknowledged else None

    def publish(self, message: Outgoing) -> None:
        qos = message.qos if message.on_acknowledged is None else 1
        info = self._client.publish(
            message.topic, message.payload, qos, message.retain, properties=message.properties()
        )
        if info.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            self.ended = self.ended or SessionEnd(f"publish: {info.rc.name}")
        elif qos:
            self.published += 1
            self._in_flight[info.mid] = _InFlight(
                self.published, len(message.payload), message.topic, time.monotonic(), message.on_acknowledged
            )
            self.in_flight_bytes += len(message.payload)

    def subscribe(self, topics: Iterable[str]) -> None:
        wanted = [(topic, SubscribeOptions(qos=1)) for topic in topics]
        if wanted:
            _, mid = self._client.subscribe(wanted)
            if mid is not None:
                self._subscribing[mid] = [topic for topic, _ in wanted]

    def congested(self) -> bool:
        """Whether bytes wait because the connection does not accept them."""
        return self._client.want_write()

    def register(self, poll: select.poll) -> float | None:
        """Register for the poll. Returns after how many seconds to step in any case, if at all."""
        writes = self._client.want_write() and not self._socket.is_full
        try:
            poll.register(self._socket.wire, select.POLLIN | (select.POLLOUT if writes else 0))
        except ValueError:
            self.ended = self.ended or SessionEnd("the connection is closed")
            return 0.0
        if self._socket.pending():
            return 0.0
        return AGAIN_S if self._client.want_write() and not writes else None

    def step(self, happened: dict[int, int]) -> None:
        """Serve the connection after a poll."""
        event = happened.get(self._socket.fileno(), 0)
        if self._socket.pending() or event & ~select.POLLOUT:
            self._read()
        if self._client.want_write() and (event & select.POLLOUT or self._socket.is_full):
            self._check(self._client.loop_write())
        if self.connected:
            # Until then its keepalive ends nothing: who connects knows for how long to wait for an answer.
            self._check(self._client.loop_misc())

    def _read(self) -> None:
        """Some packets together: between two of them everything else that waits would be looked through."""
        for _ in range(PACKETS_PER_STEP):
            self._check(self._client.loop_read())
            if self.ended is not None or not self._socket.pending():
                return

    def close(self) -> None:
        """Disconnect if the broker still listens, and close the socket."""
        self._client.disconnect()
        if not self.congested():
            self._client.loop_misc()
        self._socket.close()

    def _check(self, code: MQTTErrorCode) -> None:
        if code != MQTTErrorCode.MQTT_ERR_SUCCESS:
            self.ended = self.ended or SessionEnd(code.name)

    def _on_connect(
        self, _client: Client, _data: Any, _flags: ConnectFlags, code: ReasonCode, properties: Properties | None
    ) -> None:
        if code.is_failure:
            self.ended = SessionEnd(f"refused: {code}", is_refusal=True)
            return
        self.connected = True
        self.max_packet_bytes = getattr(properties, "MaximumPacketSize", None)

    def _on_disconnect(
        self, _client: Client, _data: Any, _flags: DisconnectFlags, code: ReasonCode, _properties: Properties | None
    ) -> None:
        self.connected = False
        self.ended = self.ended or SessionEnd(str(code), is_over_a_message=code.value in OVER_A_MESSAGE)

    def _on_publish(
        self, _client: Client, _data: Any, mid: int, code: ReasonCode, _properties: Properties | None
    ) -> None:
        # Messages of QoS 0 are reported too, once they are written.
        message = self._in_flight.pop(mid, None)
        if message is None:
            return
        self.in_flight_bytes -= message.size
        self.acknowledged = max(self.acknowledged, message.number)
        self._largest_acknowledged = max(self._largest_acknowledged, message.size)
        now = time.monotonic()
        self._hidden.acknowledge(message.sent_s, now)
        self._round_trip.add(now - message.sent_s)
        if message.on_acknowledged is not None:
            message.on_acknowledged(is_read=code.value == READ)
        elif code.is_failure:
            self.refused += 1
            self.refusals.append(BrokerRefusal("publish", message.topic, str(code)))

    def _on_subscribe(
        self, _client: Client, _data: Any, mid: int, codes: list[ReasonCode], _properties: Properties | None
    ) -> None:
        for topic, code in zip(self._subscribing.pop(mid, []), codes, strict=False):
            if code.is_failure:
                self.refusals.append(BrokerRefusal("subscribe", topic, str(code)))

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


class _PacedClient(MqttClient):
    """A paho client over a socket that accepts no more than its link carries soon."""

    def __init__(self, broker: BrokerAddress, role: str, pace: Pace) -> None:
        super().__init__(broker, role)
        self._pace = pace
        self.paced: PacedSocket

    def _create_socket(self) -> Any:
        began = time.monotonic()
        wire = super()._create_socket()
        window = SendWindow(time.monotonic() - began)
        self.paced = PacedSocket(wire, window, self._pace.allowance, self._pace.on_sent)
        return self.paced
