"""Asks the journal for streams that go on, whatever keeps it from answering for a moment."""

import sqlite3
from collections.abc import Callable
from typing import TypeVar

from consumers.engine.folding import is_the_machines
from consumers.store.journal.record import JournalReader
from consumers.store.journal.store import JournalAway
from gateway.reading.readers import Busy, Readers
from gateway.reading.stores import Stores
from producer.file_identity import CutOff
from producer.os_errors import describe_storage_error
from producer.time_budget import OutOfTime

T = TypeVar("T")


async def ask_journal(readers: Readers[Stores], question: Callable[[JournalReader], T]) -> T:
    """Raises `JournalAway` for whatever passes: a disk, a lock, a full queue, a machine that stood still."""
    try:
        return await readers.ask(lambda stores: question(stores.journal))
    except (Busy, OutOfTime) as late:
        raise JournalAway(str(late)) from late
    except (OSError, MemoryError, sqlite3.Error, CutOff) as error:
        if isinstance(error, JournalAway) or not is_the_machines(error):
            raise
        raise JournalAway(f"the journal cannot be read: {describe_storage_error(error)}") from error
