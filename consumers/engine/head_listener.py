"""Wakes consumers when the journal has grown: the head topic of the bus, with a slow poll behind it."""

import threading
from types import TracebackType
from typing import Any, Literal, Self

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from bus_schemas.topics import HEAD
from producer.broker import BrokerAddress
from producer.client_ids import draw_client_id

POLL_S = 1.0


class News:
    """Listens in a thread of its own. Without a broker there is only the poll: late, but nothing is missed."""

    def __init__(self, broker: BrokerAddress | None) -> None:
        self._readers: list[threading.Event] = []
        self._client = None if broker is None else self._listen(broker)

    def reader(self) -> threading.Event:
        """An event for one loop, set whenever there may be news; the loop waits for it and clears it."""
        event = threading.Event()
        self._readers.append(event)
        return event

    def tell(self) -> None:
        for event in self._readers:
            event.set()

    def _listen(self, broker: BrokerAddress) -> Client:
        transport: Literal["tcp", "unix"] = "tcp" if broker.unix_socket is None else "unix"
        client = Client(
            CallbackAPIVersion.VERSION2,
            draw_client_id("news"),
            protocol=MQTTProtocolVersion.MQTTv5,
            transport=transport,
        )
        if broker.username is not None:
            client.username_pw_set(broker.username, broker.password)
        if broker.tls is not None:
            client.tls_set_context(broker.tls.context())
        client.reconnect_delay_set(min_delay=1, max_delay=10)
        client.on_connect = self._subscribe
        client.on_message = self._hear
        client.connect_async(str(broker.unix_socket or broker.host), broker.port)
        client.loop_start()
        return client

    def _subscribe(self, client: Client, *_: Any) -> None:
        client.subscribe(HEAD, qos=0)
        self.tell()

    def _hear(self, *_: Any) -> None:
        self.tell()

    def close(self) -> None:
        if self._client is not None:
            self._client.disconnect()
            self._client.loop_stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
