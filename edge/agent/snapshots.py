"""Snapshots that were asked for and are not taken yet."""

import time
from collections import deque
from dataclasses import dataclass, field
from typing import Final

from bus_schemas.protocol import CommandRequest
from edge.agent.device import DeviceRunner
from producer.clock import Elapsed
from producer.relay.session import Incoming

WITHIN_S: Final = 5.0


@dataclass(slots=True)
class SnapshotRequest:
    """`keys` is filled by the capture thread; everything else belongs to the main thread of the agent."""

    device: DeviceRunner
    request: CommandRequest
    message: Incoming
    until_s: float
    keys: deque[str] = field(default_factory=deque)


class SnapshotRequests:
    """Used by the main thread of the agent."""

    def __init__(self, elapsed: Elapsed = time.monotonic) -> None:
        self._elapsed = elapsed
        self._waiting: list[SnapshotRequest] = []

    def begin(self, device: DeviceRunner, request: CommandRequest, message: Incoming) -> None:
        """A repeat of a request that waits changes nothing."""
        known = {(one.device.event_factory.source, one.request.request_id) for one in self._waiting}
        if (device.event_factory.source, request.request_id) in known:
            return
        waiting = SnapshotRequest(device, request, message, self._elapsed() + WITHIN_S)
        self._waiting.append(waiting)
        device.capture_now(waiting.keys.append)

    def finished(self) -> list[SnapshotRequest]:
        """Those that have their picture, and those that got none in time. They do not wait any more."""
        now = self._elapsed()
        done = [one for one in self._waiting if one.keys or now >= one.until_s]
        self._waiting = [one for one in self._waiting if one not in done]
        return done
