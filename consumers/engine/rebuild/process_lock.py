"""A lock so that a view has one rebuild at a time, and the progress of the rebuild that holds it."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from consumers.engine import checkpoint, view_files
from producer.ids import utc_now
from producer.locks import WAIT_FOR_READERS_S, FileLock, LockHeld, holder_of, this_process


class AlreadyRebuilding(RuntimeError):
    """Another process is rebuilding this view."""


@contextmanager
def rebuild_lock(data: Path, name: str) -> Iterator[None]:
    """Two rebuilds of one view would write one shadow. Raises `AlreadyRebuilding`."""
    try:
        lock = FileLock(_lock_of(data, name), wait_s=WAIT_FOR_READERS_S)
    except LockHeld as error:
        holder = f": {error.holder}" if error.holder else ""
        raise AlreadyRebuilding(f"the view {name!r} is being folded again already{holder}") from error
    with lock:
        lock.write(this_process(utc_now()))
        yield


def rebuild_progress(data: Path, name: str) -> int | None:
    """The position that a rebuild has reached; `None` where there is none going on."""
    if holder_of(_lock_of(data, name)) is None:
        return None
    try:
        shadow = view_files.open_file(view_files.next_file(data, name))
    except sqlite3.OperationalError:
        return 0
    try:
        return checkpoint.load(shadow)
    except sqlite3.OperationalError:
        # It has no tables yet.
        return 0
    finally:
        shadow.close()


def _lock_of(data: Path, name: str) -> Path:
    return view_files.link_of(data, name).with_suffix(".rebuild")
