"""What the configuration for more than one machine promises, held against a real mosquitto."""

import asyncio
import re
import shutil
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import paho.mqtt.client as mqtt
import pytest
import structlog.testing
import yaml
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from bus_schemas.camera import DetectionEvent
from bus_schemas.codec import to_bytes
from bus_schemas.event import device_source
from bus_schemas.media import MediaEvent
from bus_schemas.topics import command_topic
from edge.agent.relay_thread import relaying
from gateway.messages.bus import Bus, BusRefuses, client_of
from mosquitto.launcher import BrokerMissing, accepts, free_port, mosquitto_path
from producer.broker import BrokerAddress, Tls
from producer.client_ids import draw_client_id
from producer.ids import utc_now
from producer.outbox.outbox import Outbox
from producer.relay.relay import Relay, RelayOptions
from producer.relay.session import Incoming, Outgoing
from tests import builders
from tests.eventually import eventually
from tests.node_parts import detection, medium
from tests.production_broker import CONFIGURATION, configured, installed, make_secrets, started
from tests.required import missing
from tests.running_ingest import journaled, running_ingest

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


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Production]:
    try:
        mosquitto_path()
    except BrokerMissing as absent:
        missing(str(absent))
    folder = tmp_path_factory.mktemp("production")
    port, own_port, websockets_port = free_port(), free_port(), free_port()
    configuration = installed(folder, {8883: port, 8884: own_port, 9883: websockets_port}, SECRETS)
    with started(configuration, port) as tls:
        yield Production(port, own_port, websockets_port, tls, folder)


@pytest.mark.usefixtures("production")  # which needs a mosquitto
def test_the_broker_of_the_containers_finds_what_is_mounted_for_it(tmp_path: Path) -> None:
    deploy, container = tmp_path / "project" / "deploy", tmp_path / "container"
    shutil.copytree("mosquitto", tmp_path / "project" / "mosquitto")
    (deploy / "etc").mkdir(parents=True)
    make_secrets(deploy / "etc", SECRETS)
    for volume in yaml.safe_load(Path("deploy/compose.yaml").read_text())["services"]["broker"]["volumes"]:
        source, target, _ = volume.split(":")
        place = container / target.removeprefix("/etc/watchpost/")
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(deploy / source, place)
    ports = {port: free_port() for port in (8883, 8884, 9883)}

    with started(configured(container, ports), ports[8883]) as tls:
        broker = Production(ports[8883], ports[8884], ports[9883], tls, container)
        with connected(broker, "hub") as client:
            assert str(client.answer) == "Success"
        with connected(broker, "viewer") as client:
            assert client.publish(command_topic(device_source("HEAD_OFFICE", "X"), "snapshot")) == "Not authorized"


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
    client.username_pw_set("viewer", USERS["viewer"])
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


WRITERS = {
    f"watchpost/v1/{DEVICE}/event/frame": {DEVICE},
    f"watchpost/v1/{DEVICE}/event/batch": {DEVICE},
    f"watchpost/v1/{DEVICE}/media/capture": {DEVICE},
    f"watchpost/v1/{DEVICE}/state": {DEVICE},
    f"watchpost/v1/{DEVICE}/live/visual": {DEVICE},
    f"watchpost/v1/{DEVICE}/claim": {DEVICE},
    f"watchpost/v1/{DEVICE}/response/asker": {DEVICE},
    f"watchpost/v1/{OTHER}/event/frame": {OTHER},
    f"watchpost/v1/{OTHER}/media/capture": {OTHER},
    f"watchpost/v1/{OTHER}/state": {OTHER},
    f"watchpost/v1/{OTHER}/claim": {OTHER},
    f"watchpost/v1/{DEVICE}/watermark": {"hub"},
    f"watchpost/v1/{DEVICE}/condition": {"hub"},
    f"watchpost/v1/{OTHER}/watermark": {"hub"},
    f"watchpost/v1/{DEVICE}/command/settings": {"gateway"},
    f"watchpost/v1/{OTHER}/command/snapshot": {"gateway"},
    "watchpost/v1/HEAD_OFFICE/_hub/event/incident": {"hub"},
    "watchpost/v1/HEAD_OFFICE/_hub/event/alert": {"hub"},
    "watchpost/v1/_hub/_hub/event/retention": {"hub"},
    "watchpost/v1/HEAD_OFFICE/_gateway/event/alert": {"gateway"},
    "watchpost/v1/_hub/_gateway/event/command": {"gateway"},
    "watchpost/v1/_hub/_hub/event/heartbeat": {"hub"},
    "watchpost/v1/HEAD_OFFICE/_hub/media/capture": set[str](),
    "watchpost/v1/HEAD_OFFICE/_hub/state": set[str](),
    "watchpost/v1/_hub/head": {"hub"},
    "watchpost/v1/_hub/ingest": {"hub"},
    "watchpost/v1/_hub/condition": {"gateway"},
    "watchpost/v1/_hub/faults/alerts": {"hub"},
    "watchpost/v1/_hub/faults/gateway": {"hub", "gateway"},
    "homeassistant/sensor/x/config": {"hub"},
    "watchpost/v2/HEAD_OFFICE/EMPLOYEE_AREA/event/frame": set[str](),
    "$SYS/broker/uptime": set[str](),
}
"""By topic, which users may write there; nobody else."""


