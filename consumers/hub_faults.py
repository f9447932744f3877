"""Faults of the hub as a process of it knows them: raised, cleared, and reported to ingest over the bus.

A report is the whole list of a process, sent on every change and every few seconds. A report that is lost is repeated,
so a broker or an ingest that was away learns everything that still holds when it is back.
"""

import errno
import re
import sqlite3
import threading
import time
from contextlib import suppress
from datetime import datetime
from types import TracebackType
from typing import Any, Final, Self
from uuid import uuid4

from paho.mqtt.client import Client, MQTTMessageInfo
from paho.mqtt.reasoncodes import ReasonCode

from bus_schemas.hub import MAX_FAULTS, MAX_REASON, FaultKind, OpenFault
from bus_schemas.protocol import ProcessFaults
from bus_schemas.topics import faults_topic
from consumers.store.journal.store import JournalAway, Unwritable
from producer.broker import BrokerAddress
from producer.ids import Clock, utc_now
from producer.mqtt import background_client

REPORT_EVERY_S: Final = 5.0
PAUSE_S: Final = 0.2
DISCONNECT_WAIT_S: Final = 0.5
KEEPALIVE_S: Final = 20
_MAX_NAME: Final = 64

Key = tuple[str, FaultKind]
"""Part and kind: at most one fault of each holds at a time."""

_DISK_ERRORS = {
    errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EACCES, errno.EPERM,
    # Of a network file system, a disk that was pulled out, and a damaged file system.
    errno.ESTALE, errno.EREMOTEIO, errno.ENODEV, errno.ENXIO, errno.EUCLEAN,
}  # fmt: skip
_MACHINE_ERRORS = {errno.EMFILE, errno.ENFILE, errno.ENOMEM}
_SQLITE_DISK_ERRORS = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN}


def part_name(text: str) -> str:
    """A name of the contract, whatever a process or a part is called."""
    return re.sub(r"[^A-Za-z0-9_-]", "-", text)[:_MAX_NAME] or "unnamed"


def key_of(error: BaseException, part: str) -> Key:
    """The part and kind of fault that an error stands for. Faults of disk, journal and machine have parts of their own:
    they keep many from their work, and are one fault.
    """
    if isinstance(error, JournalAway | Unwritable):
        return "journal", "database_error"
    if isinstance(error, OSError) and error.errno in _DISK_ERRORS:
        return "disk", "storage_unwritable"
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno in _MACHINE_ERRORS):
        return "machine", "system_error"
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        return ("disk", "storage_unwritable") if code in _SQLITE_DISK_ERRORS else (part, "database_error")
    return part, "system_error"


def open_fault(part: str, kind: FaultKind, reason: str, since: datetime) -> OpenFault:
    return OpenFault(part=part_name(part), kind=kind, since=since, reason=reason[:MAX_REASON])


class FaultReporter:
    """The faults that one process knows of, reported within its block; without a broker it only remembers.

    Safe to use from any thread.
    """

    def __init__(self, process: str, broker: BrokerAddress | None, clock: Clock = utc_now) -> None:
        self.process = part_name(process)
        self._run = uuid4().hex
        self._clock = clock
        self._lock = threading.Lock()
        self._faults: dict[Key, OpenFault] = {}
        self._changed = threading.Event()
        self._closing = threading.Event()
        self._acknowledged_at = time.monotonic()
        self._broker = broker
        self._client: Client | None = None
        self._thread = threading.Thread(target=self._report, name="fault reports")

    def raise_fault(self, part: str, kind: FaultKind, reason: str, since: datetime | None = None) -> None:
        """Say that something does not work. Again is the same fault, with the newer reason."""
        fault = open_fault(part, kind, reason, since or self._clock())
        key = (fault.part, kind)
        with self._lock:
            before = self._faults.get(key)
            if before is not None:
                fault = fault.model_copy(update={"since": before.since})
            self._faults[key] = fault
        if fault != before:
            self._changed.set()

    def clear_fault(self, part: str, kind: FaultKind) -> None:
        """Say that it works again; nothing where it always did."""
        with self._lock:
            known = self._faults.pop((part_name(part), kind), None)
        if known is not None:
            self._changed.set()

    @property
    def faults(self) -> tuple[OpenFault, ...]:
        with self._lock:
            return tuple(self._faults.values())[:MAX_FAULTS]

    def broker_silent_s(self) -> float:
        """The seconds since the broker last acknowledged a report."""
        return time.monotonic() - self._acknowledged_at

    def close(self) -> None:
        """Disconnect, where the broker still answers."""
        self._closing.set()
        self._changed.set()
        if self._client is None:
            return
        self._thread.join()
        sent = self._publish(ended=True)
        if sent is not None:
            with suppress(RuntimeError, ValueError):  # The connection ended meanwhile.
                sent.wait_for_publish(DISCONNECT_WAIT_S)
        self._client.disconnect()
        self._client.loop_stop()

    def __enter__(self) -> Self:
        if self._broker is not None:
            self._acknowledged_at = time.monotonic()
            self._client = self._connect(self._broker)
            self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _connect(self, broker: BrokerAddress) -> Client:
        client = background_client(broker, "faults", keepalive_s=KEEPALIVE_S, longest_pause_s=10)
        client.on_connect = self._on_connect
        client.on_publish = self._on_publish
        client.loop_start()
        return client

    def _on_connect(self, _client: Client, _data: Any, _flags: Any, code: ReasonCode, _properties: Any) -> None:
        if not code.is_failure:
            self._changed.set()

    def _on_publish(self, _client: Client, _data: Any, _mid: int, code: ReasonCode, _properties: Any) -> None:
        if not code.is_failure:
            self._acknowledged_at = time.monotonic()

    def _report(self) -> None:
        while not self._closing.is_set():
            self._changed.wait(REPORT_EVERY_S)
            self._changed.clear()
            self._publish()
            self._closing.wait(PAUSE_S)

    def _publish(self, *, ended: bool = False) -> MQTTMessageInfo | None:
        """Nothing is queued for later: the next report says it all."""
        if self._client is None or not self._client.is_connected():
            return None
        report = ProcessFaults(process=self.process, time=self._clock(), run=self._run, ended=ended, faults=self.faults)
        return self._client.publish(faults_topic(self.process), report.to_bytes(), qos=1)
