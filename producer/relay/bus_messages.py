"""Messages as a connection to the broker takes them and brings them."""

from dataclasses import dataclass
from typing import Protocol

from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties


class OnAcknowledged(Protocol):
    """Called in the thread of the connection: whether anybody had subscribed to a message, as the broker says."""

    def __call__(self, *, is_read: bool) -> None: ...


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to publish. `user_properties` are attributes of media; `correlation` is that of an answer. One of QoS 0
    `waits_s` for room on the connection before it is dropped. With `on_acknowledged` it is sent with QoS 1, which the
    broker acknowledges, and is otherwise treated as one of QoS 0.
    """

    topic: str
    payload: bytes
    content_type: str | None = None
    user_properties: tuple[tuple[str, str], ...] = ()
    qos: int = 1
    retain: bool = False
    correlation: bytes | None = None
    waits_s: float = 0.0
    on_acknowledged: OnAcknowledged | None = None

    def properties(self) -> Properties:
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho leaves it untyped
        if self.content_type is not None:
            properties.ContentType = self.content_type
        if self.user_properties:
            properties.UserProperty = list(self.user_properties)
        if self.correlation is not None:
            properties.CorrelationData = self.correlation
        return properties


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message that arrived on a subscribed topic."""

    topic: str
    payload: bytes
    response_topic: str | None = None
    correlation: bytes | None = None
    retained: bool = False
    """Whether the broker had retained it from before the subscription."""