@pytest.mark.parametrize("user", sorted(PASSWORDS))
def test_a_user_writes_only_what_is_its_own_retained_or_not(production: Production, user: str) -> None:
    with connected(production, user) as client:
        for topic, writers in WRITERS.items():
            answers = {client.publish(topic, retain=False), client.publish(topic, retain=True)}
            # What was retained is taken away again, for the tests that follow.
            client.publish(topic, b"", retain=True)
            assert ("Not authorized" in answers) == (user not in writers), topic
            assert len(answers) == 1 or user in writers, topic


def test_what_a_device_is_refused_reaches_nobody(production: Production) -> None:
    topic = f"watchpost/v1/{DEVICE}/watermark"
    with connected(production, DEVICE) as device, connected(production, "hub") as hub:
        hub.subscribe(topic)

        assert device.publish(topic) == "Not authorized"
        hub.publish(topic, b"from the hub")
        eventually(lambda: hub.received, what="the hub's own message")
        assert hub.received == [(topic, b"from the hub")]


def test_a_device_that_subscribes_to_everything_hears_only_what_is_meant_for_it(production: Production) -> None:
    with (
        connected(production, DEVICE) as device,
        connected(production, OTHER) as other,
        connected(production, "hub") as hub,
        connected(production, "gateway") as gateway,
    ):
        device.subscribe("#")

        other.publish(f"watchpost/v1/{OTHER}/event/frame")
        for name in (OTHER, DEVICE):
            gateway.publish(f"watchpost/v1/{name}/command/snapshot")
            hub.publish(f"watchpost/v1/{name}/watermark")
        device.publish(f"watchpost/v1/{DEVICE}/claim")
        eventually(lambda: len(device.received) >= 3, what="three messages")

        assert [topic for topic, _payload in device.received] == [
            f"watchpost/v1/{DEVICE}/command/snapshot",
            f"watchpost/v1/{DEVICE}/watermark",
            f"watchpost/v1/{DEVICE}/claim",
        ]


def test_a_viewer_reads_everything(production: Production) -> None:
    topic = "watchpost/v1/HEAD_OFFICE/_hub/event/alert"
    with connected(production, "viewer") as viewer, connected(production, "hub") as hub:
        viewer.subscribe("watchpost/v1/#")

        hub.publish(topic, b"from the hub")
        eventually(lambda: (topic, b"from the hub") in viewer.received, what="the hub's message")


@pytest.mark.parametrize("transport", ["tcp", "websockets"])
def test_nobody_ends_the_connection_of_another_by_bringing_its_client_id(
    production: Production, transport: Literal["tcp", "websockets"]
) -> None:
    with connected(production, OTHER, client_id=OTHER) as victim:
        for client_id in (OTHER, "", "anything"):
            with connected(production, DEVICE, transport, client_id=client_id) as thief:
                assert str(thief.answer) == "Success"

        assert victim.publish(f"watchpost/v1/{OTHER}/event/frame") != "Not authorized"
        assert victim.ended == []


