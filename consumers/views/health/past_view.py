"""Rebuilds the health view in memory as it was at any position of the journal."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

from consumers.engine.projection import emit_nothing
from consumers.store.journal.record import JournalReader
from consumers.views.health import snapshots
from consumers.views.health.projection import HealthProjection, put, set_clock

_BATCH = 1000


@contextmanager
def as_of(view: sqlite3.Connection, journal: JournalReader, upto: int) -> Iterator[sqlite3.Connection]:
    """The view when `upto` was the last position of the journal, to ask the same questions. Raises `Forgotten`.

    It begins at the last snapshot before and folds what followed, of half a minute at most while the hub was ticking.
    """
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as past:
        past.executescript(HealthProjection.schema)
        past.execute("begin")
        begun = snapshots.newest(view, upto)
        if begun is not None:
            put(past, begun.devices)
            set_clock(past, begun.clock)
        _fold(past, journal, 0 if begun is None else begun.position, upto)
        past.execute("commit")
        yield past


def _fold(past: sqlite3.Connection, journal: JournalReader, position: int, upto: int) -> None:
    health = HealthProjection()
    while position < upto:
        # So many positions are left: no event beyond them is read.
        batch = journal.read(position, HealthProjection.models, min(_BATCH, upto - position))
        health.fold(past, [record for record in batch.records if record.position <= upto], emit_nothing)
        if batch.upto <= position:
            return
        position = batch.upto
