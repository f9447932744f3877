"""Decides which of several agents with the same devices stays. No I/O."""

from bus_schemas.protocol import Claim
from edge.agent.identity.instance import Instance

ANSWERS_WITHIN_S = 2.0
"""An agent that does not answer within this time is dead or unreachable."""


class Contest:
    """For the devices of one agent. Times are of a monotonic clock, in seconds."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._asked_at: float | None = None
        self.established = False
        self.lost_to: Claim | None = None

    def ask(self) -> Claim:
        """The claim to publish for each device on every new connection, and from time to time."""
        return self._instance.claim(established=self.established, asks=True)

    def asked(self, now: float) -> None:
        """The broker has the claims: from now on the time for answers runs."""
        self._asked_at = now

    def disconnected(self) -> None:
        self._asked_at = None

    def receive(self, other: Claim) -> Claim | None:
        """Take in a claim of another agent. Returns the answer, if one is due."""
        if other.instance == self._instance.id:
            return None
        mine = self._instance.claim(established=self.established)
        if other.rank < mine.rank:
            self.lost_to = self.lost_to or other
            return None
        return mine if other.asks else None

    def poll(self, now: float) -> None:
        """Establish the identity when no answer came in time."""
        waited = self._asked_at is not None and now - self._asked_at >= ANSWERS_WITHIN_S
        if waited and self.lost_to is None:
            self.established = True
