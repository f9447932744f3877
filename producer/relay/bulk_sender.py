"""Sends many events through an outbox of its own, and knows when all of them are confirmed."""

import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from producer.broker import BrokerAddress
from producer.ids import Clock
from producer.outbox.backlog import waiting_count
from producer.outbox.limits import OutboxLimits, usage
from producer.outbox.outbox import OutboxFailed
from producer.outbox.tables import Item, connect, open_tables, put_many
from producer.relay.relay import Relay, RelayOptions
from producer.transaction import transaction

MAX_WAITING: Final = 20_000
MAX_WAITING_BYTES: Final = 256 * 1024 * 1024
POLL_EVERY_S: Final = 0.02

# Confirmed rows are not kept, and `room` makes sure that nothing is ever dropped.
_LIMITS = OutboxLimits(tail_bytes=0, tail_age=timedelta(0))

OnWaiting = Callable[[int], None]


class BulkSender:
    """Used by one thread. A new file is a new epoch, so its events are new streams."""

    def __init__(self, file: Path, broker: BrokerAddress, clock: Clock) -> None:
        # After a power cut everything is sent again from its source, so this need not wait for the disk.
        self._outbox = connect(file, synchronous="normal")
        self.epoch = open_tables(self._outbox, clock)
        self._relay = Relay(file, broker, clock, RelayOptions(limits=_LIMITS, syncs=False))
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._relay.run, args=(self._stopping,), name="relay")
        self.put_count = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._thread.join()
        self._outbox.close()

    def put(self, items: Sequence[Item]) -> None:
        """Put items in this order, in one transaction."""
        with transaction(self._outbox):
            put_many(self._outbox, items)
        self.put_count += sum(item.count for item in items)
        self._relay.wake()

    @property
    def connected(self) -> bool:
        return self._relay.connected

    def waiting(self) -> int:
        """How many events are not confirmed."""
        return waiting_count(self._outbox)

    def room(self, stopping: threading.Event) -> None:
        """Wait until more may be put, or for `stopping`."""
        while not stopping.is_set() and self._is_full():
            self._wait(stopping)

    def drain(self, stopping: threading.Event, on_waiting: OnWaiting = lambda waiting: None) -> int:
        """Wait until everything is confirmed, or for `stopping`. Returns how many events are not confirmed."""
        while (waiting := self.waiting()) and not stopping.is_set():
            on_waiting(waiting)
            self._wait(stopping)
        return waiting

    def _is_full(self) -> bool:
        used = usage(self._outbox)
        return self.waiting() >= MAX_WAITING or used.bytes - used.tail_bytes >= MAX_WAITING_BYTES

    def _wait(self, stopping: threading.Event) -> None:
        if not self._thread.is_alive():
            raise OutboxFailed("the relay ended")
        stopping.wait(POLL_EVERY_S)
