"""The agent of one machine while it runs: its devices, commands, settings, health events and heartbeats."""

import threading
import time
from collections.abc import Iterator
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
from edge.agent.device import VIDEO_TYPE, DeviceRunner
from edge.agent.enrolment.remote import RemoteConfiguration, tend
from edge.agent.event_emitter import EventEmitter
from edge.agent.health import has_changed
from edge.agent.heartbeats import Heartbeats
from edge.agent.outbox_place import MemoryFolder, outbox_on_disk
from edge.agent.recovery import AgentRestarts
from edge.agent.settings import NodeSettings
from edge.agent.settings_store import SettingsStore
from edge.agent.settings_trial import trouble_with
from edge.agent.supervision import Supervision
from edge.agent.watchdog import Watchdog
from producer.outbox.tables import Draft
from producer.relay.bus_messages import Incoming, OnAcknowledged, Outgoing
from producer.relay.relay import Relay

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
CONFIGURATION: Final = "configuration"
VIDEO_WAITS_S: Final = 1.0
"""How long live video waits for the link: later it would be too late to be called live."""

log = structlog.get_logger(__name__)


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
            data / "agent" / f"{settings.node}.json", [device.source for device in settings.devices], context.settings
        )
        self._devices: dict[tuple[str, str], DeviceRunner] = {}
        self._beats = Heartbeats(settings.node, data, emitter, relay, context.thinning, context.leftovers)
        self._healths: dict[str, Health] = {}
        self._health_at = self._heartbeat_at = -HEALTH_EVERY_S
        for device in settings.devices:
            event_factory = emitter.event_factories[device.source]
            adjustable = self._fitting(event_factory.source, device.adjustable())
            self._devices[device.site, device.device] = DeviceRunner(
                device, adjustable, event_factory, context, emitter.put, self._show
            )
        memory = MemoryFolder(outbox_on_disk(data, settings.node))
        restarts = AgentRestarts(data / "agent" / f"{settings.node}.restart", memory)
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
            self._context.light.close()
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

    def answer(self, inbox: SimpleQueue[Incoming]) -> None:
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
        source, in_force = device.event_factory.source, device.settings.in_force(device.adjustable)
        if self._store.sent(source) == in_force:
            return
        data = Settings(changed_by=CONFIGURATION, settings=in_force.model_dump(mode="json"))
        if not self._emitter.put([device.event_factory.event(data, self._context.clock())], durable=True):
            return  # It waits for room on the disk, and may be lost: the next start emits it again.
        try:
            self._store.was_sent(source, in_force)
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

    def _show(
        self,
        topic: str,
        payload: bytes,
        content_type: str = "image/jpeg",
        *,
        on_acknowledged: OnAcknowledged | None = None,
    ) -> None:
        waits_s = VIDEO_WAITS_S if content_type == VIDEO_TYPE else 0.0
        self._relay.publish(
            Outgoing(topic, payload, content_type, qos=0, waits_s=waits_s, on_acknowledged=on_acknowledged)
        )
