"""What the configuration for more than one machine promises, held against a real mosquitto."""

import re
import shutil
from pathlib import Path
from typing import Any, Literal

import paho.mqtt.client as mqtt
import pytest
import yaml
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from bus_schemas.event import device_source
from bus_schemas.topics import command_topic
from mosquitto.launcher import accepts, free_port
from producer.broker import Tls
from producer.client_ids import draw_client_id
from tests.eventually import eventually
from tests.production_broker import CONFIGURATION, configured, make_secrets, started
from tests.production_clients import DEVICE, OTHER, PASSWORDS, SECRETS, USERS, Production, connected, own_address
from tests.running_ingest import running_ingest


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
