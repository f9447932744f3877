"""What the configuration for more than one machine promises, held against a real mosquitto."""

import asyncio
import os
import re
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from bus_schemas.camera import DetectionEvent
from bus_schemas.event import device_source
from bus_schemas.media import MediaEvent
from bus_schemas.topics import command_topic
from edge.node import relaying
from gateway.messages.bus import Bus, client_of
from mosquitto.launcher import BrokerMissing, accepts, command, free_port, mosquitto_path
from producer.broker import BrokerAddress, Tls
from producer.ids import utc_now
from producer.outbox import Outbox
from producer.relay import Options, Relay
from producer.session import Incoming, Outgoing
from tests.eventually import eventually
from tests.node_parts import detection, medium
from tests.running_ingest import journaled, running_ingest

CONFIGURATION = Path("mosquitto/production.conf")
DEVICE = "HEAD_OFFICE/EMPLOYEE_AREA"
USERS = {
    "hub": "hub-secret",
    "viewer": "viewer-secret",
    DEVICE: "device-secret",
    "HEAD_OFFICE/CAFETERIA": "other-secret",
}


@dataclass(frozen=True)
class Production:
    """A running broker with the production configuration, all of its files in one temporary folder."""

    port: int
    websockets_port: int
    tls: ssl.SSLContext
    folder: Path


class Client:
    """One user of that broker, and what it heard."""

    def __init__(self, broker: Production, user: str | None, transport: Literal["tcp", "websockets"] = "tcp") -> None:
        self.received: list[tuple[str, bytes]] = []
        self.answer: ReasonCode | None = None
        self.server: Any = None  # paho's Properties get their attributes while it runs
        self.acknowledged: dict[int, ReasonCode] = {}
        self.paho = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5, transport=transport)
        self.paho.tls_set_context(broker.tls)
        if user is not None:
            self.paho.username_pw_set(user, USERS.get(user, "guessed"))
        self.paho.on_connect = self._on_connect
        self.paho.on_publish = self._on_publish
        self.paho.on_message = lambda _client, _data, message: self.received.append(
            (message.topic, bytes(message.payload))
        )
        self.paho.connect("127.0.0.1", broker.websockets_port if transport == "websockets" else broker.port)
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

    def publish(self, topic: str, payload: bytes = b"x") -> str:
        """The broker's answer in words."""
        mid = self.paho.publish(topic, payload, qos=1).mid
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
    broker: Production, user: str | None, transport: Literal["tcp", "websockets"] = "tcp"
) -> Iterator[Client]:
    client = Client(broker, user, transport)
    try:
        yield client
    finally:
        client.close()


def installed(folder: Path, port: int, websockets_port: int) -> Path:
    """The production configuration as an operator installs it, with other ports and another folder."""
    # As root mosquitto would become the user mosquitto, who cannot read the folders of a test.
    user = "user root\n" if os.geteuid() == 0 else ""
    text = CONFIGURATION.read_text().replace("/etc/watchpost", str(folder)).replace("listener 8883", f"listener {port}")
    (folder / "production.conf").write_text(user + text.replace("listener 9883", f"listener {websockets_port}"))
    (folder / "acl").write_text(Path("mosquitto/acl").read_text())
    (folder / "passwords").touch()
    for name, password in USERS.items():
        subprocess.run(["mosquitto_passwd", "-b", str(folder / "passwords"), name, password], check=True)
    certificate = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    certificate += ["-keyout", "server.key", "-out", "server.crt", "-days", "2", "-subj", "/CN=watchpost"]
    subprocess.run(
        [*certificate, "-addext", "subjectAltName=IP:127.0.0.1"], cwd=folder, check=True, capture_output=True
    )
    return folder / "production.conf"


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Production]:
    try:
        mosquitto_path()
    except BrokerMissing as missing:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(missing))
    folder = tmp_path_factory.mktemp("production")
    port, websockets_port = free_port(), free_port()
    configuration = installed(folder, port, websockets_port)
    tls = ssl.create_default_context(cafile=str(folder / "server.crt"))
    with (folder / "log").open("wb") as log, subprocess.Popen(command(configuration), stderr=log) as process:
        try:
            eventually(lambda: accepts(("127.0.0.1", port), tls), what=f"readiness: {(folder / 'log').read_text()}")
            yield Production(port, websockets_port, tls, folder)
        finally:
            process.terminate()


