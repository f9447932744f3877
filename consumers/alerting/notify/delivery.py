"""Alerts on their way to a receiver, and the protocol of a notifier."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple, Protocol
from uuid import NAMESPACE_URL, uuid5

NAMESPACE = uuid5(NAMESPACE_URL, "watchpost:notification")
ALERTS_PER_MESSAGE = 500


class DeviceRef(NamedTuple):
    """A device of a site."""

    site: str
    device: str


class Cause(NamedTuple):
    """The properties that alerts of one group share."""

    site: str
    type: str
    state: str


@dataclass(frozen=True, slots=True)
class AlertDelivery:
    """One alert that waits for one receiver. `body` is the JSON of the alert by itself."""

    number: int
    event_id: str
    alert_id: str
    site: str
    device: str
    type: str
    state: str
    level: str
    body: bytes
    born: float
    attempts: int = 0
    refusals: int = 0
    largest: int = ALERTS_PER_MESSAGE
    """How many alerts at most may be in the message that it is delivered with."""
    is_reduced: int = 0
    """1 after a message with everything in it was too large."""

    @property
    def cause(self) -> Cause:
        return Cause(self.site, self.type, self.state)

    @property
    def device_ref(self) -> DeviceRef:
        return DeviceRef(self.site, self.device)


@dataclass(frozen=True, slots=True)
class AlertMessage:
    """One message to a receiver: one alert or many. The same alerts have the same key."""

    key: str
    body: bytes


class DeliveryVerdict(Enum):
    TAKEN = "taken"
    UNREACHABLE = "unreachable"
    """Nobody answered: it is not the message."""
    FAILED = "failed"
    """The receiver has a fault, for now."""
    TOO_LARGE = "too large"
    REFUSED = "refused"
    """The receiver will say the same again."""


@dataclass(frozen=True, slots=True)
class DeliveryOutcome:
    """The outcome of a message. `reason` is a sentence for people, and names no address."""

    verdict: DeliveryVerdict
    reason: str = ""
    wait_s: float | None = None
    """How long the receiver asks us to wait."""


class Notifier(Protocol):
    """A protocol that hands messages to one receiver."""

    @property
    def receiver(self) -> str:
        """The name of the receiver, which is no secret."""
        ...

    async def open(self) -> None:
        """Get ready, so that the first message need not wait for that."""
        ...

    async def send(self, message: AlertMessage) -> DeliveryOutcome:
        """Hand over one message within a bounded time. Called by one task at a time."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


def key_of(deliveries: Sequence[AlertDelivery]) -> str:
    """The idempotency key of a message: the id of its event, or one made of the ids of all its events."""
    if len(deliveries) == 1:
        return deliveries[0].event_id
    return str(uuid5(NAMESPACE, "/".join(sorted(delivery.event_id for delivery in deliveries))))