def test_a_stolen_password_of_a_device_does_not_take_over_ingest(production: Production, tmp_path: Path) -> None:
    """Also where the thief knows the client id, which only the log of the broker tells."""
    tls = Tls(ca_file=production.folder / "server.crt")
    with running_ingest(tmp_path, own_address(production, "hub", tls)), connected(production, "viewer") as viewer:
        viewer.subscribe("watchpost/v1/_hub/ingest")
        eventually(lambda: viewer.received, what="a word of ingest")
        client_id = re.findall(r" as (watchpost-ingest-[0-9a-f]{32}) ", (production.folder / "log").read_text())[-1]

        with connected(production, DEVICE, client_id=client_id) as thief:
            assert str(thief.answer) == "Success"
        with connected(production, DEVICE, port=production.own_port, client_id=client_id) as thief:
            assert str(thief.answer) == "Not authorized"

        viewer.received.clear()
        eventually(lambda: viewer.received, what="another word of ingest")
        log = (production.folder / "log").read_text()
        assert f"Client {client_id} already connected" not in log
        assert f"Client {client_id} disconnected" not in log


def test_no_client_id_of_ours_can_be_guessed() -> None:
    drawn = {draw_client_id("relay") for _ in range(1000)}

    assert len(drawn) == 1000
    assert all(re.fullmatch(r"watchpost-relay-[0-9a-f]{32}", one) for one in drawn)


def test_web_sockets_ask_for_the_password_too(production: Production) -> None:
    with connected(production, "stranger", "websockets") as stranger:
        assert str(stranger.answer) == "Not authorized"
    with connected(production, "viewer", "websockets") as viewer:
        assert str(viewer.answer) == "Success"


def test_a_packet_beyond_the_limit_ends_the_connection_and_is_never_acknowledged(production: Production) -> None:
    with connected(production, DEVICE) as device:
        mid = device.paho.publish(f"watchpost/v1/{DEVICE}/media/segment", bytes(33_554_433), qos=1).mid

        eventually(lambda: device.ended, what="the end of the connection")
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
            "max_connections",
            "certfile",
            "keyfile",
        }
        apart |= {"tls_version", "protocol", "password_file", "acl_file"}
        apart |= {"per_listener_settings", "use_username_as_clientid"}
        return {option: value for option, value in options if option not in apart}

    assert limits(CONFIGURATION) == limits(Path("mosquitto/mosquitto.conf"))
    assert len(limits(CONFIGURATION)) == 11


def own_address(production: Production, user: str, tls: Tls) -> BrokerAddress:
    return BrokerAddress(port=production.own_port, username=user, password=OWN_USERS[user], tls=tls)


def test_agent_ingest_and_gateway_work_as_users_of_their_own(production: Production, tmp_path: Path) -> None:
    """The whole way over TLS: outbox to journal, watermark back, and a command that the device may answer."""
    tls = Tls(ca_file=production.folder / "server.crt")
    hub, gateway, device = (own_address(production, user, tls) for user in ("hub", "gateway", AGENT))
    source = device_source(*AGENT.split("/"))
    commands: list[Incoming] = []
    options = RelayOptions(subscriptions=(command_topic(source, "snapshot"),))
    path = tmp_path / "node.sqlite"
    with (
        running_ingest(tmp_path / "hub", hub),
        Outbox(path, utc_now) as outbox,
        relaying(relay := Relay(path, device, utc_now, options, commands.append)),
    ):
        outbox.put(detection(3, source), medium(source=source), durable=True)
        relay.wake()
        eventually(lambda: len(journaled(tmp_path / "hub", DetectionEvent, MediaEvent)) == 2)
        eventually(lambda: relay.statistics()["failed_queue_size"] == 0, what="the watermark")

        answer = asyncio.run(_asked(gateway, source, relay, commands))

    assert answer == b"done"
    with connected(production, "viewer") as viewer, connected(production, "hub") as other:
        viewer.subscribe("watchpost/v1/+/+/command/#")
        viewer.subscribe("homeassistant/marker")
        other.publish("homeassistant/marker", b"after whatever is retained")
        eventually(lambda: viewer.received, what="the marker")
        assert [topic for topic, _ in viewer.received] == ["homeassistant/marker"]


