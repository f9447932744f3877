"""The launcher and a real mosquitto."""

import os
import signal
import socket
import ssl
import subprocess
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import Literal

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from gateway.agents.accounts import Accounts
from mosquitto.authority import CERTIFICATE_LASTS, RENEWED_BEFORE, ensure_certificate
from mosquitto.launcher import AgentsListener, Listeners, accepts, command, free_port, write_config
from producer.ids import utc_now
from tests.broker import Broker, BrokerFailed
from tests.eventually import eventually
from watchpost.processes import agents_broker
from watchpost.processes.agents_broker import reload_on_change


def client(transport: Literal["tcp", "unix", "websockets"] = "tcp") -> mqtt.Client:
    return mqtt.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5, transport=transport)


def echo(client: mqtt.Client, topic: str) -> bytes:
    """What comes back of a message published to a topic that the client listens to."""
    received: list[bytes] = []
    client.on_message = lambda _client, _data, message: received.append(bytes(message.payload))
    client.loop_start()
    try:
        eventually(client.is_connected, what="a connection")
        client.subscribe(topic, qos=1)
        client.publish(topic, b"hello", qos=1)
        return eventually(lambda: received, what="the message's return")[0]
    finally:
        client.disconnect()
        client.loop_stop()


def test_a_started_broker_takes_messages(broker: Broker) -> None:
    listener = client()
    listener.connect("127.0.0.1", broker.port)

    assert echo(listener, "test/launcher/tcp") == b"hello"


def test_a_unix_socket_takes_messages_beside_the_port(tmp_path: Path) -> None:
    with Broker(tmp_path, unix_socket=tmp_path / "mqtt.sock"):
        listener = client("unix")
        listener.connect(str(tmp_path / "mqtt.sock"))

        assert echo(listener, "test/launcher/unix") == b"hello"


def test_web_sockets_take_messages_beside_the_port(tmp_path: Path) -> None:
    with Broker(tmp_path, websockets=True) as broker:
        assert broker.websockets_port is not None
        listener = client("websockets")
        listener.connect("127.0.0.1", broker.websockets_port)

        assert echo(listener, "test/launcher/websockets") == b"hello"


def test_a_killed_broker_comes_back_on_its_port(own_broker: Broker) -> None:
    port, first = own_broker.port, own_broker.pid

    own_broker.kill()
    assert not accepts(("127.0.0.1", port))
    own_broker.start()

    assert own_broker.port == port
    assert own_broker.pid != first
    assert accepts(("127.0.0.1", port))


def test_a_stopped_broker_comes_back_on_its_port(own_broker: Broker) -> None:
    port = own_broker.port

    own_broker.stop()
    assert not accepts(("127.0.0.1", port))
    own_broker.start()

    assert accepts(("127.0.0.1", port))


def test_a_frozen_broker_answers_nobody_until_thawed(own_broker: Broker) -> None:
    own_broker.freeze()

    assert not accepts(("127.0.0.1", own_broker.port))

    own_broker.thaw()

    assert accepts(("127.0.0.1", own_broker.port))


def test_a_frozen_broker_can_be_stopped(own_broker: Broker) -> None:
    pid = own_broker.pid
    own_broker.freeze()

    own_broker.stop()

    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_port_that_is_taken_is_named(own_broker: Broker, tmp_path: Path) -> None:
    second = Broker(tmp_path / "second", port=own_broker.port)

    with pytest.raises(BrokerFailed, match=f"port {own_broker.port} on 127.0.0.1 is taken"):
        second.start()


def test_only_this_machine_is_listened_to(own_broker: Broker) -> None:
    listening = subprocess.run(["ss", "-ltnH"], check=True, capture_output=True, text=True).stdout

    addresses = {line.split()[3] for line in listening.splitlines() if line.split()[3].endswith(f":{own_broker.port}")}

    assert addresses == {f"127.0.0.1:{own_broker.port}"}


def test_connections_of_agents_on_which_nobody_signs_in_lock_nobody_of_this_machine_out(tmp_path: Path) -> None:
    port, agents = free_port(), free_port()
    Accounts(tmp_path / "accounts").begin()
    ensure_certificate(tmp_path / "authority", ["127.0.0.1"], utc_now())
    of_agents = AgentsListener(agents, "127.0.0.1", tmp_path / "accounts", tmp_path / "authority", connections=20)
    config = write_config(tmp_path, Listeners(port, agents=of_agents))
    with subprocess.Popen(["prlimit", "--nofile=60", *command(config)]) as process, ExitStack() as stack:
        try:
            eventually(lambda: accepts(("127.0.0.1", port)), what="the broker")
            for _ in range(90):
                stack.enter_context(socket.create_connection(("127.0.0.1", agents)))

            assert all(accepts(("127.0.0.1", port)) for _ in range(3))
        finally:
            process.terminate()


def test_a_renewed_certificate_of_the_broker_is_used_without_a_restart_and_nobody_is_disconnected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agents_broker, "RENEWS_EVERY_S", 0.0)
    port, agents, authority = free_port(), free_port(), tmp_path / "authority"
    Accounts(tmp_path / "accounts").begin()
    began = utc_now() - CERTIFICATE_LASTS + RENEWED_BEFORE / 2
    ensure_certificate(authority, ["127.0.0.1"], began)
    of_agents = AgentsListener(agents, "127.0.0.1", tmp_path / "accounts", authority)
    config = write_config(tmp_path, Listeners(port, agents=of_agents))
    stopping, listener = threading.Event(), client()
    with subprocess.Popen(command(config)) as process:
        thread = threading.Thread(
            target=reload_on_change,
            args=(
                [authority / "server.crt"],
                lambda: process.send_signal(signal.SIGHUP),
                stopping,
                lambda: ensure_certificate(authority, ["127.0.0.1"], utc_now()),
            ),
        )
        try:
            eventually(lambda: accepts(("127.0.0.1", port)), what="the broker")
            before = served_certificate(agents)
            listener.connect("127.0.0.1", port)
            thread.start()
            eventually(lambda: served_certificate(agents) != before, what="the new certificate")

            assert echo(listener, "test/launcher/renewed") == b"hello"
        finally:
            stopping.set()
            process.terminate()
    thread.join()


def served_certificate(port: int) -> str:
    return ssl.get_server_certificate(("127.0.0.1", port), timeout=5)
