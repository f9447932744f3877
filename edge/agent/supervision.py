"""Watches the devices of an agent: restarts what does not recover by itself, and resets the watchdog meanwhile."""

from collections.abc import Mapping
from time import monotonic
from typing import Final
from uuid import uuid4

import structlog

from bus_schemas.limits import clip
from bus_schemas.node import Command
from edge.agent.context import AgentContext
from edge.agent.device import DeviceRunner
from edge.agent.event_emitter import EventEmitter
from edge.agent.recovery import HANGS_AFTER_S, AgentRestarts, DeviceRecovery, RecoveryStep
from edge.agent.watchdog import Watchdog
from producer.clock import since_boot

POLL_S: Final = 1.0
STOOD_STILL_S: Final = 10.0
RECOVERY: Final = "recovery"
"""The requester in events of restarts."""

log = structlog.get_logger(__name__)


class Supervision:
    """Used by the main thread of the agent."""

    def __init__(
        self,
        devices: Mapping[tuple[str, str], DeviceRunner],
        emitter: EventEmitter,
        context: AgentContext,
        watchdog: Watchdog,
        restarts: AgentRestarts,
    ) -> None:
        self._devices = devices
        self._emitter = emitter
        self._context = context
        self._watchdog = watchdog
        self._restarts = restarts
        self._recoveries = {at: DeviceRecovery() for at in devices}
        self._due_s = self._judges_from_s = float("-inf")
        self._polled_s = monotonic()
        self.restart_needed = False
        """Whether only a new process frees a thread that hangs."""

    def restarts_of(self, device: DeviceRunner) -> int:
        """How often a device was restarted because it did not recover by itself."""
        return self._recoveries[device.settings.site, device.settings.device].restarts

    def poll(self) -> None:
        now = monotonic()
        if now < self._due_s:
            return
        if now - self._polled_s > STOOD_STILL_S:
            # The process was stopped, or its machine: no thread could make a step.
            self._judges_from_s = now + HANGS_AFTER_S
        self._polled_s, self._due_s = now, now + POLL_S
        judges = now >= self._judges_from_s
        hanging = {at: device.hanging(now) if judges else [] for at, device in self._devices.items()}
        if not all(hanging.values()):
            # While any device works the process is worth more than its restart, which has a pause of its own.
            self._watchdog.reset()
        for at, device in self._devices.items():
            step = self._recoveries[at].step(device.facts, hanging[at], now)
            if step is not None:
                self._take(device, step)

    def _take(self, device: DeviceRunner, step: RecoveryStep) -> None:
        if step.rung == "restart_agent":
            self._restart_agent(device, step)
            return
        self._emit(device, step)
        device.reopen(rebuild=True, kinds=step.kinds)

    def _restart_agent(self, device: DeviceRunner, step: RecoveryStep) -> None:
        at_s = since_boot()
        if self.restart_needed or not self._restarts.may_restart(at_s):
            return
        try:
            self._restarts.note(at_s)
        except OSError as error:
            log.warning("the agent is not restarted, since that cannot be noted", reason=error.strerror)
            return
        self.restart_needed = True
        self._emit(device, step)

    def _emit(self, device: DeviceRunner, step: RecoveryStep) -> None:
        """A restart as a command that the agent gave itself."""
        log.warning("recovery", device=device.event_factory.source, rung=step.rung, reason=step.reason)
        done = Command(request_id=str(uuid4()), name=step.rung, state="done", by=RECOVERY, detail=clip(step.reason))
        self._emitter.put([device.event_factory.event(done, self._context.clock())])
