"""The outbox of a node: a file, and the thread that commits events to it.

An event exists, and has a sequence, once the transaction with its row is committed with `synchronous=FULL`.
"""

import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import structlog

from producer.ids import Clock
from producer.outbox.broken import LostFile
from producer.outbox.committer import FULL_PAUSE_S, Committer
from producer.outbox.disk import DiskReserve
from producer.outbox.handoff import CommitBatch, Handoff, OutboxFailed, Ticket
from producer.outbox.limits import OutboxLimits, OutboxUsage
from producer.outbox.outbox_file import OutboxFile
from producer.outbox.tables import Draft, Item, open_tables, put

__all__ = ["Draft", "Outbox", "OutboxFailed", "open_tables", "put"]

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
        unsaved: list[Item] | None = None,
    ) -> None:
        """`unsaved` is what an outbox before this one could not commit; what this one cannot commit goes there."""
        room = room or DiskReserve()
        self._on_commit = on_commit
        self._handoff = Handoff()
        self._stopping = threading.Event()
        self._file = OutboxFile(path, clock, limits or OutboxLimits(), room, is_exclusive=is_exclusive)
        self._committer = Committer(self._file, room, self._stopping)
        self._unsaved = [] if unsaved is None else unsaved
        self._tickets: list[Ticket] = []
        """Tickets of threads that wait for items that wait for room."""
        self._failure: OutboxFailed | None = None
        self._thread = threading.Thread(target=self._run, name="outbox")

    @property
    def epoch(self) -> str:
        return self._file.epoch

    @property
    def usage(self) -> OutboxUsage:
        """The usage as of the last commit."""
        return self._file.usage

    @property
    def lost_file(self) -> LostFile | None:
        """The last time that its file was removed while it was open, or was found to be broken."""
        return self._file.lost_file

    def put(self, *drafts: Draft, durable: bool = False, wait_s: float | None = None) -> bool:
        """Hand over events in order, to be committed in one transaction. With `durable`, wait until they are, or for
        `wait_s`: on a full disk they wait in memory. Returns whether it is known that they are committed.

        Without `durable` this never waits for the disk. Raises `OutboxFailed` when the outbox accepts no more.
        """
        if not durable:
            self._handoff.give(drafts)
            return False
        ticket = Ticket()
        self._handoff.give(drafts, ticket)
        if not ticket.done.wait(wait_s):
            return False
        if not ticket.is_committed:
            raise self._handoff.failure or OutboxFailed("the outbox ended before the events were committed")
        return True

    def flush(self, timeout_s: float) -> bool:
        """Wait until the events that were put before are committed. Returns whether they are."""
        ticket = Ticket()
        try:
            self._handoff.give((), ticket)
        except OutboxFailed:
            return False
        return ticket.done.wait(timeout_s) and ticket.is_committed

    def __enter__(self) -> Self:
        self._file.reserve()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Commit what was handed over, then close."""
        self._stopping.set()
        self._handoff.close(OutboxFailed("the outbox is closed"))
        self._thread.join()
        self._file.close()

    def _run(self) -> None:
        pause_s = 0.0
        if unsaved := list(self._unsaved):
            self._unsaved.clear()
            self._process(CommitBatch(unsaved, []))
        while (load := self._next(pause_s)) is not None:
            if load.items or load.tickets or self._committer.has_waiting:
                self._process(load)
            pause_s = self._committer.shrink()

    def _process(self, load: CommitBatch) -> None:
        is_committed = False
        try:
            is_committed = self._commit(load.items)
        except OutboxFailed as failed:
            log.error("outbox failed", reason=str(failed), items=len(failed.items))
            self._unsaved += failed.items
            self._fail(failed)
        except Exception as error:
            # Without its thread nothing would be committed any more, and nobody would know. What it had in hand is
            # given up: the next outbox might end by it as well.
            log.exception("outbox failed by a fault of its own", items=len(load.items))
            self._fail(OutboxFailed(f"the outbox failed: {error!r}"))
        self._settle(load.tickets, is_committed)
        if self._on_commit is not None:
            self._on_commit()

    def _fail(self, failed: OutboxFailed) -> None:
        """The next put raises and ends the agent, which begins anew with what is unsaved."""
        self._failure = self._failure or type(failed)(str(failed))
        self._handoff.abandon(self._failure)

    def _next(self, pause_s: float) -> CommitBatch | None:
        """The items that were handed over; none after a pause, and once more at the end where items wait for room."""
        load = self._handoff.take(min(pause_s, FULL_PAUSE_S) if self._committer.has_waiting else pause_s)
        return CommitBatch([], []) if load is None and self._committer.has_waiting else load

    def _commit(self, items: list[Item]) -> bool:
        """Raises `OutboxFailed` also for what was handed over before the outbox was found to fail."""
        if self._failure is not None:
            raise type(self._failure)(str(self._failure), items)
        return self._committer.commit(items)

    def _settle(self, tickets: list[Ticket], is_committed: bool) -> None:
        committer = self._committer
        due, self._tickets = self._tickets + tickets, []
        for ticket in due:
            if is_committed and committer.has_waiting and (committer.events_wait or ticket.is_of_media):
                self._tickets.append(ticket)
            else:
                ticket.settle(is_committed)
