"""Takes configurations from the hub: tries them, keeps those that come up, and returns from those that do not."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from queue import SimpleQueue
from typing import Final

import structlog
from pydantic import ValidationError

from bus_schemas.enrolment import CONFIGURE, AgentChange, SignedConfiguration
from bus_schemas.limits import clip
from bus_schemas.protocol import CommandRequest
from bus_schemas.topics import UnknownTopic, parse
from edge.agent.device import DeviceRunner
from edge.agent.enrolment.configurations import ConfigurationStore
from edge.agent.enrolment.identity import Identity
from edge.agent.enrolment.signatures import NotFromTheHub, verify
from edge.agent.event_emitter import EventEmitter
from edge.capture.sources.failure_reasons import describe_error
from producer.os_errors import describe_os_error
from producer.relay.bus_messages import Incoming

NO_CONNECTION: Final = "the hub is not reached"

log = structlog.get_logger(__name__)

Check = Callable[[SignedConfiguration], None]
"""Raises `ValueError` with the reason why this machine cannot run a configuration."""


@dataclass(frozen=True, slots=True)
class DeviceProgress:
    """Whether every source of a device has given a picture or a reading; else what is wrong, where it is known."""

    source: str
    has_worked: bool
    reason: str | None = None


def device_progress(device: DeviceRunner) -> DeviceProgress:
    has_worked = all(facts.last_frame is not None for facts in device.facts)
    return DeviceProgress(device.event_factory.source, has_worked, device.health().reason)


def _is_configuration(topic: str) -> bool:
    try:
        return parse(topic).name == CONFIGURE
    except UnknownTopic:
        return False


@dataclass(frozen=True, slots=True)
class ConfigurationTrial:
    """The configuration that this start tries: the devices that are new in it, or differ, and how long they have."""

    version: int
    changed: frozenset[str]
    within_s: float


class RemoteConfiguration:
    """Used by the main thread of the agent."""

    def __init__(
        self,
        identity: Identity,
        store: ConfigurationStore,
        trial: ConfigurationTrial | None,
        check: Check,
        monotonic: Callable[[], float] = time.monotonic,
        is_enrolled_anew: Callable[[], bool] = lambda: False,
    ) -> None:
        self._identity = identity
        self._store = store
        self._trial = trial
        self._check = check
        self._monotonic = monotonic
        self._is_enrolled_anew = is_enrolled_anew
        self._began = monotonic()
        self._inbox: SimpleQueue[bytes] = SimpleQueue()
        self._unsaid = [] if trial is not None else self._standing()
        self._older: set[int] = set()
        """Versions that came although it runs a newer one."""
        self._is_unwritten = False
        """Whether the disk did not take what the trial showed."""
        self.wants_restart = False

    def before(self, put: Callable[[Incoming], None]) -> Callable[[Incoming], None]:
        """Takes configurations out of the messages that go to `put`. Another thread may call it."""

        def take(message: Incoming) -> None:
            if not _is_configuration(message.topic):
                put(message)
            elif not message.retained:
                self._inbox.put(message.payload)

        return take

    def poll(self, devices: Sequence[DeviceProgress], *, is_connected: bool) -> list[AgentChange]:
        """Take in what arrived, and judge the trial; what is to be said of the configurations. An agent that was
        enrolled again while it runs begins anew: the broker knows its user no more, and its files are those of another.
        """
        if self._is_enrolled_anew():
            if not self.wants_restart:
                log.info("enrolled again, the agent begins anew")
            self.wants_restart = True
            return []
        while not self._inbox.empty() and not self.wants_restart:
            self._take(self._inbox.get())
        if self._trial is not None and not self.wants_restart:
            self._judge(self._trial, devices, is_connected=is_connected)
        unsaid, self._unsaid = self._unsaid, []
        return unsaid

    def failed(self, error: Exception) -> bool:
        """The agent itself has failed. Whether it starts again, with the configuration before."""
        if self._trial is None or self._monotonic() - self._began < self._trial.within_s:
            return False
        self._return(self._trial, f"the agent failed: {describe_error(error)}")
        return True

    def _standing(self) -> list[AgentChange]:
        """Said at each start, so that the hub knows it whatever it has lost."""
        said = [self._said("applied", self._store.in_force.version)]
        refusal = self._store.refusal
        return said if refusal is None else [*said, self._said("refused", refusal.version, refusal.reason)]

    def _said(self, state: str, version: int, reason: str | None = None) -> AgentChange:
        node = self._identity.node
        return AgentChange.model_validate({"node": node, "state": state, "version": version, "reason": reason})

    def _take(self, payload: bytes) -> None:
        try:
            signed = SignedConfiguration.model_validate(CommandRequest.model_validate_json(payload).arguments)
            verify(signed, self._identity.node, self._identity.hub_key)
        except ValidationError as error:
            log.warning("configuration unreadable", faults=error.error_count())
        except NotFromTheHub as error:
            log.error("configuration not from the hub", reason=str(error))
        else:
            if self._is_new(signed):
                self._begin(signed)
            elif signed.version < self._store.in_force.version and signed.version not in self._older:
                # The hub has lost what it said since, as by a restore, and learns what is in force.
                self._older.add(signed.version)
                self._unsaid += self._standing()

    def _is_new(self, signed: SignedConfiguration) -> bool:
        """The hub sends it again until it knows the outcome; an older one would undo what people did since."""
        refusal = self._store.refusal
        on_trial = self._trial.version if self._trial is not None else 0
        return signed.version > max(self._store.in_force.version, refusal.version if refusal else 0, on_trial)

    def _begin(self, signed: SignedConfiguration) -> None:
        try:
            self._check(signed)
            self._store.try_out(signed)
        except (ValueError, OSError) as error:
            why = describe_os_error(error) if isinstance(error, OSError) else str(error)
            reason = clip(f"this machine cannot run it: {why}")
            self._refuse(signed.version, reason)
            self._unsaid.append(self._said("refused", signed.version, reason))
            return
        log.info("configuration taken", version=signed.version)
        self.wants_restart = True

    def _judge(self, trial: ConfigurationTrial, devices: Sequence[DeviceProgress], *, is_connected: bool) -> None:
        waiting = [one for one in devices if one.source in trial.changed and not one.has_worked]
        if is_connected and not waiting:
            self._confirm(trial)
        elif self._monotonic() - self._began >= trial.within_s:
            why = [f"{one.source}: {one.reason or 'no picture and no reading'}" for one in waiting]
            whole = "; ".join([*([] if is_connected else [NO_CONNECTION]), *why])
            self._return(trial, f"it did not come up within {trial.within_s:g} s: {whole}")

    def _confirm(self, trial: ConfigurationTrial) -> None:
        """Where that cannot be written, as on a full disk, it is tried again: what works is not given up for it."""
        try:
            self._store.confirm()
        except OSError as error:
            if not self._is_unwritten:
                log.warning("configuration in force cannot be noted", version=trial.version, reason=error.strerror)
            self._is_unwritten = True
            return
        self._trial = None
        log.info("configuration in force", version=trial.version)
        self._unsaid = self._standing()

    def _return(self, trial: ConfigurationTrial, reason: str) -> None:
        self._refuse(trial.version, clip(reason))
        self.wants_restart = True

    def _refuse(self, version: int, reason: str) -> None:
        try:
            self._store.refuse(version, reason)
        except OSError as error:
            log.error("refused configuration cannot be noted", reason=error.strerror)


def tend(
    remote: RemoteConfiguration,
    devices: Sequence[DeviceRunner],
    emitter: EventEmitter,
    now: datetime,
    *,
    is_connected: bool,
) -> None:
    """Judge configurations, and emit what became of them; the first device speaks for the agent."""
    found = remote.poll([device_progress(device) for device in devices], is_connected=is_connected)
    if found:
        emitter.put([devices[0].event_factory.event(one, now) for one in found], durable=True)
