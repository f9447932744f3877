"""Runs the agent of one machine: its devices, outbox, relay, commands, health events and heartbeats."""

import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Final

import structlog

from bus_schemas.node import HEARTBEAT_EVERY_S, Health, HeartbeatStatus, Settings
from bus_schemas.settings import AdjustableSettings
from edge.agent.command_handler import CommandHandler
from edge.agent.context import AgentContext
from edge.agent.defaults import HEALTH_EVERY_S
from edge.agent.device import DeviceRunner
from edge.agent.enrolment.remote import RemoteConfiguration, tend
from edge.agent.event_emitter import EventEmitter
from edge.agent.health import has_changed
from edge.agent.heartbeats import Heartbeats
from edge.agent.host import Host
from edge.agent.identity.guard import IdentityGuard, guarding
from edge.agent.identity.identity_check import IdentityCheck
from edge.agent.identity.instance import IdentityTaken, Instance
from edge.agent.identity.outbox_lock import outbox_lock
from edge.agent.outbox_place import DiskReturn, outbox_place
from edge.agent.relay_thread import OutboxWatch, relay_options, relaying, sending_leftovers
from edge.agent.settings import NodeSettings
from edge.agent.settings_store import SettingsStore
from edge.agent.settings_trial import trouble_with
from edge.agent.supervision import Supervision
from edge.agent.watchdog import Watchdog
from producer.backoff import Backoff, Retry
from producer.broker import BrokerAddress
from producer.clock import DisciplinedClock
from producer.ids import Clock, utc_now
from producer.outbox.outbox import Outbox
from producer.outbox.tables import Draft
from producer.relay.presence import DevicePresences
from producer.relay.relay import Relay
from producer.relay.session import Incoming, Outgoing

POLL_EVERY_S: Final = 0.25
JOIN_S: Final = 1.0
FINISH_S: Final = 4.5
FINISH_EACH_S: Final = 0.02
"""How long all devices together may take to end, then to finish what is open, as on a busy machine, and each of them at
a time. One that hangs must not cost the others their last events.
"""
LAST_COMMIT_S: Final = 0.5
LAST_SENDING_S: Final = 0.5
"""Time to send the last events, so that the hub knows of the stop now and not at the next start."""
RESTART: Final = Backoff(1.0, 60.0)
CONFIGURATION: Final = "configuration"

log = structlog.get_logger(__name__)


def run(
    settings: NodeSettings,
    broker: BrokerAddress,
    data: Path,
    stopping: threading.Event,
    wall: Clock = utc_now,
    environ: Mapping[str, str] | None = None,
    remote: RemoteConfiguration | None = None,
) -> bool:
    """Run until `stopping`. A failure of the agent itself, its outbox or its relay is logged, and it starts again.

    `wall` is the clock of the machine, which may be set at any time; events use a disciplined clock. Raises
    `IdentityTaken` when another agent has the outbox or the devices. True where the process is to start again.
    """
    environ = dict(os.environ) if environ is None else environ
    retry = Retry(RESTART)
    with Watchdog.of(environ, settings.hardware_watchdog) as watchdog:
        host = Host(wall, environ, watchdog, remote)
        while not stopping.is_set():
            began = time.monotonic()
            try:
                if _live(settings, broker, data, stopping, host):
                    return True
            except IdentityTaken:
                raise
            except Exception as error:
                if time.monotonic() - began >= RESTART.longest_s:
                    retry.reset()
                    host.disk_failures.clear()
                host.failed(error)
                pause_s = retry.next_s()
                log.exception("agent failed, begins anew", node=settings.node, retry_s=round(pause_s, 1))
                if remote is not None and remote.failed(error):
                    return True
                watchdog.reset()
                watchdog.wait(stopping, pause_s)
    return False


