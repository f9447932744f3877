"""Creates the database of a consumer, and notes how the fold of a new view is made."""

import sqlite3
from hashlib import sha256
from pathlib import Path

from consumers.engine import checkpoint, view_files
from consumers.engine.projection import Projection
from consumers.engine.sink import Sink
from consumers.store.journal.record import JournalReader
from producer.outbox import outbox


def create(consumer: Projection | Sink, file: Path) -> sqlite3.Connection:
    """Open the database of a consumer with all its tables."""
    file.parent.mkdir(parents=True, exist_ok=True)
    view = view_files.connect(file)
    view.executescript(checkpoint.SCHEMA + consumer.schema)
    if consumer.emits:
        outbox.open_tables(view)
    return view


def configuration_of(projection: Projection) -> str:
    """A digest of what the fold depends on besides the journal and its version."""
    return sha256(repr((projection.name, projection.made_with())).encode()).hexdigest()


def of_another_configuration(projection: Projection, view: sqlite3.Connection) -> bool:
    """Whether a view was made with another configuration. One that does not say is taken for one of this."""
    return checkpoint.made(view).configuration not in ("", configuration_of(projection))


def made_now(projection: Projection, journal: JournalReader) -> checkpoint.Made:
    """The conditions under which a fold that begins now is made."""
    floor = journal.floor()
    return checkpoint.Made(configuration_of(projection), floor, floor)


def last_emitted_position(consumer: Projection, journal: JournalReader) -> int:
    """The position of the newest event in the journal that this consumer emitted: a lost view emits nothing twice."""
    after = emitted = 0
    while consumer.emits:
        batch = journal.read(after, consumer.emits)
        emitted = max(
            (found.position for found in batch.records if consumer.is_own_emission(found.event)), default=emitted
        )
        if batch.upto <= after:
            return emitted
        after = batch.upto
    return emitted