def test_nobody_gets_in_without_tls(production: Production) -> None:
    assert not accepts(("127.0.0.1", production.port))


@pytest.mark.parametrize("user", [None, "stranger"])
def test_nobody_gets_in_without_a_password(production: Production, user: str | None) -> None:
    with connected(production, user) as client:
        assert str(client.answer) == "Not authorized"


def test_a_client_is_told_the_limits_when_it_connects(production: Production) -> None:
    with connected(production, "hub") as client:
        assert client.server.MaximumPacketSize == 33_554_432


def test_a_keep_alive_that_is_too_long_is_shortened(production: Production) -> None:
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
    answers: list[Any] = []
    client.tls_set_context(production.tls)
    client.username_pw_set("hub", USERS["hub"])
    client.on_connect = lambda _client, _data, _flags, _reason, server: answers.append(server)
    client.connect("127.0.0.1", production.port, keepalive=3600)
    client.loop_start()
    answer = eventually(lambda: answers, what="an answer to CONNECT")[0]
    client.disconnect()
    client.loop_stop()

    assert answer.ServerKeepAlive == 60


@pytest.mark.parametrize(
    "what", ["event/watchpost.frame.v1", "media/capture", "live/visual", "state", "claim", "response/snapshot"]
)
def test_a_device_writes_what_is_its_own(production: Production, what: str) -> None:
    with connected(production, DEVICE) as device, connected(production, "hub") as hub:
        hub.subscribe("watchpost/v1/#")

        assert device.publish(f"watchpost/v1/{DEVICE}/{what}") == "Success"
        eventually(lambda: (f"watchpost/v1/{DEVICE}/{what}", b"x") in hub.received, what="the message at the hub")


@pytest.mark.parametrize(
    "topic",
    [
        "watchpost/v1/HEAD_OFFICE/CAFETERIA/event/watchpost.frame.v1",
        "watchpost/v1/HEAD_OFFICE/CAFETERIA/claim",
        f"watchpost/v1/{DEVICE}/watermark",
        f"watchpost/v1/{DEVICE}/command/restart",
        "watchpost/v1/_hub/head",
        "homeassistant/sensor/x/config",
    ],
)
def test_a_device_is_refused_what_is_not_its_own(production: Production, topic: str) -> None:
    with connected(production, DEVICE) as device, connected(production, "hub") as hub:
        hub.subscribe(topic)

        assert device.publish(topic) == "Not authorized"
        hub.publish(topic, b"from the hub")
        eventually(lambda: hub.received, what="the hub's own message")
        assert hub.received == [(topic, b"from the hub")]


def test_a_device_that_subscribes_to_everything_hears_only_what_is_meant_for_it(production: Production) -> None:
    with connected(production, DEVICE) as device, connected(production, "hub") as hub:
        device.subscribe("#")

        for name in ("HEAD_OFFICE/CAFETERIA", DEVICE):
            for what in ("event/watchpost.frame.v1", "command/snapshot", "claim", "watermark"):
                hub.publish(f"watchpost/v1/{name}/{what}")
        eventually(lambda: len(device.received) >= 3, what="three messages")

        assert [topic for topic, _payload in device.received] == [
            f"watchpost/v1/{DEVICE}/command/snapshot",
            f"watchpost/v1/{DEVICE}/claim",
            f"watchpost/v1/{DEVICE}/watermark",
        ]


