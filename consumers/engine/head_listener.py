"""Wakes consumers when the journal has grown: listens to the head topic of the bus, with a slow poll behind it.

Also receives which journal ingest writes.
"""

import threading
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from paho.mqtt.client import Client, MQTTMessage
from pydantic import ValidationError

from bus_schemas.protocol import IngestStatus
from bus_schemas.topics import HEAD, INGEST
from producer.broker import BrokerAddress
from producer.mqtt import background_client

POLL_S = 1.0
KEEPALIVE_S = 10


class HeadListener:
    """Listens in a thread of its own. Without a broker there is only the poll: late, but nothing is missed."""

    def __init__(self, broker: BrokerAddress | None) -> None:
        self._readers: list[threading.Event] = []
        self.journal_id: str | None = None
        """The one that ingest writes, once it has said so."""
        self._client = None if broker is None else self._listen(broker)

    def reader(self) -> threading.Event:
        """An event for one loop, set whenever there may be news; the loop waits for it and clears it."""
        event = threading.Event()
        self._readers.append(event)
        return event

    def wake_all(self) -> None:
        for event in self._readers:
            event.set()

    def _listen(self, broker: BrokerAddress) -> Client:
        client = background_client(broker, "news", keepalive_s=KEEPALIVE_S, longest_pause_s=10)
        client.on_connect = self._subscribe
        client.on_message = self._on_message
        client.loop_start()
        return client

    def _subscribe(self, client: Client, *_: Any) -> None:
        client.subscribe([(HEAD, 0), (INGEST, 0)])
        self.wake_all()

    def _on_message(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        if message.topic != INGEST:
            self.wake_all()
            return
        with suppress(ValidationError):
            self.journal_id = IngestStatus.model_validate_json(message.payload).journal_id

    def close(self) -> None:
        if self._client is not None:
            self._client.disconnect()
            self._client.loop_stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
