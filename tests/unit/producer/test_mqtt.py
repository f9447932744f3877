"""Connections to the broker: all of them are made in one place, from one address."""

import socket
import threading
from pathlib import Path
from queue import SimpleQueue
from time import monotonic
from typing import Any

import pytest
from paho.mqtt.exception import MalformedPacket
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from mosquitto.launcher import free_port
from producer.broker import BrokerAddress
from producer.mqtt import MqttClient, background_client, open_socket
from tests.eventually import WITHIN_S, eventually
from tests.least import least


def test_a_socket_sends_what_is_short_at_once() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        open_socket(BrokerAddress(port=server.getsockname()[1])) as wire,
    ):
        assert wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_every_address_of_a_name_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        there = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))
        nobody = (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", port, 0, 0))
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [nobody, there])

        with open_socket(BrokerAddress(host="hub.example", port=port)) as wire:
            assert wire.getpeername() == ("127.0.0.1", port)


def test_a_unix_socket_takes_the_place_of_an_address(tmp_path: Path) -> None:
    path = tmp_path / "mqtt.sock"
    address = BrokerAddress(unix_socket=path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        with open_socket(address) as wire:
            assert wire.getpeername() == str(path)

    assert (address.target, address.transport, str(address)) == (str(path), "unix", str(path))


def test_nobody_there_is_an_error_of_the_system() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    with pytest.raises(OSError, match="refused"):
        open_socket(BrokerAddress(port=port))


def test_a_client_tells_why_an_attempt_has_failed() -> None:
    why = list[str]()
    client = MqttClient(BrokerAddress(port=(port := free_port())), "test")
    client.on_unreachable = why.append

    with pytest.raises(OSError, match="refused"):
        client.connect("127.0.0.1", port)
    assert why == ["nothing listens there (connection refused)"]


def test_a_client_has_the_name_and_password_of_the_address() -> None:
    client = MqttClient(BrokerAddress(username="pi", password="secret"), "relay")

    assert (client.username, client.password, client.transport) == ("pi", "secret", "tcp")


def test_a_client_that_connects_again_has_the_password_that_the_file_holds_now(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("first\n")
    with socket.create_server(("127.0.0.1", 0)) as server:
        broker = BrokerAddress(port=server.getsockname()[1], username="pi", password="start", password_file=file)
        client = MqttClient(broker, "relay")
        before = client.password
        file.write_text("second\n")
        client.connect(broker.host, broker.port)
        after = client.password
        file.unlink()
        client.reconnect()

    assert (before, after, client.password) == ("first", "second", "start")


def test_a_client_in_the_background_is_not_connected_before_its_thread_runs() -> None:
    client = background_client(BrokerAddress(port=1), "news", keepalive_s=10, longest_pause_s=10)

    assert not client.is_connected()
    assert (client.host, client.port, client.keepalive) == ("127.0.0.1", 1, 10)


def test_a_client_that_waits_to_try_again_is_stopped_at_once() -> None:
    def stop_s() -> float:
        client = background_client(BrokerAddress(port=1), "news", keepalive_s=10, longest_pause_s=60, first_pause_s=60)
        tried = threading.Event()
        client.on_connect_fail = lambda *_: tried.set()
        client.loop_start()
        assert tried.wait(WITHIN_S)
        began = monotonic()
        client.disconnect()
        client.loop_stop()
        return monotonic() - began

    assert least(stop_s, 0.3) <= 0.3


def test_a_client_that_waits_to_try_again_tries_at_once_where_it_is_to_hurry() -> None:
    tries: SimpleQueue[float] = SimpleQueue()
    client = background_client(BrokerAddress(port=1), "news", keepalive_s=10, longest_pause_s=60, first_pause_s=60)
    client.on_connect_fail = lambda *_: tries.put(monotonic())

    def is_tried_again() -> bool:
        client.hurry()
        return not tries.empty()

    client.loop_start()
    tries.get(timeout=WITHIN_S)
    eventually(is_tried_again)
    client.disconnect()
    client.loop_stop()


def published() -> Any:
    """Properties, which paho leaves untyped."""
    return Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho leaves it untyped


def test_a_mark_of_byte_order_in_a_property_of_a_message_ends_no_connection() -> None:
    said = published()
    said.UserProperty = [("name", "x\ufeffy"), ("\ufeff", "")]
    said.ContentType = "\ufefftext/plain"
    received = published()
    received.unpack(said.pack())

    assert received.UserProperty == said.UserProperty
    assert received.ContentType == said.ContentType


def test_a_text_that_is_longer_than_its_packet_is_refused() -> None:
    received = published()
    with pytest.raises(MalformedPacket):
        received.unpack(b"\x04\x03\xff\xffa")