def test_a_viewer_reads_everything_and_writes_nothing(production: Production) -> None:
    topic = f"watchpost/v1/{DEVICE}/event/watchpost.alert.v1"
    with connected(production, "viewer") as viewer, connected(production, "hub") as hub:
        viewer.subscribe("watchpost/v1/#")

        assert viewer.publish(topic) == "Not authorized"
        hub.publish(topic, b"from the hub")
        eventually(lambda: viewer.received, what="the hub's message")
        assert viewer.received == [(topic, b"from the hub")]


def test_web_sockets_ask_for_the_password_too(production: Production) -> None:
    with connected(production, "stranger", "websockets") as stranger, connected(production, "hub", "websockets") as hub:
        assert str(stranger.answer) == "Not authorized"
        assert str(hub.answer) == "Success"


def test_a_packet_beyond_the_limit_ends_the_connection_and_is_never_acknowledged(production: Production) -> None:
    with connected(production, DEVICE) as device:
        ended: list[object] = []
        device.paho.on_disconnect = lambda *_: ended.append("disconnected")

        mid = device.paho.publish(f"watchpost/v1/{DEVICE}/media/segment", bytes(33_554_433), qos=1).mid

        eventually(lambda: ended, what="the end of the connection")
        assert mid not in device.acknowledged


def test_both_configurations_set_the_same_limits() -> None:
    def limits(path: Path) -> dict[str, str]:
        options = re.findall(r"^(\w+) (.+)$", path.read_text(), re.MULTILINE)
        apart = {
            "allow_anonymous",
            "log_timestamp",
            "connection_messages",
            "log_type",
            "listener",
            "certfile",
            "keyfile",
        }
        apart |= {"tls_version", "protocol", "password_file", "acl_file"}
        return {option: value for option, value in options if option not in apart}

    assert limits(CONFIGURATION) == limits(Path("mosquitto/mosquitto.conf"))
    assert len(limits(CONFIGURATION)) == 11


def test_agent_ingest_and_gateway_work_as_users_of_their_own(production: Production, tmp_path: Path) -> None:
    """The whole way over TLS: outbox to journal, watermark back, and a command that the device may answer."""
    tls = Tls(ca_file=production.folder / "server.crt")
    hub = BrokerAddress(port=production.port, username="hub", password=USERS["hub"], tls=tls)
    device = BrokerAddress(port=production.port, username=DEVICE, password=USERS[DEVICE], tls=tls)
    source = device_source(*DEVICE.split("/"))
    commands: list[Incoming] = []
    options = Options(subscriptions=(command_topic(source, "snapshot"),))
    path = tmp_path / "node.sqlite"
    with (
        running_ingest(tmp_path / "hub", hub),
        Outbox(path, utc_now) as outbox,
        relaying(relay := Relay(path, device, utc_now, options, commands.append)),
    ):
        outbox.put(detection(3, source), medium(source=source), durable=True)
        relay.wake()
        eventually(lambda: len(journaled(tmp_path / "hub", DetectionEvent, MediaEvent)) == 2, within=20)
        eventually(lambda: relay.statistics()["failed_queue_size"] == 0, within=20, what="the watermark")

        answer = asyncio.run(_asked(hub, source, relay, commands))

    assert answer == b"done"


async def _asked(hub: BrokerAddress, source: str, relay: Relay, commands: list[Incoming]) -> bytes:
    """What the device answers to a command of the gateway."""
    bus = Bus(lambda: client_of(hub))
    running = asyncio.create_task(bus.run())
    try:
        async with asyncio.timeout(20):
            await asyncio.to_thread(eventually, lambda: bus.is_connected)
            async with bus.asked(command_topic(source, "snapshot"), b"{}") as reply:
                await asyncio.to_thread(eventually, lambda: commands)
                relay.say(Outgoing(commands[0].response_topic or "", b"done", correlation=commands[0].correlation))
                return await reply
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
