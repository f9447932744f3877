"""Folds a batch so that an event on which the code of a consumer fails costs only itself."""

import errno
import sqlite3
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter

from bus_schemas.event import Event
from consumers.engine import checkpoint, set_aside
from consumers.engine.projection import Projection, emit_nothing
from consumers.engine.set_aside import SetAsideEvent
from consumers.store.journal.record import Recorded
from consumers.store.journal.store import JournalAway, Unwritable
from producer.file_identity import CutOff
from producer.outbox.tables import Draft, put_many

_THE_MACHINES_FAULT = {
    sqlite3.SQLITE_BUSY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_READONLY,
}  # fmt: skip
# What an event can bring about by what it says: a picture that is cut off has no number, a name may be too long.
_THE_EVENTS_FAULT = {None, errno.EINVAL, errno.EILSEQ, errno.ENAMETOOLONG, errno.ERANGE, errno.EDOM}


class Faulty(Exception):
    """Carries an error of a consumer's code to the place that finds out which event caused it."""


def is_the_machines(error: Exception) -> bool:
    """Whether a disk, a lock, memory or an unreachable journal failed. That passes, and no event is at fault."""
    if isinstance(error, MemoryError | JournalAway | Unwritable | ConnectionError | TimeoutError | CutOff):
        return True
    if isinstance(error, OSError):
        return error.errno not in _THE_EVENTS_FAULT
    return isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", 0) & 0xFF in _THE_MACHINES_FAULT


def call(act: Callable[[], None]) -> None:
    """Run a consumer's code. Raises `Faulty`, or what the machine did as it is."""
    try:
        act()
    except Exception as error:
        if is_the_machines(error):
            raise
        raise Faulty from error


@dataclass(slots=True)
class Folded:
    """How many events were emitted, and what was set aside. From the position `run_from` on nothing was taken."""

    emitted: int = 0
    refused: list[SetAsideEvent] = field(default_factory=list)
    run_from: int | None = None

    @property
    def run(self) -> list[SetAsideEvent]:
        """Those at the end of the batch, behind which nothing was taken."""
        return [] if self.run_from is None else [it for it in self.refused if it.position >= self.run_from]


def fold(projection: Projection, view: sqlite3.Connection, records: Sequence[Recorded]) -> int:
    """Fold within the caller's transaction; how many events were emitted. None where they were emitted before.

    They are written together at the end: each by itself takes three times as long.
    """
    silent = checkpoint.silent_until(view) if projection.emits else 0
    split = bisect_right(records, silent, key=attrgetter("position"))
    emitted: list[Draft] = []

    def emit(event: Event) -> None:
        emitted.append(Draft(event))

    if split:
        projection.fold(view, records[:split], emit_nothing)
    if records[split:]:
        projection.fold(view, records[split:], emit if projection.emits else emit_nothing)
    if emitted:
        put_many(view, emitted)
    return len(emitted)


def fold_whole(projection: Projection, view: sqlite3.Connection, records: Sequence[Recorded]) -> int:
    """Fold as `fold` does. Raises `Faulty`; then the transaction is to be rolled back, and `fold_around` goes on."""
    emitted = 0

    def act() -> None:
        nonlocal emitted
        emitted = fold(projection, view, records)

    call(act)
    return emitted


def fold_around(
    projection: Projection, view: sqlite3.Connection, records: Sequence[Recorded], clock: Callable[[], datetime]
) -> Folded:
    """Fold all but the events on which the code raises, found by halving. Within the caller's transaction.

    Where one of the batch raises, its savepoints cost more than the fold; so it is only called then.
    """
    folded = Folded()
    _Halving(projection, view, clock, folded).fold(records)
    return folded


@dataclass(frozen=True, slots=True)
class _Halving:
    projection: Projection
    view: sqlite3.Connection
    clock: Callable[[], datetime]
    folded: Folded

    def fold(self, records: Sequence[Recorded]) -> None:
        folded = self.folded
        try:
            with _savepoint(self.view):
                folded.emitted += fold_whole(self.projection, self.view, records)
        except Faulty as fault:
            self.projection.forget()
            if len(records) > 1:
                middle = len(records) // 2
                self.fold(records[:middle])
                self.fold(records[middle:])
                return
            [record] = records
            folded.refused.append(set_aside.of(record, fault.__cause__ or fault, self.clock()))
            folded.run_from = record.position if folded.run_from is None else folded.run_from
        else:
            folded.run_from = None


@contextmanager
def _savepoint(view: sqlite3.Connection) -> Iterator[None]:
    view.execute("savepoint event")
    try:
        yield
    except BaseException:
        if view.in_transaction:
            view.execute("rollback to event")
            view.execute("release event")
        raise
    view.execute("release event")
