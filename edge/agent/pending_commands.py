"""Requests that are begun and not carried out yet."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from bus_schemas.protocol import CommandRequest
from edge.agent.device import DeviceRunner
from producer.clock import Elapsed
from producer.relay.bus_messages import Incoming

MAX_PENDING: Final = 64


@dataclass(frozen=True, slots=True)
class CommandResult:
    """The result of a command that succeeded: a sentence, and the keys of what it made."""

    detail: str | None = None
    media: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UnfinishedCommand:
    """`result` returns `None` until it is carried out; `why_not` is the reason after `within_s` without a result."""

    result: Callable[[], CommandResult | None]
    why_not: Callable[[], str]
    within_s: float


@dataclass(frozen=True, slots=True)
class PendingCommand:
    device: DeviceRunner
    name: str
    request: CommandRequest
    message: Incoming
    unfinished: UnfinishedCommand
    until_s: float


@dataclass(frozen=True, slots=True)
class FinishedCommand:
    """`result` is `None` where it was not carried out in time."""

    pending: PendingCommand
    result: CommandResult | None


class PendingCommands:
    """Used by the main thread of the agent."""

    def __init__(self, elapsed: Elapsed = time.monotonic) -> None:
        self._elapsed = elapsed
        self._waiting: list[PendingCommand] = []

    @property
    def is_full(self) -> bool:
        return len(self._waiting) >= MAX_PENDING

    def has(self, device: DeviceRunner, request: CommandRequest) -> bool:
        """Whether the same request waits already."""
        return any(one.device is device and one.request.request_id == request.request_id for one in self._waiting)

    def add(
        self,
        device: DeviceRunner,
        name: str,
        request: CommandRequest,
        message: Incoming,
        unfinished: UnfinishedCommand,
    ) -> None:
        until_s = self._elapsed() + unfinished.within_s
        self._waiting.append(PendingCommand(device, name, request, message, unfinished, until_s))

    def finished(self) -> list[FinishedCommand]:
        """Those that are carried out, and those that were not in time. They do not wait any more."""
        now, done, waiting = self._elapsed(), [], []
        for one in self._waiting:
            result = one.unfinished.result()
            if result is not None or now >= one.until_s:
                done.append(FinishedCommand(one, result))
            else:
                waiting.append(one)
        self._waiting = waiting
        return done
