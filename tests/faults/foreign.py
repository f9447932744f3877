"""Somebody else's device: no outbox, no sequence; it repeats each event until the journal shows its id."""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from bus_schemas.codec import to_bytes
from bus_schemas.event import device_source
from bus_schemas.topics import event_topic
from consumers.store.journal.queries import JournalQueries
from producer.ids import Ids
from tests import builders
from tests.faults.clock import FileClock

SITE, DEVICE = "YARD", "STRANGER"
SOURCE = device_source(SITE, DEVICE)
REPEAT_SECONDS = 0.4


class Foreigner:
    """A thread that is never killed: what is under test is the rest."""

    def __init__(self, port: int, journal: Path, clock: FileClock, copies: int = 1) -> None:
        self.seen: list[str] = []
        """The ids that it saw in the journal."""
        self._journal = journal
        self._clock = clock
        self._copies = copies
        self._new_id = Ids(clock)
        self._stopping = threading.Event()
        self._client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        self._client.max_queued_messages_set(20)
        self._client.reconnect_delay_set(1, 2)
        self._client.connect_async("127.0.0.1", port, keepalive=5)
        self._thread = threading.Thread(target=self._run)

    def start(self) -> None:
        self._client.loop_start()
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()
        self._client.disconnect()
        self._client.loop_stop()

    def _run(self) -> None:
        while not self._stopping.is_set():
            event = builders.detection(self._clock(), id=self._new_id(), site=SITE, device=DEVICE)
            while not self._stopping.is_set():
                for _ in range(self._copies):
                    self._client.publish(event_topic(SOURCE, "detection"), to_bytes(event), qos=1)
                self._stopping.wait(REPEAT_SECONDS)
                if self._is_there(event.id):
                    self.seen.append(event.id)
                    break

    def _is_there(self, event_id: str) -> bool:
        try:
            with closing(JournalQueries(self._journal)) as queries:
                return queries.find(event_id) is not None
        except sqlite3.OperationalError:
            # The journal is being taken away, or its disk is full: it asks again.
            return False
