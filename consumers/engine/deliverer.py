"""Runs one sink: delivers a batch after its checkpoint, then commits the checkpoint with the events that it emits."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from time import monotonic

import structlog

from bus_schemas.event import Event
from consumers.engine import checkpoint, set_aside, view_files
from consumers.engine.carried_state import carry_over
from consumers.engine.damaged_views import HeldFile
from consumers.engine.folding import Faulty, call
from consumers.engine.follower import BATCH, IDLE_SAVE_S, STOPS_AFTER, ConsumerContext, Stopped, log_set_aside
from consumers.engine.set_aside import SetAsideEvent
from consumers.engine.sink import Sink
from consumers.engine.view_creation import create
from consumers.store.journal.record import Recorded
from producer.outbox.tables import Draft, put_many
from producer.transaction import transaction

REMEDY = "what waited in it is lost, and the sink goes on behind what it has delivered"
TRIES = 3
"""An event is delivered this often before it is set aside, with pauses in between."""

log = structlog.get_logger()


class Failed(RuntimeError):
    """An event could not be delivered, and is to be tried again."""


class Deliverer:
    """Keeps one sink up with the journal. A batch that was not finished when the process died is delivered again."""

    def __init__(self, sink: Sink, context: ConsumerContext) -> None:
        self.sink = sink
        self.name = sink.name
        self.emitted_count = 0
        self._journal_id = 0
        self._context = context
        self._state: sqlite3.Connection | None = None
        self._held = HeldFile(context.data, self.name, REMEDY)
        self._seen = 0
        self._saved_at = 0.0
        self._tries: tuple[int, int] = (0, 0)
        """The position of the event that failed last, and how often it did."""
        self._run: list[SetAsideEvent] = []
        self.last_set_aside: SetAsideEvent | None = None

    @property
    def file(self) -> Path | None:
        """The file of its state, which is also the outbox of what it emits."""
        return self._held.path

    def advance(self, limit: int = BATCH) -> int:
        """Deliver the next batch; by how many positions it went on.

        Raises `Failed` where an event is to be tried again, and `Stopped` where none can be delivered.
        """
        with view_files.locked(self._context.data, self.name), self._held.guarded(self._let_go):
            state = self._opened()
            # Beyond the checkpoint is what we looked at and did not concern us.
            before = self._seen = max(self._seen, checkpoint.load(state))
            batch = self._context.journal.read(before, self.sink.models, limit)
            if batch.records or self._is_worth_saving(batch.upto, state):
                self._take(state, batch.records, batch.upto)
            self._seen = batch.upto
            return batch.upto - before

    def _is_worth_saving(self, upto: int, state: sqlite3.Connection) -> bool:
        """A commit for each batch of others' events would be all that most sinks do."""
        if monotonic() - self._saved_at < IDLE_SAVE_S:
            return False
        self._saved_at = monotonic()
        return upto > checkpoint.load(state)

    def idle(self) -> None:
        """Let the sink try again what waits."""
        with self._held.guarded(self._let_go):
            self.sink.idle(self._opened())

    def _take(self, state: sqlite3.Connection, records: Sequence[Recorded], upto: int) -> None:
        try:
            self._hand_over(state, records, upto)
        except Faulty as fault:
            if len(records) == 1:
                self._refuse(state, records[0], fault)
                return
            # A receiver that is idempotent by event id is not harmed by a second delivery, but would be by a lost one.
            for record in records:
                self._take(state, (record,), record.position)

    def _hand_over(self, state: sqlite3.Connection, records: Sequence[Recorded], upto: int) -> None:
        """Raises `Faulty`."""
        emitted: list[Event] = []

        def act() -> None:
            emitted.extend(self.sink.deliver(state, records))

        if records:
            call(act)
        with transaction(state):
            if emitted:
                put_many(state, [Draft(event) for event in emitted])
            if records:
                self.sink.settle(state)
                if self._run:
                    set_aside.close_run(state)
            checkpoint.save(state, upto)
            checkpoint.resume(state)
        self.emitted_count += len(emitted)
        self._run = [] if records else self._run

    def _refuse(self, state: sqlite3.Connection, record: Recorded, fault: Faulty) -> None:
        """Set the event aside once it was tried often enough. Raises `Failed` before, and `Stopped` where all fail."""
        cause = fault.__cause__ or fault
        position, tries = self._tries
        tries = tries + 1 if position == record.position else 1
        self._tries = (record.position, tries)
        if tries < TRIES:
            raise Failed(f"{self.name}: position {record.position}, {type(cause).__name__}: {cause}") from cause
        refused = set_aside.of(record, cause, self._context.clock())
        run = [*self._run, refused]
        if len(run) >= STOPS_AFTER and len({event.source for event in run}) > 1:
            failure = checkpoint.failed_on(refused)
            checkpoint.stop(state, failure)
            raise Stopped(self.name, failure) from cause
        with transaction(state):
            set_aside.add(state, [refused], self.sink.version, record.position)
            checkpoint.save(state, record.position)
            checkpoint.resume(state)
        self._run = run
        self.last_set_aside = refused
        log_set_aside(self.name, [refused])

    def _opened(self) -> sqlite3.Connection:
        journal_id = self._context.journal.journal_id()
        if self._state is not None and journal_id == self._journal_id and self._held.is_current():
            return self._state
        self._let_go()
        file = view_files.file_of(self._context.data, self.name)
        if file is None:
            file = self._begin()
        self._held.check_content(file)
        carry_over(self.sink, file)
        state = create(self.sink, file)
        if self.sink.emits:
            state.execute("pragma synchronous=full")
        if checkpoint.is_of_another_journal(state, journal_id):
            # The nodes send again what it has not emitted of the old one; the rest it is given twice.
            log.warning("the journal is another one, the sink begins again", consumer=self.name)
            checkpoint.begin_again(state)
        checkpoint.belong(state, journal_id)
        self._held.take(file)
        self._journal_id, self._state = journal_id, state
        self._seen = checkpoint.load(state)
        self._run = set_aside.open_run(state)
        self.last_set_aside = next(iter(set_aside.newest(state, 1)), None)
        log.info("sink follows the journal", consumer=self.name, position=self._seen)
        return state

    def _begin(self) -> Path:
        """Where the sink says, and behind nothing that it has not delivered, as far as anybody knows."""
        position = self.sink.begins_after(self._context.journal)
        if known := self._delivered():
            position = min(position, known)
        if self._held.path is not None or self._held.was_damaged:
            log.warning("the state of the sink is gone, it begins again", consumer=self.name, position=position)
        file = view_files.unused_file(self._context.data, self.name, self._held.path)
        state = create(self.sink, file)
        checkpoint.begin(state, position, self.sink.version)
        state.close()
        view_files.place(self._context.data, self.name, file)
        return file

    def _delivered(self) -> int:
        """Up to where it has delivered what this journal holds; 0 where nobody knows."""
        if self._journal_id == self._context.journal.journal_id() and self._seen:
            return self._seen
        return self._held.salvaged_position()

    def close(self) -> None:
        self.sink.close()
        self._let_go()

    def _let_go(self) -> None:
        if self._state is not None:
            self._state.close()
        self._state = None
