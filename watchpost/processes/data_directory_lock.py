"""Locks the data directory, so that one `watchpost up` runs on it."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

from producer.lock_keeper import LockKeeper
from producer.locks import FileLock, LockHeld, this_process

LONGEST_PATH_BYTES: Final = 400
"""SQLite opens no file whose path, with what it puts behind the name, is longer than 512."""


class DataInUse(RuntimeError):
    """Another process holds the data directory, or it cannot be written."""


@contextmanager
def data_directory_lock(data: Path, now: datetime) -> Iterator[None]:
    """Hold the lock until the end of the block or of the process; children do not inherit it.

    It does not lie in `run`, which may be removed at any time and is made again. There lies the one of releases up to
    0.2, which start on the same directory before an update and after a return.
    """
    _require_openable(data)
    with ExitStack() as held:
        locks = [held.enter_context(_locked(data, file)) for file in (data / ".lock", data / "run" / "lock")]
        for lock in locks:
            lock.write(f"watchpost up, {this_process(now)}")
        # Where another was quicker, its processes are refused by those that run: each of them has a claim of its own.
        held.enter_context(LockKeeper(locks, lambda _taken: None))
        yield


def _require_openable(data: Path) -> None:
    length = len(os.fsencode(data.absolute()))
    if length > LONGEST_PATH_BYTES:
        raise DataInUse(
            f"the path of the data directory is {length} bytes long, and SQLite opens no file in it: choose one of at"
            f" most {LONGEST_PATH_BYTES} with --data"
        )


def _locked(data: Path, file: Path) -> FileLock:
    try:
        return FileLock(file)
    except LockHeld as error:
        raise DataInUse(
            f"the data directory {data} is in use by {error.holder or 'another process'}; "
            "stop that first, or choose another directory with --data"
        ) from error
    except OSError as error:
        raise DataInUse(f"the data directory {data} cannot be written: {error.strerror}") from error
