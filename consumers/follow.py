"""One consumer at its checkpoint: reads a batch, takes it in, and commits the view with the checkpoint."""

import sqlite3
from bisect import bisect_right
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from operator import attrgetter
from pathlib import Path
from time import monotonic

import structlog

from bus_schemas.event import Event
from consumers import checkpoint, views
from consumers.journal.record import Batch, JournalReader, Recorded
from consumers.projection import Projection
from consumers.sink import Sink
from producer import outbox
from producer.transaction import transaction

BATCH = 1000
_IDLE_SAVE_S = 1.0

_THE_MACHINES_FAULT = {
    sqlite3.SQLITE_BUSY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_READONLY,
}  # fmt: skip

log = structlog.get_logger()


class Stopped(RuntimeError):
    """A consumer's own code failed on an event; it goes no further."""

    def __init__(self, name: str, failure: checkpoint.Failure) -> None:
        super().__init__(f"{name} stopped at position {failure.position}, event {failure.event_id}: {failure.error}")
        self.failure = failure


class _Tells(Exception):
    """A batch that emits is taken back, to be committed durably."""


class Faulty(Exception):
    """What a consumer's code raised, on its way to where it is found which event it was."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a consumer reads and writes: the data directory, the journal, and what time it is."""

    data: Path
    journal: JournalReader
    clock: Callable[[], datetime]


def call(act: Callable[[], None]) -> None:
    """Run a consumer's code. A full or broken disk is not its fault, and stops the process."""
    try:
        act()
    except OSError:
        raise
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in _THE_MACHINES_FAULT:
            raise
        raise Faulty from error
    except Exception as error:
        raise Faulty from error


def fold(projection: Projection, view: sqlite3.Connection, records: Sequence[Recorded]) -> int:
    """Fold within the caller's transaction; how many events were emitted. Silent where they were told before."""
    silent = checkpoint.silent_until(view) if projection.emits else 0
    split = bisect_right(records, silent, key=attrgetter("position"))
    told = 0

    def emit(event: Event) -> None:
        nonlocal told
        told += 1
        outbox.put(view, event)

    if split:
        projection.fold(view, records[:split], _say_nothing)
    if records[split:]:
        projection.fold(view, records[split:], emit if projection.emits else _say_nothing)
    return told


def _say_nothing(_: Event) -> None:
    """Takes what a fold decided on and was told before."""


def create(consumer: Projection | Sink, file: Path) -> sqlite3.Connection:
    """Open the database of a consumer with all its tables."""
    file.parent.mkdir(parents=True, exist_ok=True)
    view = views.connect(file)
    view.executescript(checkpoint.SCHEMA + consumer.schema)
    if consumer.emits:
        outbox.open_tables(view)
    return view


def configuration_of(projection: Projection) -> str:
    """A digest of what the fold depends on besides the journal and its version."""
    return sha256(repr((projection.name, projection.made_with())).encode()).hexdigest()


def made_now(projection: Projection, journal: JournalReader) -> checkpoint.Made:
    """How a fold that begins now is made."""
    floor = journal.floor()
    return checkpoint.Made(configuration_of(projection), floor, floor)


def last_told(consumer: Projection, journal: JournalReader) -> int:
    """The position of the newest event in the journal that this consumer emitted: a lost view tells nothing twice."""
    after = told = 0
    while consumer.emits:
        batch = journal.read(after, consumer.emits)
        told = max((found.position for found in batch.records if consumer.has_told(found.event)), default=told)
        if batch.upto <= after:
            return told
        after = batch.upto
    return told


class Follower:
    """A projection that keeps up with the journal."""

    def __init__(self, projection: Projection, source: Source) -> None:
        self.projection = projection
        self.name = projection.name
        self.told = 0
        self._source = source
        self._view: sqlite3.Connection | None = None
        self._file: Path | None = None
        self._seen = 0
        self._saved_at = 0.0
        self._life = 0

    @property
    def file(self) -> Path | None:
        """The file of the view, which is also the outbox of what it emits."""
        return self._file

    def advance(self, limit: int = BATCH) -> int:
        """Take in the next batch; by how many positions it went on. Raises `Stopped`."""
        with views.locked(self._source.data, self.name):
            view = self._current()
            # Behind the checkpoint are what others have folded, beyond it what we looked at and did not concern us.
            self._seen = max(self._seen, checkpoint.load(view))
            batch = self._source.journal.read(self._seen, self.projection.models, limit)
            moved = batch.upto - self._seen
            if batch.records:
                self._take(view, batch)
                self.projection.after_commit()
            elif self._is_worth_saving(batch.upto, view):
                with transaction(view):
                    checkpoint.save(view, batch.upto)
            self._seen = batch.upto
        return moved

    def _is_worth_saving(self, upto: int, view: sqlite3.Connection) -> bool:
        """A commit for each batch of others' events would be all that some views do."""
        if monotonic() - self._saved_at < _IDLE_SAVE_S:
            return False
        self._saved_at = monotonic()
        return upto > checkpoint.load(view)

    def _take(self, view: sqlite3.Connection, batch: Batch) -> None:
        try:
            self._commit(view, batch.records, batch.upto)
        except Faulty:
            for record in batch.records:
                self._take_one(view, record)

    def _take_one(self, view: sqlite3.Connection, record: Recorded) -> None:
        try:
            self._commit(view, (record,), record.position)
        except Faulty as fault:
            cause = fault.__cause__ or fault
            failure = checkpoint.failed(record.position, record.event.id, cause, self._source.clock())
            checkpoint.stop(view, failure)
            raise Stopped(self.name, failure) from cause

    def _commit(self, view: sqlite3.Connection, records: Sequence[Recorded], upto: int) -> None:
        """A batch that tells nothing waits for no disk: after a power cut it is folded again, and tells nothing again.

        What is told leaves at once, and its sequence must not be given to another event.
        """
        told = 0

        def act() -> None:
            nonlocal told
            told = fold(self.projection, view, records)

        def take() -> None:
            call(act)
            checkpoint.save(view, upto)
            checkpoint.resume(view)

        with suppress(_Tells), transaction(view):
            take()
            if told:
                raise _Tells
        if told:
            with views.durable(view), transaction(view):
                take()
        self.told += told
        self._seen = upto

    def _current(self) -> sqlite3.Connection:
        file = views.file_of(self._source.data, self.name)
        life = self._source.journal.life()
        if self._view is not None and (file, life) == (self._file, self._life):
            return self._view
        self.close()
        if file is None:
            file = self._begin()
        view = create(self.projection, file)
        if checkpoint.is_of_another_journal(view, life):
            log.warning("the journal is another one, the view begins again", consumer=self.name)
            view.close()
            stale, file = file, self._begin()
            views.remove(stale)
            view = create(self.projection, file)
        checkpoint.belong(view, life)
        self._file, self._life, self._view = file, life, view
        self._seen = checkpoint.load(view)
        log.info("consumer follows the journal", consumer=self.name, position=self._seen)
        return view

    def _begin(self) -> Path:
        file = views.next_file(self._source.data, self.name)
        views.remove(file)
        view = create(self.projection, file)
        checkpoint.make(view, made_now(self.projection, self._source.journal))
        checkpoint.begin(view, 0, self.projection.version, last_told(self.projection, self._source.journal))
        view.close()
        views.place(self._source.data, self.name, file)
        return file

    def close(self) -> None:
        if self._view is not None:
            self._view.close()
        self._view = None
