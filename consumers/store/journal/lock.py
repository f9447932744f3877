"""The lock of the writer of a journal: one process for each data directory."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from consumers.store.journal.store import JournalInUse
from producer.ids import utc_now
from producer.locks import FileLock, LockHeld, this_process


@contextmanager
def journal_lock(directory: Path) -> Iterator[None]:
    """Two writers would give positions twice. The lock ends with the process. Raises `JournalInUse`."""
    try:
        lock = FileLock(directory / ".lock")
    except LockHeld as error:
        holder = f": {error.holder}" if error.holder else ""
        raise JournalInUse(f"another ingest writes the journal in {directory}{holder}") from error
    with lock:
        lock.write(this_process(utc_now()))
        yield


def owner_in(data: Path) -> str:
    """The name of the writer in this data directory, of which only one at a time can hold the lock."""
    return f"{socket.gethostname()}:{data.resolve()}"
