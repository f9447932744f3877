"""Agent, ingest and gateway as users of the broker of production, and what they say when it refuses them."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import structlog.testing

from bus_schemas.camera import DetectionEvent
from bus_schemas.codec import to_bytes
from bus_schemas.event import device_source
from bus_schemas.media import MediaEvent
from bus_schemas.topics import command_topic
from edge.agent.relay_thread import relaying
from gateway.messages.bus import Bus, BusRefuses, client_of
from producer.broker import BrokerAddress, Tls
from producer.ids import utc_now
from producer.outbox.outbox import Outbox
from producer.relay.bus_messages import Incoming, Outgoing
from producer.relay.relay import Relay, RelayOptions
from tests import builders
from tests.eventually import eventually
from tests.node_parts import detection, medium
from tests.production_clients import AGENT, DEVICE, Production, connected, own_address
from tests.running_ingest import journaled, running_ingest


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
