"""One sink at its checkpoint: hands a batch on, then commits the checkpoint with what the sink emits."""

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

import structlog

from bus_schemas.event import Event
from consumers import checkpoint, views
from consumers.follow import BATCH, Faulty, Source, Stopped, call, create
from consumers.journal.record import Recorded
from consumers.sink import Sink
from producer import outbox
from producer.transaction import transaction

log = structlog.get_logger()


class Deliverer:
    """A sink that keeps up with the journal. What it has not finished when it dies, it is given again."""

    def __init__(self, sink: Sink, source: Source) -> None:
        self.sink = sink
        self.name = sink.name
        self.told = 0
        self._life = 0
        self._source = source
        self._state: sqlite3.Connection | None = None

    @property
    def file(self) -> Path | None:
        """The file of its state, which is also the outbox of what it emits."""
        return views.file_of(self._source.data, self.name)

    def advance(self, limit: int = BATCH) -> int:
        """Deliver the next batch; by how many positions it went on. Raises `Stopped`."""
        with views.locked(self._source.data, self.name):
            state = self._opened()
            before = checkpoint.load(state)
            batch = self._source.journal.read(before, self.sink.models, limit)
            if batch.upto > before:
                self._take(state, batch.records, batch.upto)
            return batch.upto - before

    def idle(self) -> None:
        """Let the sink try again what waits."""
        state = self._opened()
        call(lambda: self.sink.idle(state))

    def _take(self, state: sqlite3.Connection, records: Sequence[Recorded], upto: int) -> None:
        emitted: list[Event] = []

        def act() -> None:
            emitted.extend(self.sink.deliver(state, records))

        if records:
            self._try(state, records, act)
        with transaction(state):
            for event in emitted:
                outbox.put(state, event)
            if records:
                self.sink.settle(state)
            checkpoint.save(state, upto)
            checkpoint.resume(state)
        self.told += len(emitted)

    def _try(self, state: sqlite3.Connection, records: Sequence[Recorded], act: Callable[[], None]) -> None:
        try:
            call(act)
        except Faulty as fault:
            cause = fault.__cause__ or fault
            # Which of them it was cannot be tried out: what was delivered would be delivered again.
            first = records[0]
            failure = checkpoint.failed(first.position, first.event.id, cause, self._source.clock())
            checkpoint.stop(state, failure)
            raise Stopped(self.name, failure) from cause

    def _opened(self) -> sqlite3.Connection:
        life = self._source.journal.life()
        if self._state is not None and life == self._life:
            return self._state
        self._let_go()
        file = views.file_of(self._source.data, self.name)
        if file is None:
            file = self._begin()
        state = create(self.sink, file)
        if self.sink.emits:
            state.execute("pragma synchronous=full")
        if checkpoint.is_of_another_journal(state, life):
            # What it has not told of the old one comes again from the nodes; what it has, it is given twice.
            log.warning("the journal is another one, the sink begins again", consumer=self.name)
            checkpoint.begin_again(state)
        checkpoint.belong(state, life)
        self._state, self._life = state, life
        log.info("sink follows the journal", consumer=self.name, position=checkpoint.load(state))
        return state

    def _begin(self) -> Path:
        file = views.next_file(self._source.data, self.name)
        views.remove(file)
        state = create(self.sink, file)
        begin = self._source.journal.head() if self.sink.from_head else 0
        checkpoint.begin(state, begin, self.sink.version)
        state.close()
        views.place(self._source.data, self.name, file)
        return file

    def close(self) -> None:
        self.sink.close()
        self._let_go()

    def _let_go(self) -> None:
        if self._state is not None:
            self._state.close()
        self._state = None
