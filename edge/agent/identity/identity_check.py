"""Ends the agent when another one has its devices, and announces it as online when none has."""

from collections.abc import Callable
from dataclasses import dataclass

from edge.agent.identity.guard import IdentityGuard
from edge.agent.identity.instance import IdentityTaken
from edge.agent.identity.outbox_lock import OutboxLock
from producer.relay.presence import DevicePresences


@dataclass(slots=True)
class IdentityCheck:
    """The parts that prevent two agents from running the same devices."""

    guard: IdentityGuard
    lock: OutboxLock
    presences: DevicePresences
    is_connected: Callable[[], bool]
    """Whether the relay has the broker."""
    _was_connected: bool = False

    def poll(self) -> None:
        """Raises `IdentityTaken` when another agent stays."""
        try:
            self.guard.poll()
        except IdentityTaken:
            self.presences.leave_silently()
            raise
        if self.guard.established:
            self.lock.establish()
            self.presences.begin()
        is_connected = self.is_connected()
        if is_connected and not self._was_connected:
            self.presences.hurry()
        self._was_connected = is_connected
