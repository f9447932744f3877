"""The lock of the writer of a journal: one process for each data directory."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from consumers.store.journal.store import JournalInUse
from producer.ids import utc_now
from producer.lock_keeper import LockKeeper
from producer.locks import FileLock, LockHeld, this_process


@contextmanager
def journal_lock(directory: Path, stopping: threading.Event | None = None) -> Iterator[None]:
    """Two writers would give positions twice. The lock ends with the process.

    Raises `JournalInUse`, at the beginning, or at the end where the file was removed and another has taken the lock;
    `stopping` is set then.
    """
    taken: list[LockHeld] = []

    def lose(error: LockHeld) -> None:
        taken.append(error)
        if stopping is not None:
            stopping.set()

    try:
        lock = FileLock(directory / ".lock")
    except LockHeld as error:
        raise _in_use(directory, error) from error
    with lock:
        lock.write(this_process(utc_now()))
        with LockKeeper([lock], lose):
            yield
    if taken:
        raise _in_use(directory, taken[0])


def _in_use(directory: Path, held: LockHeld) -> JournalInUse:
    holder = f": {held.holder}" if held.holder else ""
    return JournalInUse(f"another ingest writes the journal in {directory}{holder}")


def owner_in(data: Path) -> str:
    """The name of the writer in this data directory, of which only one at a time can hold the lock."""
    return f"{socket.gethostname()}:{data.resolve()}"