async def _asked(gateway: BrokerAddress, source: str, relay: Relay, commands: list[Incoming]) -> bytes:
    """What the device answers to a command of the gateway."""
    bus = Bus(lambda: client_of(gateway))
    running = asyncio.create_task(bus.run())
    try:
        async with asyncio.timeout(20):
            await asyncio.to_thread(eventually, lambda: bus.is_connected)
            async with bus.asked(command_topic(source, "snapshot"), b"{}") as reply:
                await asyncio.to_thread(eventually, lambda: commands)
                relay.publish(Outgoing(commands[0].response_topic or "", b"done", correlation=commands[0].correlation))
                return await reply
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


def test_a_relay_that_may_not_write_a_topic_says_so_with_topic_and_user(production: Production, tmp_path: Path) -> None:
    tls = Tls(ca_file=production.folder / "server.crt")
    path = tmp_path / "node.sqlite"
    with (
        structlog.testing.capture_logs() as logged,
        Outbox(path, utc_now) as outbox,
        relaying(relay := Relay(path, own_address(production, AGENT, tls), utc_now)),
    ):
        outbox.put(detection(3, device_source(*DEVICE.split("/"))), durable=True)
        relay.wake()
        said = eventually(lambda: [line for line in logged if line["log_level"] == "error"])

    assert said[0] == {
        "event": "broker refuses a topic",
        "topic": f"watchpost/v1/{DEVICE}/event/detection",
        "user": AGENT,
        "reason": "Not authorized",
        "log_level": "error",
    }


def test_a_relay_with_a_wrong_password_says_so_with_its_user(production: Production, tmp_path: Path) -> None:
    tls = Tls(ca_file=production.folder / "server.crt")
    wrong = replace(own_address(production, AGENT, tls), password="wrong")
    with structlog.testing.capture_logs() as logged, relaying(Relay(tmp_path / "node.sqlite", wrong, utc_now)):
        said = eventually(lambda: [line for line in logged if line["log_level"] == "error"])

    assert said[0]["event"] == "broker refuses the connection"
    assert (said[0]["user"], said[0]["reason"]) == (AGENT, "refused: Not authorized")


def test_an_ingest_that_may_not_write_a_topic_says_so(production: Production, tmp_path: Path) -> None:
    """With the user of the gateway it hears everything, and may not say what is safe."""
    tls = Tls(ca_file=production.folder / "server.crt")
    detected = to_bytes(builders.frame(site="HEAD_OFFICE", device="EMPLOYEE_AREA", epoch="one", sequence=1))
    with (
        structlog.testing.capture_logs() as logged,
        connected(production, DEVICE) as device,
        running_ingest(tmp_path, own_address(production, "gateway", tls)),
    ):

        def refused() -> list[Any]:
            device.publish(f"watchpost/v1/{DEVICE}/event/frame", detected)
            return [line for line in logged if line["event"] == "broker refuses a topic"]

        said = eventually(refused)

    assert (said[0]["topic"], said[0]["user"]) == (f"watchpost/v1/{DEVICE}/watermark", "gateway")
    assert said[0]["reason"] == "reason code 0x87"


def test_a_gateway_that_may_not_write_a_topic_is_told(production: Production) -> None:
    address = own_address(production, "hub", Tls(ca_file=production.folder / "server.crt"))
    topic = f"watchpost/v1/{DEVICE}/command/snapshot"

    async def ask() -> None:
        bus = Bus(lambda: client_of(address))
        running = asyncio.create_task(bus.run())
        try:
            await asyncio.to_thread(eventually, lambda: bus.is_connected)
            await bus.publish("watchpost/v1/_hub/head", b"{}")
            await bus.publish(topic, b"{}")
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running

    with pytest.raises(BusRefuses, match=f"does not let the gateway write {topic}"):
        asyncio.run(ask())
