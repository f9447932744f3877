"""The outbox of a node: a file, and the thread that commits events to it.

An event exists, and has a sequence, once the transaction with its row is committed with `synchronous=FULL`.
"""

import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import structlog

from producer.file_identity import CutOff, FileGone, identity
from producer.ids import Clock
from producer.outbox.backlog import waiting_count
from producer.outbox.broken import BROKEN, LostFile, set_aside
from producer.outbox.disk import DiskReserve, OutboxDisk
from producer.outbox.files import OpenFiles
from producer.outbox.handoff import CommitBatch, Handoff, OutboxFailed, Ticket
from producer.outbox.limits import OutboxLimits, OutboxUsage, enforce, release, usage
from producer.outbox.memory_queue import WaitingItems, by_urgency, weight, without
from producer.outbox.priority import DROPPABLE, Priority
from producer.outbox.tables import Draft, DroppedDrafts, Item, connect, is_disk_full, open_tables, put
from producer.outbox.tables import put_many as append
from producer.sqlite_files import is_cut_off, is_unusable
from producer.transaction import transaction

__all__ = ["Draft", "Outbox", "OutboxFailed", "open_tables", "put"]

RELEASE_BYTES = 1024 * 1024
FULL_PAUSE_S = 1.0

log = structlog.get_logger(__name__)


