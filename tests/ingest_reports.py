"""What ingest says of itself on the bus, said by a test whose hub has no ingest process."""

from types import TracebackType
from typing import Self

from bus_schemas.protocol import INGEST_RUNNING, IngestStatus
from bus_schemas.topics import INGEST
from producer.broker import BrokerAddress
from producer.mqtt import background_client
from tests.builders import START, at
from tests.eventually import eventually


class IngestReports:
    def __init__(self, address: BrokerAddress) -> None:
        self._client = background_client(address, "test", keepalive_s=10, longest_pause_s=1)

    def say(self, second: float, position: int) -> None:
        """That it runs, and has written so far."""
        counts = dict.fromkeys(("messages", "accepted", "rejected", "media", "received_per_s", "lag_s"), 0)
        status = IngestStatus(time=at(second), started=START, state=INGEST_RUNNING, position=position, **counts)
        self._client.publish(INGEST, status.to_bytes(), retain=True, qos=1).wait_for_publish(10)

    def __enter__(self) -> Self:
        self._client.loop_start()
        eventually(self._client.is_connected, what="a connection to the broker")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._client.disconnect()
        self._client.loop_stop()
