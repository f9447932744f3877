"""One connection to the broker, by one thread: messages are acknowledged when their group is durable, not before.

The loop of ingest takes tens of thousands of small messages a second. paho reads each packet in several calls of the
system and takes 40 µs over it; here a call of the system brings hundreds of packets.
"""

import select
import socket
import ssl
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from consumers.ingest import packets
from consumers.ingest.packets import BadPacket, Login, Packet, Published, PublishReader, Subscription
from producer.broker import BrokerAddress
from producer.mqtt import open_socket
from producer.os_errors import describe_network_error

log = structlog.get_logger(__name__)

KEEP_ALIVE_S = 20
RECEIVE_MAXIMUM = 1000
READ_BYTES = 512 * 1024
MAX_GROUP_BYTES = 2 * 1024 * 1024
MAX_GROUP_MESSAGES = 1000
LINGER_S = 0.004
PAUSE_S = 0.001


class ConnectFailed(OSError):
    """Nobody answers there, or we are not let in."""


class Disconnected(OSError):
    """The connection is over; whatever was not acknowledged will come again from its producer."""


@dataclass(frozen=True, slots=True)
class _Message:
    topic: str
    payload: bytes
    retain: bool


class BrokerConnection:
    """Connected, logged in and subscribed when made. Raises `ConnectFailed`."""

    def __init__(self, broker: BrokerAddress, client_id: str, subscriptions: Sequence[Subscription]) -> None:
        self._incoming = bytearray()
        self._outgoing = bytearray()
        self._reader = PublishReader()
        self._ready: list[Published] = []
        self._waiting: OrderedDict[tuple[str, str], _Message] = OrderedDict()
        self._unconfirmed: dict[int, str] = {}
        self._refused: set[str] = set()
        self.refusal: str | None = None
        """The publications that the broker accepts from us and drops, in a sentence."""
        self._user = broker.username
        self._next_id = 1
        self._socket = _connect(broker)
        try:
            self._log_in(broker, client_id, subscriptions)
        except (OSError, BadPacket) as error:
            self._socket.close()
            raise ConnectFailed(f"{broker}: {describe_network_error(error)}") from error
        self._sent_at = self._received_at = time.monotonic()

    def _log_in(self, broker: BrokerAddress, client_id: str, subscriptions: Sequence[Subscription]) -> None:
        login = Login(client_id, KEEP_ALIVE_S, RECEIVE_MAXIMUM, broker.username, broker.current_password())
        self._socket.sendall(login.packet())
        answer = self._await(packets.CONNACK)
        if answer.body[1]:
            who = f"the user {broker.username}" if broker.username else "a client without a user"
            raise ConnectFailed(f"{who} is refused with reason code 0x{answer.body[1]:02x}")
        size, start = packets.read_length(answer.body, 2) or (0, 3)
        numbers = packets.read_properties(answer.body[start : start + size]).numbers or {}
        self._may_send = numbers.get(packets.RECEIVE_MAXIMUM, 65535)
        self._keep_alive = numbers.get(packets.SERVER_KEEP_ALIVE, KEEP_ALIVE_S)
        self._socket.sendall(packets.subscribe(self._new_id(), subscriptions))
        refused = [code for code in self._await(packets.SUBACK).body[-len(subscriptions) :] if code > 2]
        if refused:
            raise ConnectFailed(f"a subscription is refused with reason code 0x{refused[0]:02x}")
        self._socket.settimeout(0.0)

    def _await(self, kind: int) -> Packet:
        """The next packet of a kind, while the socket still blocks; messages that come before it are kept."""
        while True:
            awaited = None
            for packet in packets.split(self._incoming):
                if packet.kind == kind and awaited is None:
                    awaited = packet
                else:
                    self._handle(packet)
            if awaited is not None:
                return awaited
            data = self._socket.recv(READ_BYTES)
            if not data:
                raise ConnectFailed("closed while logging in")
            self._incoming += data

    def receive(self, wait_s: float) -> list[Published]:
        """The messages that have arrived, as one group: waits for the first, then only while more keep coming."""
        self._step(0.0 if self._ready else wait_s)
        started = time.monotonic()
        size = 0
        counted = 0
        while self._ready and len(self._ready) < MAX_GROUP_MESSAGES and size < MAX_GROUP_BYTES:
            if time.monotonic() - started > LINGER_S or not self._step(PAUSE_S):
                break
            size += sum(len(message.payload) for message in self._ready[counted:])
            counted = len(self._ready)
        group, self._ready = self._ready, []
        return group

    def silent_s(self) -> float:
        """The seconds since the broker last sent anything; it answers a ping every ten seconds."""
        return time.monotonic() - self._received_at

    def keep(self) -> None:
        """Stay connected without taking more: what arrives waits in the socket, and then at the broker."""
        self.flush()
        self._stay_alive(listening=False)

    def publish(self, topic: str, payload: bytes, *, retain: bool = False, qos: int = 1, about: str = "") -> None:
        """Keep, of messages that wait for the broker, the newest about each thing of a topic."""
        if not qos:
            self._outgoing += packets.publish(topic, payload, retain=retain)
            return
        self._waiting.pop((topic, about), None)
        self._waiting[topic, about] = _Message(topic, payload, retain)
        self._send_waiting()

    def _send_waiting(self) -> None:
        while self._waiting and len(self._unconfirmed) < self._may_send:
            _, message = self._waiting.popitem(last=False)
            packet_id = self._new_id()
            self._outgoing += packets.publish(message.topic, message.payload, packet_id, message.retain)
            self._unconfirmed[packet_id] = message.topic

    def acknowledge(self, messages: Sequence[Published]) -> None:
        """Acknowledge them to the broker, in the order in which they came."""
        self._outgoing += packets.acknowledge([message.packet_id for message in messages if message.packet_id])

    def _new_id(self) -> int:
        given = self._next_id
        self._next_id = given % 65535 + 1
        return given

    def _confirmed(self, packet: Packet) -> None:
        """Log, once for each connection, what the broker accepts from us and drops: producers wait for it in vain."""
        topic = self._unconfirmed.pop(int.from_bytes(packet.body[:2]), None)
        code = packet.body[2] if len(packet.body) > 2 else 0
        if code >= packets.FAILURE and topic is not None and topic not in self._refused:
            self._refused.add(topic)
            reason = f"reason code 0x{code:02x}"
            self.refusal = f"the broker does not let the user {self._user} write {topic} ({reason})"
            log.error("broker refuses a topic", topic=topic, user=self._user, reason=reason)

    def _step(self, wait_s: float) -> bool:
        """Send what waits, and read once if something comes within this time; whether it did."""
        self.flush()
        pending = isinstance(self._socket, ssl.SSLSocket) and self._socket.pending() > 0
        poll = select.poll()
        poll.register(self._socket, select.POLLIN | (select.POLLOUT if self._outgoing else 0))
        events = poll.poll(0 if pending else wait_s * 1000)
        readable = pending or any(event & ~select.POLLOUT for _, event in events)
        if readable:
            self._read()
        self._stay_alive(listening=True)
        return readable

    def _read(self) -> None:
        try:
            data = self._socket.recv(READ_BYTES)
        except (BlockingIOError, ssl.SSLWantReadError):
            return
        except OSError as error:
            raise Disconnected(describe_network_error(error)) from error
        if not data:
            raise Disconnected("the broker closed the connection")
        self._received_at = time.monotonic()
        self._incoming += data
        try:
            for packet in packets.split(self._incoming):
                self._handle(packet)
        except BadPacket as error:
            raise Disconnected(str(error)) from error

    def _handle(self, packet: Packet) -> None:
        kind = packet.kind
        if kind == packets.PUBLISH:
            self._ready.append(self._reader.read(packet))
        elif kind == packets.PUBACK:
            self._confirmed(packet)
            self._send_waiting()
        elif kind == packets.DISCONNECT:
            code = packet.body[0] if packet.body else 0
            raise Disconnected(f"the broker disconnects with reason code 0x{code:02x}")

    def flush(self) -> None:
        """Send what was published and acknowledged, as far as the connection takes it."""
        if not self._outgoing:
            return
        try:
            sent = self._socket.send(self._outgoing)
        except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
            return
        except OSError as error:
            raise Disconnected(describe_network_error(error)) from error
        del self._outgoing[:sent]
        self._sent_at = time.monotonic()

    def _stay_alive(self, *, listening: bool) -> None:
        now = time.monotonic()
        if now - self._sent_at > self._keep_alive / 2:
            self._outgoing += packets.PING
            self._sent_at = now
            self.flush()
        if not listening:
            self._received_at = now
        elif now - self._received_at > self._keep_alive * 1.5:
            raise Disconnected(f"nothing received for {now - self._received_at:.0f} s")

    def close(self) -> None:
        """Send what still fits, disconnect, and close the socket."""
        self._outgoing += packets.DISCONNECT_PACKET
        try:
            self.flush()
        except Disconnected:
            pass
        finally:
            self._socket.close()


def _connect(broker: BrokerAddress) -> socket.socket:
    try:
        return open_socket(broker)
    except OSError as error:
        raise ConnectFailed(f"{broker}: {describe_network_error(error)}") from error
