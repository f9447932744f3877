"""Publishes whether a device is online, retained, with a last will for when the connection is lost."""

from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Final, Self

from paho.mqtt.client import Client, MQTTMessageInfo
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from bus_schemas.codec import SINGLE, to_bytes
from bus_schemas.node import LOST, STOPPED, State, StateCause, StateEvent
from bus_schemas.topics import state_topic
from producer.broker import BrokerAddress
from producer.ids import Clock, Ids
from producer.mqtt import background_client

KEEPALIVE_S: Final = 10
DISCONNECT_WITHIN_S: Final = 0.5
_CAUSES: Final[dict[str, StateCause]] = {STOPPED: "stopped", LOST: "connection_lost"}


class DevicePresence:
    """One connection for each device, because a connection has no more than one last will."""

    def __init__(self, source: str, broker: BrokerAddress, clock: Clock) -> None:
        self._source = source
        self._clock = clock
        self._ids = Ids(clock)
        self._client = background_client(
            broker, "presence", keepalive_s=KEEPALIVE_S, first_pause_s=2, longest_pause_s=60
        )
        self._client.on_pre_connect = self._set_last_will
        self._client.on_connect = self._publish_online
        self._client.loop_start()

    def hurry(self) -> None:
        self._client.hurry()

    def leave(self, *, silent: bool = False) -> None:
        """Publish the stop, unless `silent`, and disconnect; the last will is not published."""
        if self._client.is_connected() and not silent:
            # Where the connection ends just then, the other devices leave all the same.
            with suppress(RuntimeError, ValueError):
                self._publish(online=False, reason=STOPPED).wait_for_publish(DISCONNECT_WITHIN_S)
        self._client.disconnect()

    def close(self) -> None:
        self._client.loop_stop()

    def _set_last_will(self, client: Client, _data: Any) -> None:
        # A new one for each connection: two losses are two events, with two ids.
        client.will_set(
            state_topic(self._source),
            self._event(online=False, reason=LOST),
            qos=1,
            retain=True,
            properties=_properties(PacketTypes.WILLMESSAGE),
        )

    def _publish_online(self, _client: Client, _data: Any, _flags: Any, code: ReasonCode, _properties: Any) -> None:
        if not code.is_failure:
            self._publish(online=True)

    def _publish(self, *, online: bool, reason: str | None = None) -> MQTTMessageInfo:
        return self._client.publish(
            state_topic(self._source),
            self._event(online=online, reason=reason),
            qos=1,
            retain=True,
            properties=_properties(PacketTypes.PUBLISH),
        )

    def _event(self, *, online: bool, reason: str | None = None) -> bytes:
        data = State(online=online, reason=reason, cause=None if reason is None else _CAUSES[reason])
        return to_bytes(StateEvent(id=self._ids(), source=self._source, time=self._clock(), data=data))


class DevicePresences:
    """All devices of a node: online from `begin` until exit, and offline by their last wills if the process dies."""

    def __init__(self, sources: Sequence[str], broker: BrokerAddress, clock: Clock) -> None:
        self._sources = sources
        self._broker = broker
        self._clock = clock
        self._connections: list[DevicePresence] = []
        self._silent = False

    def begin(self) -> None:
        """Connect on the first call; later calls do nothing."""
        self._connections = self._connections or [
            DevicePresence(source, self._broker, self._clock) for source in self._sources
        ]

    def hurry(self) -> None:
        """The broker is there again: those that wait for their next attempt, by now a minute apart, make it now."""
        for connection in self._connections:
            connection.hurry()

    def leave_silently(self) -> None:
        """Disconnect without an event, because another agent has these devices."""
        self._silent = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for connection in self._connections:
            connection.leave(silent=self._silent)
        for connection in self._connections:
            connection.close()


def _properties(packet: int) -> Properties:
    properties = Properties(packet)  # type: ignore[no-untyped-call]  # paho leaves it untyped
    properties.ContentType = SINGLE
    return properties
