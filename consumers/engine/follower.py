"""Runs one projection: reads a batch after its checkpoint, folds it, and commits the view with the checkpoint."""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import NoReturn

import structlog

from consumers.engine import checkpoint, set_aside, view_files
from consumers.engine.damaged_views import HeldFile
from consumers.engine.folding import Faulty, fold_around, fold_whole
from consumers.engine.projection import Projection
from consumers.engine.set_aside import SetAsideEvent
from consumers.engine.view_creation import create, last_emitted_position, made_now
from consumers.store.journal.record import Batch, JournalReader, Recorded
from producer.log_copier import LogCopier
from producer.transaction import transaction

BATCH = 1000
LOGGED = 5
REMEDY = "the view is folded again from the journal"
IDLE_SAVE_S = 1.0
ROWS_PER_CHECKPOINT = 300
"""About 200 pages of a log: so many fit twice into what it may take of the disk."""

log = structlog.get_logger()

Act = Callable[[sqlite3.Connection, Sequence[Recorded]], int]


STOPS_AFTER = 100
"""After this many failures in a row, of more than one source, the consumer is at fault, not the events."""
MOST_AT_ONCE = 16
"""A stopped consumer tries at most this many batches at once to find an event that it can take."""


class Stopped(RuntimeError):
    """The code of a consumer fails on every event there is. It goes no further, and may be tried again."""

    def __init__(self, name: str, failure: checkpoint.Failure) -> None:
        super().__init__(f"{name} stopped at position {failure.position}, event {failure.event_id}: {failure.error}")
        self.failure = failure


class _AllFail(Exception):
    """From this position on a batch is taken back: the code fails on all of it."""

    def __init__(self, run: Sequence[SetAsideEvent]) -> None:
        self.run = run


@dataclass(frozen=True, slots=True)
class ConsumerContext:
    """The surroundings of a consumer: its data directory, its journal reader, and its clock."""

    data: Path
    journal: JournalReader
    clock: Callable[[], datetime]


def log_set_aside(name: str, events: Sequence[SetAsideEvent]) -> None:
    """The first few of a batch by themselves."""
    for event in events[:LOGGED]:
        log.error(
            "event set aside", consumer=name, position=event.position, event_id=event.event_id, type=event.type,
            source=event.source, error=event.error,
        )  # fmt: skip
    if len(events) > LOGGED:
        log.error("events set aside", consumer=name, more=len(events) - LOGGED)