def _live(
    settings: NodeSettings,
    broker: BrokerAddress,
    data: Path,
    stopping: threading.Event,
    host: Host,
) -> bool:
    """Returns whether the process is to start again."""
    place = outbox_place(data, settings, host.disk_failure)
    clock = DisciplinedClock(host.wall)
    instance = Instance.begin(settings.node, clock())
    with outbox_lock(place.path.with_suffix(".lock"), instance) as lock:
        guard = IdentityGuard(instance, [device.source for device in settings.devices], broker)
        inbox: SimpleQueue[Incoming] = SimpleQueue()
        options = relay_options(settings, broker, place.limits, is_enrolled=host.remote is not None)
        take = inbox.put if host.remote is None else host.remote.before(inbox.put)
        relay = Relay(place.path, broker, clock, options, take, allowed=lambda: guard.established)
        with (
            Outbox(place.path, clock, place.limits, relay.wake, place.room, is_exclusive=True) as outbox,
            relaying(relay) as thread,
            guarding(guard),
            sending_leftovers(place.leftovers, broker, clock, options, lambda: guard.established),
        ):
            if not lock.is_ours:
                # Two agents must not observe one device. An agent that had the identity here before may start at once.
                guard.wait(stopping.is_set)
            ending = threading.Event()
            context = AgentContext(clock, ending.wait, host.environ, clock(), settings.node)
            context.troubles.extend((lambda: place.trouble, lambda: guard.trouble))
            node = Agent(settings, EventEmitter(outbox, clock, guard.sources), relay, context, data, host.watchdog)
            with DevicePresences(guard.sources, broker, clock) as presences, node.running(ending):
                watch = OutboxWatch(thread, DiskReturn(place, data / "outbox"))
                return _supervise(node, inbox, watch, IdentityCheck(guard, lock, presences), stopping, host)


def _supervise(
    node: "Agent",
    inbox: "SimpleQueue[Incoming]",
    outbox: OutboxWatch,
    identity: IdentityCheck,
    stopping: threading.Event,
    host: Host,
) -> bool:
    """Returns whether the process is to start again."""
    remote = host.remote
    while not stopping.is_set():
        if node.wants_restart or (remote is not None and remote.wants_restart):
            return True
        identity.poll()
        node.poll()
        if remote is not None:
            node.tend(remote, is_connected=identity.guard.established)
        if outbox.poll():
            host.disk_is_back()
            return False
        node.answer(inbox)
    return False


