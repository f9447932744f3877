"""Locks the data directory, so that one `watchpost up` runs on it."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path

from producer.lock_keeper import LockKeeper
from producer.locks import FileLock, LockHeld, this_process


class DataInUse(RuntimeError):
    """Another process holds the data directory, or it cannot be written."""


@contextmanager
def data_directory_lock(data: Path, now: datetime) -> Iterator[None]:
    """Hold the lock until the end of the block or of the process; children do not inherit it.

    It does not lie in `run`, which may be removed at any time and is made again. There lies the one of releases up to
    0.2, which start on the same directory before an update and after a return.
    """
    with ExitStack() as held:
        locks = [held.enter_context(_locked(data, file)) for file in (data / ".lock", data / "run" / "lock")]
        for lock in locks:
            lock.write(f"watchpost up, {this_process(now)}")
        # Where another was quicker, its processes are refused by those that run: each of them has a claim of its own.
        held.enter_context(LockKeeper(locks, lambda _taken: None))
        yield


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