class Follower:
    """Keeps one projection up with the journal."""

    def __init__(self, projection: Projection, context: ConsumerContext) -> None:
        self.projection = projection
        self.name = projection.name
        self.emitted_count = 0
        self._context = context
        self._view: sqlite3.Connection | None = None
        self._held = HeldFile(context.data, self.name, REMEDY)
        self._seen = 0
        self._saved_at = 0.0
        self._rows_noted = 0
        self._log_copier: LogCopier | None = None
        self._journal_id = 0
        self._stops = 0
        self._run: list[SetAsideEvent] = []
        self._next_run: list[SetAsideEvent] = []
        self._refused: list[SetAsideEvent] = []
        self._refold_goal: int | None = None
        self.last_set_aside: SetAsideEvent | None = None

    @property
    def file(self) -> Path | None:
        """The file of the view, which is also the outbox of what it emits."""
        return self._held.path

    @property
    def is_refolding(self) -> bool:
        """Whether the view began anew, and is not yet where the journal ended then."""
        return self._refold_goal is not None

    def advance(self, limit: int = BATCH) -> int:
        """Take in the next batch; by how many positions it went on. Raises `Stopped`."""
        with view_files.locked(self._context.data, self.name), self._held.guarded(self.close):
            view = self._current()
            if self._stops:
                self._try_again(view)
                limit *= min(2**self._stops, MOST_AT_ONCE)
            # Behind the checkpoint are what others have folded, beyond it what we looked at and did not concern us.
            position = checkpoint.load(view)
            if position > self._seen:
                self._seen, self._run = position, set_aside.open_run(view)
                self.projection.forget()
            batch = self._context.journal.read(self._seen, self.projection.models, limit)
            moved = batch.upto - self._seen
            if batch.records:
                self._take(view, batch)
                self.projection.after_commit()
            elif self._is_worth_saving(batch.upto, view):
                with transaction(view):
                    checkpoint.save(view, batch.upto)
            self._seen = batch.upto
            self._end_refold(view, batch.upto)
        return moved

    def shrink_log(self) -> None:
        """Called once what a batch emitted is on its way: a commit that emits waits for the disk long enough."""
        if self._view is not None and self._log_copier is not None:
            self._log_copier.note(self._view.total_changes - self._rows_noted)
            self._rows_noted = self._view.total_changes

    def _end_refold(self, view: sqlite3.Connection, upto: int) -> None:
        """The view answers once it is where the journal ended when it began."""
        if self._refold_goal is not None and upto >= self._refold_goal:
            with transaction(view):
                checkpoint.save(view, upto)
                checkpoint.refold_until(view, None)
            self._refold_goal = None

    def _is_worth_saving(self, upto: int, view: sqlite3.Connection) -> bool:
        """A commit for each batch of others' events would be all that some views do."""
        if monotonic() - self._saved_at < IDLE_SAVE_S:
            return False
        self._saved_at = monotonic()
        return upto > checkpoint.load(view)

    def _take(self, view: sqlite3.Connection, batch: Batch) -> None:
        try:
            try:
                self._commit(view, batch.records, batch.upto, self._whole)
            except Faulty:
                self._commit(view, batch.records, batch.upto, self._around)
        except _AllFail as all_fail:
            self._stop(view, batch.records, all_fail.run)
        self._stops = 0

    def _whole(self, view: sqlite3.Connection, records: Sequence[Recorded]) -> int:
        emitted = fold_whole(self.projection, view, records)
        if self._run:
            set_aside.close_run(view)
        return emitted

    def _around(self, view: sqlite3.Connection, records: Sequence[Recorded]) -> int:
        """Raises `_AllFail`."""
        folded = fold_around(self.projection, view, records, self._context.clock)
        before = self._run if folded.run_from == records[0].position else []
        run = [*before, *folded.run]
        if len(run) >= STOPS_AFTER and len({event.source for event in run}) > 1:
            raise _AllFail(run)
        if self._run and not before:
            set_aside.close_run(view)
        open_from = records[-1].position + 1 if folded.run_from is None else folded.run_from
        set_aside.add(view, folded.refused, self.projection.version, open_from)
        self._refused = folded.refused
        self._next_run = run
        return folded.emitted

    def _stop(self, view: sqlite3.Connection, records: Sequence[Recorded], run: Sequence[SetAsideEvent]) -> NoReturn:
        """Take in what is before those of which none can be taken, and stop there. Raises `Stopped`."""
        good = [record for record in records if record.position < run[0].position]
        if good:
            self._commit(view, good, good[-1].position, self._around)
        failure = checkpoint.failed_on(run[0])
        checkpoint.stop(view, failure)
        self._seen = checkpoint.load(view)
        self._stops += 1
        raise Stopped(self.name, failure)

    def _commit(self, view: sqlite3.Connection, records: Sequence[Recorded], upto: int, act: Act) -> None:
        """Does not wait for the disk: after a power cut a batch is folded again, and emits the same again.

        Emitted events leave once they are on the disk: their sequence must not be given to another event.
        """
        self._refused, self._next_run = [], []
        with transaction(view):
            emitted = act(view, records)
            checkpoint.save(view, upto)
            checkpoint.resume(view)
        self.projection.committed()
        self.emitted_count += emitted
        self._run = self._next_run
        self._seen = upto
        if self._refused:
            self.last_set_aside = self._refused[-1]
            log_set_aside(self.name, self._refused)

    def _try_again(self, view: sqlite3.Connection) -> None:
        """Go back to the first of the events behind which nothing was taken: the view is as it was before them."""
        with transaction(view):
            before = set_aside.take_back(view)
            if before is not None:
                checkpoint.go_back(view, before)
        self._run = []
        self._seen = checkpoint.load(view)

    def _current(self) -> sqlite3.Connection:
        journal_id = self._context.journal.journal_id()
        if self._view is not None and journal_id == self._journal_id and self._held.is_current():
            return self._view
        self.close()
        file = view_files.file_of(self._context.data, self.name)
        if file is None:
            file = self._begin()
        self._held.check_content(file)
        view = create(self.projection, file)
        if checkpoint.is_of_another_journal(view, journal_id):
            log.warning("the view begins again", consumer=self.name, reason="the journal is another one")
            view.close()
            stale, file = file, self._begin()
            view_files.remove(stale)
            view = create(self.projection, file)
        checkpoint.belong(view, journal_id)
        self._log_copier, self._rows_noted = self._copier_of(view, file), 0
        self._held.take(file)
        self._journal_id, self._view = journal_id, view
        self._refold_goal = checkpoint.refold_goal(view)
        self.projection.forget()
        self._remove_superseded()
        self._try_again(view)
        self.last_set_aside = next(iter(set_aside.newest(view, 1)), None)
        log.info("consumer follows the journal", consumer=self.name, position=self._seen)
        return view

    def _copier_of(self, view: sqlite3.Connection, file: Path) -> LogCopier | None:
        if not self.projection.emits:
            return None
        view_files.expect_emissions(view)
        return LogCopier(file, ROWS_PER_CHECKPOINT)

    def _remove_superseded(self) -> None:
        for name in self.projection.supersedes:
            if view_files.drop(self._context.data, name):
                log.info("view of an earlier release removed", consumer=self.name, superseded=name)

    def _begin(self) -> Path:
        was_there = self._held.path is not None or view_files.link_of(self._context.data, self.name).is_symlink()
        if was_there:
            log.warning("the view begins again", consumer=self.name, instead_of=str(self._held.path))
        file = view_files.unused_file(self._context.data, self.name, self._held.path)
        view = create(self.projection, file)
        checkpoint.make(view, made_now(self.projection, self._context.journal))
        self.projection.adopt(view, self._context.data, self._context.journal)
        checkpoint.begin(
            view, 0, self.projection.version, last_emitted_position(self.projection, self._context.journal)
        )
        if was_there:
            checkpoint.refold_until(view, self._context.journal.head() or None)
        view.close()
        view_files.place(self._context.data, self.name, file)
        return file

    def close(self) -> None:
        if self._log_copier is not None:
            self._log_copier.close()
        if self._view is not None:
            self._view.close()
        self._view = self._log_copier = None
