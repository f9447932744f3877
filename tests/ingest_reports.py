"""What ingest says of itself on the bus, said by a test whose hub has no ingest process."""

import threading
from datetime import timedelta
from types import TracebackType
from typing import Self

from bus_schemas.protocol import INGEST_RUNNING, IngestStatus
from bus_schemas.topics import INGEST
from producer.broker import BrokerAddress
from producer.mqtt import background_client
from tests.builders import START, at
from tests.eventually import eventually

EVERY_S = 2.0
STATUS = IngestStatus(
    time=START,
    started=START,
    state=INGEST_RUNNING,
    position=0,
    messages=0,
    accepted=0,
    rejected=0,
    media=0,
    received_per_s=0,
    lag_s=0,
)


class IngestReports:
    """That it runs, again and again, until the block ends: who hears nothing for some seconds takes it for dead."""

    def __init__(self, address: BrokerAddress) -> None:
        self._client = background_client(address, "test", keepalive_s=10, longest_pause_s=1)
        self._status = STATUS
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._repeat, name="ingest reports")

    def say(self, second: float, position: int) -> None:
        """That it has written so far."""
        self._status = STATUS.model_copy(update={"time": at(second), "position": position})
        self._client.publish(INGEST, self._status.to_bytes(), retain=True, qos=1).wait_for_publish(10)

    def _repeat(self) -> None:
        """Each status has a time of its own: one that is repeated is no sign of life."""
        number = 0
        while not self._ended.wait(EVERY_S):
            number += 1
            later = self._status.model_copy(update={"time": self._status.time + timedelta(milliseconds=number)})
            self._client.publish(INGEST, later.to_bytes(), retain=True, qos=1)

    def __enter__(self) -> Self:
        self._client.loop_start()
        eventually(self._client.is_connected, what="a connection to the broker")
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._ended.set()
        self._thread.join()
        self._client.disconnect()
        self._client.loop_stop()