class Agent:
    """Used by the main thread of the agent."""

    def __init__(
        self,
        settings: NodeSettings,
        emitter: EventEmitter,
        relay: Relay,
        context: AgentContext,
        data: Path,
        watchdog: Watchdog,
    ) -> None:
        self._emitter = emitter
        self._relay = relay
        self._context = context
        self._store = SettingsStore(
            data / "agent" / f"{settings.node}.json", [device.source for device in settings.devices]
        )
        self._devices: dict[tuple[str, str], DeviceRunner] = {}
        self._beats = Heartbeats(settings.node, data, emitter, relay, context.thinning)
        self._healths: dict[str, Health] = {}
        self._health_at = self._heartbeat_at = -HEALTH_EVERY_S
        for device in settings.devices:
            event_factory = emitter.event_factories[device.source]
            adjustable = self._fitting(event_factory.source, device.adjustable())
            self._devices[device.site, device.device] = DeviceRunner(
                device, adjustable, event_factory, context, emitter.put, self._show
            )
        restarts = data / "agent" / f"{settings.node}.restart"
        self._supervision = Supervision(self._devices, emitter, context, watchdog, restarts)
        self._commands = CommandHandler(self._devices, self._store, emitter, relay.publish, context)

    @contextmanager
    def running(self, ending: threading.Event) -> Iterator[None]:
        """Run the threads of the devices. At the end, put their last events and a last heartbeat into the outbox."""
        for device in self._devices.values():
            self._emit_settings(device)
            device.start(ending)
        log.info("agent started", devices=len(self._devices))
        try:
            yield
        finally:
            ending.set()
            until = time.monotonic() + JOIN_S
            for device in self._devices.values():
                device.join(until)
            self._finish(time.monotonic() + FINISH_S)
            self._emit_health(all_of_them=True)
            self._emitter.put(self._heartbeats("stopping"))
            if self._emitter.is_committed(LAST_COMMIT_S):
                self._relay.drain(LAST_SENDING_S)
            log.info("agent stopped")

    def _finish(self, until_s: float) -> None:
        working = list(self._devices.values())
        while working and time.monotonic() < until_s:
            working = [device for device in working if not device.finish(FINISH_EACH_S)]
        for device in self._devices.values():
            device.abandon()

    @property
    def wants_restart(self) -> bool:
        """Whether somebody asked for a new start of the agent, or only that frees a thread that hangs."""
        return self._commands.restart_asked or self._supervision.restart_needed

    def poll(self) -> None:
        """Emit health when it changes and every ten seconds, and heartbeats."""
        self._emitter.emit_clock_steps()
        self._commands.poll()
        self._supervision.poll()
        now = time.monotonic()
        regular = now - self._health_at >= HEALTH_EVERY_S
        if regular:
            self._health_at = now
        self._emit_health(all_of_them=regular)
        if self._beats.has_link_changed(now) or now - self._heartbeat_at >= HEARTBEAT_EVERY_S:
            self._heartbeat_at = now
            self._emitter.put(self._heartbeats("online"))

    def tend(self, remote: RemoteConfiguration, *, is_connected: bool) -> None:
        tend(remote, list(self._devices.values()), self._emitter, self._context.clock(), is_connected=is_connected)

    def answer(self, inbox: "SimpleQueue[Incoming]") -> None:
        """Wait a moment for a command, and carry it out."""
        with suppress(Empty):
            self._commands.answer(inbox.get(timeout=POLL_EVERY_S))

    def _fitting(self, source: str, configured: AdjustableSettings) -> AdjustableSettings:
        """The changed settings where they still work, otherwise the configured ones."""
        current = self._store.current(source, configured)
        if current is not configured and (trouble := trouble_with(current)) is not None:
            self._store.set_aside(source, trouble)
            return configured
        return current

    def _emit_settings(self, device: DeviceRunner) -> None:
        """Emit the settings in force unless the last settings event has the same: at first, and after the configuration
        changed.
        """
        source = device.event_factory.source
        if self._store.sent(source) == device.adjustable:
            return
        data = Settings(changed_by=CONFIGURATION, settings=device.adjustable.model_dump(mode="json"))
        self._emitter.put([device.event_factory.event(data, self._context.clock())], durable=True)
        try:
            self._store.was_sent(source, device.adjustable)
        except OSError as error:
            log.warning("settings cannot be written", reason=error.strerror)

    def _emit_health(self, *, all_of_them: bool) -> None:
        drafts = []
        for device in self._devices.values():
            health = self._health(device)
            before = self._healths.get(device.event_factory.source)
            if health.status == "not_started":
                # The hub would take it for offline; the real state shows within seconds.
                continue
            if all_of_them or has_changed(before, health):
                self._healths[device.event_factory.source] = health
                drafts.append(device.event_factory.event(health, self._context.clock()))
        self._emitter.put(drafts)

    def _health(self, device: DeviceRunner) -> Health:
        """The health of the sources; where they are healthy, another fault of the device."""
        health = device.health()
        source = device.event_factory.source
        trouble = (
            self._store.trouble(source) or self._relay.trouble(source) or self._emitter.trouble or self._context.trouble
        )
        if health.status == "healthy" and trouble is not None:
            return health.model_copy(update={"status": "degraded", "reason": trouble})
        return health

    def _heartbeats(self, status: HeartbeatStatus) -> list[Draft]:
        now = self._context.clock()
        return self._beats.drafts(status, self._devices.values(), self._supervision.restarts_of, now)

    def _show(self, topic: str, payload: bytes, content_type: str = "image/jpeg") -> None:
        self._relay.publish(Outgoing(topic, payload, content_type, qos=0))
