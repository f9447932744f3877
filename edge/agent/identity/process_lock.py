"""What follows for an agent from being alone, or not."""

from dataclasses import dataclass

from edge.agent.identity.guard import Guard
from edge.agent.identity.instance import IdentityTaken
from edge.agent.identity.lock import Lock
from producer.relay.presence import DevicePresences


@dataclass(frozen=True, slots=True)
class Alone:
    """What sees to it that no two agents speak for the same devices."""

    guard: Guard
    lock: Lock
    presences: DevicePresences

    def look(self) -> None:
        """Raises `IdentityTaken` when we are to make way."""
        try:
            self.guard.look()
        except IdentityTaken:
            self.presences.leave_silently()
            raise
        if self.guard.established:
            self.lock.establish()
            self.presences.begin()
