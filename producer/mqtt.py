"""Makes MQTT clients and sockets to the broker, with its TLS, credentials and socket options."""

import socket
import threading
from collections.abc import Callable
from typing import Any, Final

from paho.mqtt import properties
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.exception import MalformedPacket
from paho.mqtt.packettypes import PacketTypes

from producer.broker import BrokerAddress
from producer.client_ids import draw_client_id
from producer.os_errors import describe_network_error

CONNECT_S: Final = 5.0
MAX_IN_FLIGHT: Final = 100
TEXT_HEAD_BYTES: Final = 2
NO_DELAY: Final = (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
"""Nagle's algorithm and delayed acknowledgements together make a round trip 44 ms instead of 0.4."""


def _read_text(buffer: bytes, most: int) -> tuple[str, int]:
    """In the place of paho's, which ends the connection over U+FEFF, although any text of MQTT 5 may hold it
    ([MQTT-1.5.4-3]): with one message a device could disconnect everybody who receives it. What no text may hold the
    broker has refused.
    """
    length = int.from_bytes(buffer[:2], "big")
    if most < TEXT_HEAD_BYTES or length > most - TEXT_HEAD_BYTES:
        raise MalformedPacket("a text is longer than its packet")
    end = TEXT_HEAD_BYTES + length
    return buffer[TEXT_HEAD_BYTES:end].decode(errors="replace"), end


properties.readUTF = _read_text


def expiring_after(seconds: int) -> properties.Properties:
    """The properties of a message that the broker drops so long after it was published, also where it is retained."""
    made = properties.Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho leaves it untyped
    made.MessageExpiryInterval = seconds
    return made


class MqttClient(Client):
    """An MQTT 5 client with the credentials and TLS of the address. It is not connected yet.

    `role` is the readable part of its id. `on_unreachable` gets the reason of a failed attempt, in the thread that
    makes it: a client that reconnects by itself reports none.
    """

    on_unreachable: Callable[[str], None] | None = None

    def __init__(self, broker: BrokerAddress, role: str, *, reconnects: bool = False) -> None:
        super().__init__(
            CallbackAPIVersion.VERSION2,
            draw_client_id(role),
            protocol=MQTTProtocolVersion.MQTTv5,
            transport=broker.transport,
            reconnect_on_failure=reconnects,
        )
        self._broker = broker
        self._stopping, self._hurried = threading.Event(), threading.Event()
        self.connect_timeout = CONNECT_S
        # The publisher limits its own window, so paho must neither delay nor queue messages.
        self.max_inflight_messages_set(2 * MAX_IN_FLIGHT)
        self.max_queued_messages_set(2 * MAX_IN_FLIGHT)
        self._take_credentials()
        if broker.tls is not None:
            self.tls_set_context(broker.tls.context())

    def loop_stop(self) -> MQTTErrorCode:
        self._stopping.set()
        self._hurried.set()
        return super().loop_stop()

    def hurry(self) -> None:
        """Try to connect again now, where it waits for the next attempt. Called from any thread."""
        self._hurried.set()

    def _reconnect_wait(self) -> None:
        """Wait as paho does, which sleeps through a stop for up to a second."""
        self._hurried.clear()
        with self._reconnect_delay_mutex:
            before = self._reconnect_delay
            pause_s = self._reconnect_min_delay if before is None else min(2 * before, self._reconnect_max_delay)
            self._reconnect_delay = pause_s
        if not self._stopping.is_set():
            self._hurried.wait(pause_s)

    def _take_credentials(self) -> None:
        if self._broker.username is not None:
            self.username_pw_set(self._broker.username, self._broker.current_password())

    def _create_socket(self) -> Any:
        """With the password and the certificates that the files hold now: a client connects again for months."""
        self._take_credentials()
        if self._broker.tls is not None:
            self._ssl_context = self._broker.tls.context()
        try:
            wire = super()._create_socket()
        except OSError as error:
            if self.on_unreachable is not None:
                self.on_unreachable(describe_network_error(error))
            raise
        assert isinstance(wire, socket.socket)
        if self._broker.unix_socket is None:
            wire.setsockopt(*NO_DELAY)
        return wire


def background_client(
    broker: BrokerAddress, role: str, *, keepalive_s: int, longest_pause_s: int, first_pause_s: int = 1
) -> MqttClient:
    """A client that `loop_start` connects in a thread of its own, and reconnects whenever the connection is lost.

    The broker keeps nothing of it between connections.
    """
    client = MqttClient(broker, role, reconnects=True)
    client.reconnect_delay_set(first_pause_s, longest_pause_s)
    client.connect_async(broker.target, broker.port, keepalive_s, clean_start=True)
    return client


def open_socket(broker: BrokerAddress) -> socket.socket:
    """A socket for an MQTT reader of our own, over TLS where the address says so. Raises `OSError`."""
    if broker.unix_socket is not None:
        plain = socket.socket(socket.AF_UNIX)
        plain.settimeout(CONNECT_S)
    else:
        plain = socket.create_connection((broker.host, broker.port), CONNECT_S)
    try:
        if broker.unix_socket is not None:
            plain.connect(str(broker.unix_socket))
            return plain
        plain.setsockopt(*NO_DELAY)
        return plain if broker.tls is None else broker.tls.context().wrap_socket(plain, server_hostname=broker.host)
    except BaseException:
        plain.close()
        raise
