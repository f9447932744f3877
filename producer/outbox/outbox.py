"""The outbox of a node: a file, and the thread that commits events to it.

An event exists, and has a sequence, once the transaction with its row is committed with `synchronous=FULL`.
"""

import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import structlog

from producer.file_identity import FileGone, identity
from producer.ids import Clock
from producer.outbox.backlog import waiting_count
from producer.outbox.broken import set_aside
from producer.outbox.disk import DiskReserve, OutboxDisk
from producer.outbox.files import OpenFiles
from producer.outbox.handoff import Handoff, OutboxFailed, Ticket
from producer.outbox.limits import DISK_FULL, OutboxLimits, OutboxUsage, enforce, release, usage
from producer.outbox.priority import DROPPABLE, Priority
from producer.outbox.tables import Draft, DroppedDrafts, Item, connect, is_disk_full, open_tables, put
from producer.outbox.tables import put_many as append
from producer.sqlite_files import is_broken
from producer.transaction import transaction

__all__ = ["Draft", "Outbox", "OutboxFailed", "open_tables", "put"]

RELEASE_BYTES = 1024 * 1024
FULL_PAUSE_S = 1.0
BROKEN = "is broken and was set aside"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LostFile:
    """When the file was lost, by the monotonic clock, how many unconfirmed events it held, if that is known, and what
    has happened to it.
    """

    at_s: float
    events: int | None
    what: str = "was removed"


class Outbox:
    """One for each node, shared by its capture threads. As a context manager it runs the committing thread."""

    def __init__(
        self,
        path: Path,
        clock: Clock,
        limits: OutboxLimits | None = None,
        on_commit: Callable[[], None] | None = None,
        room: DiskReserve | None = None,
    ) -> None:
        self._path = path
        self._clock = clock
        self._limits = limits or OutboxLimits()
        self._on_commit = on_commit
        self._handoff = Handoff()
        self._disk = OutboxDisk(path, room or DiskReserve())
        self.lost_file: LostFile | None = None
        """The last time that its file was removed while it was open, or was found to be broken."""
        self._open()
        self._disk_full = False
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="outbox")

    def put(self, *drafts: Draft, durable: bool = False) -> None:
        """Hand over events in order, to be committed in one transaction. With `durable`, wait until they are.

        Without `durable` this never waits for the disk. Raises `OutboxFailed` when the outbox accepts no more.
        """
        if not durable:
            self._handoff.give(drafts)
            return
        ticket = Ticket()
        self._handoff.give(drafts, ticket)
        ticket.done.wait()
        if not ticket.is_committed:
            raise OutboxFailed("the outbox ended before the events were committed")

    def flush(self, timeout_s: float) -> bool:
        """Wait until the events that were put before are committed. Returns whether they are."""
        ticket = Ticket()
        try:
            self._handoff.give((), ticket)
        except OutboxFailed:
            return False
        return ticket.done.wait(timeout_s) and ticket.is_committed

    def __enter__(self) -> Self:
        self._disk.create_reserve_file()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Commit what was handed over, then close."""
        self._handoff.close("the outbox is closed")
        self._stopping.set()
        self._thread.join()
        self._connection.close()

    def _open(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._disk.make_room_to_open()
        held = identity(self._path)
        try:
            self._connect()
        except sqlite3.DatabaseError as error:
            if not is_broken(error):
                raise
            set_aside(self._path, held)
            self._connect()
            self._note_loss(LostFile(time.monotonic(), None, BROKEN), error)
        self._files = OpenFiles.now(self._path)
        self.usage: OutboxUsage = usage(self._connection)
        """As of the last commit."""

    def _connect(self) -> None:
        connection = connect(self._path)
        try:
            self.epoch = open_tables(connection, self._clock)
        except BaseException:
            connection.close()
            raise
        self._connection = connection

    def _begin_anew(self, reason: FileGone | sqlite3.DatabaseError) -> None:
        """Begin a new epoch in a new file. What only the old file held is lost."""
        is_gone = isinstance(reason, FileGone)
        lost = LostFile(time.monotonic(), waiting_count(self._connection)) if is_gone else None
        with suppress(sqlite3.Error):
            self._connection.close()
        if is_gone:
            self._files.remove_rest()
        else:
            set_aside(self._path, self._files.file.identity)
        self._open()
        self._note_loss(lost or LostFile(time.monotonic(), None, BROKEN), reason)

    def _note_loss(self, lost: LostFile, reason: Exception) -> None:
        self.lost_file = lost
        log.error(
            "outbox lost its file, a new epoch begins", reason=str(reason), events_lost=lost.events, epoch=self.epoch
        )

    def _run(self) -> None:
        while (load := self._handoff.take()) is not None:
            is_committed = False
            try:
                is_committed = self._commit(load.items)
            except (sqlite3.Error, OSError) as error:
                # The next put raises and ends the process: there is no place for what it observes.
                log.error("outbox failed", reason=str(error))
                self._handoff.abandon(f"the outbox cannot be written: {error}")
            for ticket in load.tickets:
                ticket.settle(is_committed)
            if self._on_commit is not None:
                self._on_commit()

    def _commit(self, items: list[Item]) -> bool:
        """False when the process ends before there is room for them."""
        try:
            return self._commit_to_file(items)
        except sqlite3.DatabaseError as error:
            if not is_broken(error):
                raise
            self._begin_anew(error)
            return self._commit_to_file(items)

    def _commit_to_file(self, items: list[Item]) -> bool:
        for worst in DROPPABLE:
            if self._try_to_commit(items):
                return True
            items = [_without(item, worst) for item in items]
            self._make_room(_weight(items), worst)
        while not self._try_to_commit(items):
            # Nothing is left to drop except for these. They wait here while the handoff counts what comes after them.
            if self._stopping.wait(FULL_PAUSE_S):
                log.error("events lost, the disk is full", events=len(items))
                return False
            self._make_room(_weight(items), Priority.VITAL)
        return True

    def _try_to_commit(self, items: Sequence[Item]) -> bool:
        """False when the disk is full."""
        try:
            self._files.check()
        except FileGone as gone:
            self._begin_anew(gone)
        try:
            self._disk.hold_growth(self._connection)
            with transaction(self._connection) as connection:
                append(connection, items)
                enforce(connection, self._limits, self._clock())
                used = usage(connection)
        except sqlite3.OperationalError as error:
            if not is_disk_full(error):
                raise
            return False
        self.usage = used
        if self._disk_full and not any(isinstance(item, DroppedDrafts) for item in items):
            self._disk_full = False
            self._disk.create_reserve_file()
            log.info("outbox has room again")
        return True

    def _make_room(self, need: int, worst: Priority) -> None:
        if not self._disk_full:
            self._disk_full = True
            log.warning("disk full, the outbox gives up what matters least")
        self._disk.release_reserve_file()
        try:
            # Before the transaction, so that the log restarts within its size; what is in it may need the reserve
            # file's room.
            self._connection.execute("pragma wal_checkpoint(restart)")
            with transaction(self._connection) as connection:
                release(connection, max(2 * need, RELEASE_BYTES), worst, self._clock())
        except sqlite3.OperationalError as error:
            if not is_disk_full(error):
                raise


def _without(item: Item, worst: Priority) -> Item:
    """Drafts of a lower priority than `worst` are dropped before any row of that priority."""
    if isinstance(item, Draft) and item.rank < worst:
        return DroppedDrafts(item.source, DISK_FULL, item.event.time, traffic=item.traffic)
    return item


def _weight(items: Sequence[Item]) -> int:
    return sum(item.weight for item in items if isinstance(item, Draft))
