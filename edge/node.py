"""The agent of one machine: devices put into the outbox, the relay empties it, people change settings meanwhile."""

import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Final

import structlog

from bus_schemas.node import Command, Health, Heartbeat, Settings
from bus_schemas.topics import command_topic
from edge.adjustable import Adjustable
from edge.building import Surroundings
from edge.commands import NAMES, SETTINGS, SNAPSHOT, Refused, Request, adjusted, command_of, read_request
from edge.device import Device
from edge.identity.alone import Alone
from edge.identity.guard import Guard, guarding
from edge.identity.instance import Instance
from edge.identity.lock import held
from edge.kept import SettingsFile
from edge.settings import NodeSettings
from edge.system_load import system_load
from edge.telling import Telling
from producer.bounds import Limits
from producer.broker import BrokerAddress
from producer.clock import DisciplinedClock
from producer.disk_id import disk_id
from producer.ids import Clock, utc_now
from producer.outbox import Outbox
from producer.presence import Presences
from producer.relay import Options, Relay
from producer.session import Incoming, Outgoing
from producer.tables import Draft

LOOK_SECONDS: Final = 0.25
HEALTH_SECONDS: Final = 10.0
HEARTBEAT_SECONDS: Final = 10.0
JOIN_SECONDS: Final = 0.5
CONFIGURATION: Final = "configuration"

log = structlog.get_logger(__name__)


def run(
    settings: NodeSettings,
    broker: BrokerAddress,
    data: Path,
    stopping: threading.Event,
    wall: Clock = utc_now,
    environ: Mapping[str, str] | None = None,
) -> None:
    """Until `stopping`. Raises when a thread of ours has failed: then the process is to be started again.

    `wall` is the clock of the machine, which may be set at any time; that of the events is disciplined. Raises
    `IdentityTaken` when another agent has the outbox or the devices.
    """
    path = data / "outbox" / f"{settings.node}.sqlite"
    clock = DisciplinedClock(wall)
    instance = Instance.begin(settings.node, clock())
    environ = dict(os.environ) if environ is None else environ
    with held(path.with_suffix(".lock"), instance) as lock:
        guard = Guard(instance, [device.source for device in settings.devices], broker)
        limits = Limits(settings.max_outbox_bytes, settings.tail_bytes, timedelta(hours=settings.tail_hours))
        inbox: SimpleQueue[Incoming] = SimpleQueue()
        topics = [command_topic(device.source, name) for device in settings.devices for name in NAMES]
        options = Options(settings.bytes_per_s, settings.compress, limits, tuple(topics))
        relay = Relay(path, broker, clock, options, inbox.put, allowed=lambda: guard.established)
        with Outbox(path, clock, limits, relay.wake) as outbox, relaying(relay) as thread, guarding(guard):
            if not lock.is_ours:
                # What is observed now by two would be two truths. Who was alone here before may begin at once.
                guard.wait(stopping.is_set)
            around = Surroundings(clock, stopping.wait, environ, clock())
            node = Node(settings, Telling(outbox, clock, guard.sources), relay, around, data)
            with Presences(guard.sources, broker, clock) as presences, node.running(stopping):
                _watch(node, inbox, thread, Alone(guard, lock, presences), stopping)


def _watch(
    node: "Node",
    inbox: "SimpleQueue[Incoming]",
    relay: threading.Thread,
    alone: Alone,
    stopping: threading.Event,
) -> None:
    while not stopping.is_set():
        alone.look()
        node.look()
        if not relay.is_alive():
            raise RelayFailed("the relay failed")
        node.answer(inbox)


class RelayFailed(RuntimeError):
    """The thread of the relay has ended by a fault of ours; what it was is in the log."""


@contextmanager
def relaying(relay: Relay) -> Iterator[threading.Thread]:
    ended = threading.Event()
    thread = threading.Thread(target=relay.run, args=(ended,), name="relay", daemon=True)
    thread.start()
    try:
        yield thread
    finally:
        ended.set()
        relay.wake()
        thread.join()


