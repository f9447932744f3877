"""Runs the agent of one machine with its outbox and relay, and starts it again after a failure."""

import os
import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue
from typing import Final

import structlog

from edge.agent.agent import Agent
from edge.agent.context import AgentContext
from edge.agent.enrolment.remote import RemoteConfiguration
from edge.agent.event_emitter import EventEmitter
from edge.agent.host import Host
from edge.agent.identity.guard import IdentityGuard, guarding
from edge.agent.identity.identity_check import IdentityCheck
from edge.agent.identity.instance import IdentityTaken, Instance
from edge.agent.identity.outbox_lock import outbox_lock
from edge.agent.leftovers import sending_leftovers
from edge.agent.outbox_place import DiskReturn, outbox_place
from edge.agent.relay_thread import OutboxWatch, relay_options, relaying
from edge.agent.settings import NodeSettings
from edge.agent.unsaved_events import keep_unsaved
from edge.agent.watchdog import Watchdog
from producer.backoff import Backoff, Retry
from producer.broker import BrokerAddress
from producer.clock import DisciplinedClock
from producer.ids import Clock, utc_now
from producer.outbox.outbox import Outbox
from producer.relay.bus_messages import Incoming
from producer.relay.presence import DevicePresences
from producer.relay.relay import Relay

RESTART: Final = Backoff(1.0, 60.0)

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
    with Watchdog.of(environ, settings.hardware_watchdog) as watchdog, ExitStack() as at_the_end:
        host = Host(wall, environ, watchdog, remote)
        at_the_end.callback(keep_unsaved, host.unsaved, data, settings, wall)
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
            Outbox(
                place.path, clock, place.limits, relay.wake, place.room, is_exclusive=True, unsaved=host.unsaved
            ) as outbox,
            relaying(relay) as thread,
            guarding(guard),
            sending_leftovers(place, broker, clock, options, lambda: guard.established) as leftovers,
        ):
            if not lock.is_ours:
                # Two agents must not observe one device. An agent that had the identity here before may start at once.
                guard.wait(stopping.is_set)
            ending = threading.Event()
            context = AgentContext(clock, ending.wait, host.environ, clock(), settings.node)
            context = replace(context, settings=host.settings, leftovers=leftovers)
            context.troubles.extend((lambda: place.trouble, lambda: guard.trouble))
            agent = Agent(settings, EventEmitter(outbox, clock, guard.sources), relay, context, data, host.watchdog)
            with DevicePresences(guard.sources, broker, clock) as presences, agent.running(ending):
                watch = OutboxWatch(thread, DiskReturn(place, data / "outbox"))
                identity = IdentityCheck(guard, lock, presences, lambda: relay.connected)
                return _supervise(agent, inbox, watch, identity, stopping, host)


def _supervise(
    agent: Agent,
    inbox: SimpleQueue[Incoming],
    outbox: OutboxWatch,
    identity: IdentityCheck,
    stopping: threading.Event,
    host: Host,
) -> bool:
    """Returns whether the process is to start again."""
    remote = host.remote
    while not stopping.is_set():
        if agent.wants_restart or (remote is not None and remote.wants_restart):
            return True
        identity.poll()
        agent.poll()
        if remote is not None:
            agent.tend(remote, is_connected=identity.guard.established)
        if outbox.poll():
            host.disk_is_back()
            return False
        agent.answer(inbox)
    return False