class Outbox:
    """One for each node, shared by its capture threads. As a context manager it runs the committing thread."""

    def __init__(
        self,
        path: Path,
        clock: Clock,
        limits: OutboxLimits | None = None,
        on_commit: Callable[[], None] | None = None,
        room: DiskReserve | None = None,
        *,
        is_exclusive: bool = False,
    ) -> None:
        self._path = path
        self._is_exclusive = is_exclusive
        self._unconfirmed = 0
        """Events that were not confirmed, as of the last commit."""
        self._clock = clock
        self._limits = limits or OutboxLimits()
        self._on_commit = on_commit
        self._handoff = Handoff()
        room = room or DiskReserve()
        self._disk = OutboxDisk(path, room)
        self._wait_s = room.wait_s
        self._waiting = WaitingItems()
        self._tickets: list[Ticket] = []
        """Of threads that wait for what waits for room."""
        self.lost_file: LostFile | None = None
        """The last time that its file was removed while it was open, or was found to be broken."""
        self._open()
        self._full_since: float | None = None
        """By the monotonic clock, from the first commit that found the disk full to one that found room."""
        self._again_at = 0.0
        """By the monotonic clock, when all that waits is next tried on a full disk."""
        self._events_wait = False
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
        self._stopping.set()
        self._handoff.close("the outbox is closed")
        self._thread.join()
        self._connection.close()

    def _open(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._disk.make_room_to_open()
        held = identity(self._path)
        try:
            self._connect()
        except sqlite3.DatabaseError as error:
            if not is_unusable(error, self._path):
                raise
            set_aside(self._path, held)
            self._connect()
            self._note_loss(LostFile(time.monotonic(), None, BROKEN), error)
        self._files = OpenFiles.now(self._path)
        self.usage: OutboxUsage = usage(self._connection)
        """As of the last commit."""
        self._unconfirmed = waiting_count(self._connection)

    def _connect(self) -> None:
        if self._path.is_file() and not self._path.stat().st_size:
            raise CutOff(f"{self._path} is empty")
        connection = connect(self._path, is_exclusive=self._is_exclusive)
        try:
            if is_cut_off(connection, self._path):
                raise CutOff(f"{self._path} was cut off")
            self.epoch = open_tables(connection, self._clock)
        except BaseException:
            connection.close()
            raise
        self._connection = connection

    def _begin_anew(self, reason: FileGone | sqlite3.DatabaseError) -> None:
        """Begin a new epoch in a new file. What only the old file held is lost."""
        is_gone = isinstance(reason, FileGone)
        lost = self._unconfirmed
        with suppress(sqlite3.Error):
            lost = waiting_count(self._connection) if is_gone else lost
        with suppress(sqlite3.Error):
            self._connection.close()
        if is_gone:
            self._files.remove_rest()
        else:
            set_aside(self._path, self._files.file.identity)
        self._open()
        self._note_loss(LostFile(time.monotonic(), lost, "was removed" if is_gone else BROKEN), reason)

    def _note_loss(self, lost: LostFile, reason: Exception) -> None:
        self.lost_file = lost
        log.error(
            "outbox lost its file, a new epoch begins", reason=str(reason), events_lost=lost.events, epoch=self.epoch
        )

    def _run(self) -> None:
        while (load := self._next()) is not None:
            is_committed = False
            try:
                is_committed = self._commit(self._waiting.take() + load.items)
            except (sqlite3.Error, OSError) as error:
                # The next put raises and ends the process: there is no place for what it observes.
                log.error("outbox failed", reason=str(error))
                self._handoff.abandon(f"the outbox cannot be written: {error}")
            self._settle(load.tickets, is_committed)
            if self._on_commit is not None:
                self._on_commit()

    def _next(self) -> CommitBatch | None:
        """What was handed over; nothing after a pause where items wait for room, and once more at the end."""
        load = self._handoff.take(FULL_PAUSE_S if self._waiting else None)
        return CommitBatch([], []) if load is None and self._waiting else load

    def _settle(self, tickets: list[Ticket], is_committed: bool) -> None:
        due, self._tickets = self._tickets + tickets, []
        for ticket in due:
            if is_committed and self._waiting and (self._events_wait or ticket.is_of_media):
                self._tickets.append(ticket)
            else:
                ticket.settle(is_committed)

    def _commit(self, items: list[Item]) -> bool:
        """False when the process ends before there is room for them."""
        try:
            return self._commit_to_file(items)
        except sqlite3.DatabaseError as error:
            if not is_unusable(error, self._path):
                raise
            self._begin_anew(error)
            self._waiting.take()  # They are among the items.
            return self._commit_to_file(items)

    def _commit_to_file(self, items: list[Item]) -> bool:
        is_due = time.monotonic() >= self._again_at
        if is_due and self._try_without_loss(items):
            return True
        if not self._may_wait():
            return self._commit_by_dropping(items)
        urgent, media = by_urgency(items)
        # What is urgent comes often, and is small: it is tried each time, unless not even that had room.
        if (is_due or not self._events_wait) and self._commit_urgent(urgent):
            self._events_wait = False
            self._waiting.hold(media)
        else:
            self._events_wait = True
            self._waiting.hold(items)
        return True

    def _may_wait(self) -> bool:
        """For a while after the disk was found to be full, and not into the end of the process."""
        if self._full_since is None or self._stopping.is_set():
            return False
        return time.monotonic() - self._full_since < self._wait_s

    def _try_without_loss(self, items: Sequence[Item]) -> bool:
        """All together, after giving up what is confirmed where that is needed."""
        if self._try_to_commit(items):
            return True
        self._make_room(weight(items), None)
        self._again_at = time.monotonic() + FULL_PAUSE_S
        return self._try_to_commit(items)

    def _commit_urgent(self, items: Sequence[Item]) -> bool:
        """Media that the file holds are given up for events; no event is."""
        for worst in (Priority.PICTURE, Priority.SEGMENT):
            if not items or self._try_to_commit(items):
                return True
            self._make_room(weight(items), worst)
        return self._try_to_commit(items)

    def _commit_by_dropping(self, items: list[Item]) -> bool:
        self._events_wait = False
        for worst in DROPPABLE:
            if self._try_to_commit(items):
                return True
            items = [without(item, worst) for item in items]
            self._make_room(weight(items), worst)
        while not self._try_to_commit(items):
            # Nothing is left to drop except for these. They wait here while the handoff counts what comes after them.
            if self._stopping.wait(FULL_PAUSE_S):
                log.error("events lost, the disk is full", events=len(items))
                return False
            self._make_room(weight(items), Priority.VITAL)
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
                enforce(connection, self._limits, self._clock(), len(items))
                used, unconfirmed = usage(connection), waiting_count(connection)
        except sqlite3.OperationalError as error:
            if not is_disk_full(error):
                raise
            return False
        self.usage, self._unconfirmed = used, unconfirmed
        if self._full_since is not None and not self._waiting and not _has_dropped(items):
            self._full_since, self._again_at, self._events_wait = None, 0.0, False
            self._disk.create_reserve_file()
            log.info("outbox has room again")
        return True

    def _make_room(self, need: int, worst: Priority | None) -> None:
        """Give up what is confirmed, and unconfirmed rows of no higher priority than `worst`."""
        if self._full_since is None:
            self._full_since = time.monotonic()
            log.warning("disk full, what has no room waits in memory, later the outbox gives up what matters least")
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


def _has_dropped(items: Sequence[Item]) -> bool:
    return any(isinstance(item, DroppedDrafts) for item in items)