class Node:
    """Used by the main thread of the agent."""

    def __init__(
        self, settings: NodeSettings, telling: Telling, relay: Relay, around: Surroundings, data: Path
    ) -> None:
        self._telling = telling
        self._relay = relay
        self._around = around
        self._data = data
        self._file = SettingsFile(data / "agent" / f"{settings.node}.json")
        self._devices: dict[tuple[str, str], Device] = {}
        self._healths: dict[str, Health] = {}
        self._began = time.monotonic()
        self._health_at = self._heartbeat_at = -HEALTH_SECONDS
        for device in settings.devices:
            author = telling.authors[device.source]
            adjustable = self._file.current(author.source, device.adjustable())
            self._devices[device.site, device.device] = Device(
                device, adjustable, author, around, telling.put, self._show
            )

    @contextmanager
    def running(self, stopping: threading.Event) -> Iterator[None]:
        """The devices' threads; at the end what they still had goes to the outbox, with a last heartbeat."""
        for device in self._devices.values():
            self._tell_settings(device)
            device.start(stopping)
        log.info("agent started", devices=len(self._devices))
        try:
            yield
        finally:
            stopping.set()
            for device in self._devices.values():
                device.join(JOIN_SECONDS)
            self._tell_health(all_of_them=True)
            self._telling.put([self._heartbeat(device, "stopping") for device in self._devices.values()])
            log.info("agent stopped")

    def look(self) -> None:
        """See whether all is well, and tell of it when it has changed and every ten seconds."""
        self._telling.tell_steps()
        now = time.monotonic()
        for device in self._devices.values():
            device.check()
        regular = now - self._health_at >= HEALTH_SECONDS
        if regular:
            self._health_at = now
        self._tell_health(all_of_them=regular)
        if now - self._heartbeat_at >= HEARTBEAT_SECONDS:
            self._heartbeat_at = now
            self._telling.put([self._heartbeat(device, "online") for device in self._devices.values()])

    def answer(self, inbox: "SimpleQueue[Incoming]") -> None:
        """Wait a moment for a command, and do it."""
        try:
            message = inbox.get(timeout=LOOK_SECONDS)
        except Empty:
            return
        found = command_of(message.topic)
        if found is None or found[:2] not in self._devices:
            return
        self._do(self._devices[found[:2]], found[2], message)

    def _do(self, device: Device, name: str, message: Incoming) -> None:
        try:
            request = read_request(message.payload)
            self._carry_out(device, name, request)
        except Refused as refused:
            outcome = Command(
                request_id=refused.request_id, name=name, state="failed", by=refused.by, detail=str(refused)
            )
        else:
            outcome = Command(request_id=request.request_id, name=name, state="done", by=request.person)
        draft = device.author.event(outcome, self._around.clock())
        # Whoever asked is told only what is certain to be told to everybody.
        self._telling.put([draft], durable=True)
        if message.response_topic is not None:
            self._relay.say(
                Outgoing(
                    message.response_topic,
                    outcome.model_dump_json(exclude_none=True).encode(),
                    "application/json",
                    correlation=message.correlation,
                )
            )
        log.info("command", device=device.settings.device, name=name, state=outcome.state, detail=outcome.detail)

    def _carry_out(self, device: Device, name: str, request: Request) -> None:
        if name == SNAPSHOT:
            device.capture_now()
        elif name == SETTINGS:
            changed = adjusted(device.adjustable, request)
            self._file.keep(device.author.source, changed)
            device.apply(changed)
            sections = {section: value for section, value in dump(changed).items() if section in request.settings}
            data = Settings(changed_by=request.person, settings=sections, request_id=request.request_id)
            self._telling.put([device.author.event(data, self._around.clock())])
            self._file.tell(device.author.source, changed)

    def _tell_settings(self, device: Device) -> None:
        """What holds now, where that is not what was told last: at first, and after the configuration has changed."""
        source = device.author.source
        if self._file.told(source) == device.adjustable:
            return
        data = Settings(changed_by=CONFIGURATION, settings=dump(device.adjustable))
        self._telling.put([device.author.event(data, self._around.clock())], durable=True)
        self._file.tell(source, device.adjustable)

    def _tell_health(self, *, all_of_them: bool) -> None:
        drafts = []
        for device in self._devices.values():
            health = device.health()
            before = self._healths.get(device.author.source)
            if all_of_them or before is None or (before.status, before.reason) != (health.status, health.reason):
                self._healths[device.author.source] = health
                drafts.append(device.author.event(health, self._around.clock()))
        self._telling.put(drafts)

    def _heartbeat(self, device: Device, status: Any) -> Draft:
        data = Heartbeat(
            status=status,
            uptime_s=round(time.monotonic() - self._began, 1),
            system=system_load(self._data),
            disk_id=disk_id(self._data),
            outbox_rows=int(self._relay.statistics()["failed_queue_size"]),
            outbox_bytes=self._telling.outbox_bytes,
        )
        return device.author.event(data, self._around.clock())

    def _show(self, topic: str, jpeg: bytes) -> None:
        self._relay.say(Outgoing(topic, jpeg, "image/jpeg", qos=0))


def dump(adjustable: Adjustable) -> dict[str, Any]:
    return adjustable.model_dump(mode="json")
