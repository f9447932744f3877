"""Locks between processes, on a file that names the holder; the lock ends with its process."""

import fcntl
import os
import time
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from bus_schemas.event import iso

PAUSE_S: Final = 0.02
WAIT_FOR_READERS_S: Final = 1.0
"""How long to wait for a lock that others only look at: each of them holds it for a moment."""


class LockHeld(RuntimeError):
    """Another process holds the lock, or another thread of this one. `holder` is the note that it left, or empty."""

    def __init__(self, path: Path, holder: str) -> None:
        super().__init__(f"{path} is locked by {holder or 'another process'}")
        self.holder = holder


class FileLock:
    """The kernel ends the lock when the file is closed, so also when the process dies.

    The lock belongs to the open file: a child process that is given the descriptor holds it too.
    """

    def __init__(self, path: Path, *, wait_s: float | None = 0.0) -> None:
        """Wait for the lock up to `wait_s` seconds; `None` is for ever. Raises `LockHeld`, and `OSError`."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            self._acquire(wait_s)
        except BaseException:
            self.close()
            raise

    def _acquire(self, wait_s: float | None) -> None:
        if wait_s is None:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)
            return
        until = time.monotonic() + wait_s
        while not _locked(self._descriptor, fcntl.LOCK_EX):
            if time.monotonic() >= until:
                raise LockHeld(self.path, self.note())
            time.sleep(PAUSE_S)

    def fileno(self) -> int:
        return self._descriptor

    def note(self) -> str:
        """What the holder wrote; before the first `write` that is what the holder before this one wrote."""
        return _note(self._descriptor)

    def write(self, note: str) -> None:
        """Say who holds the lock. On a full disk it is held without that."""
        with suppress(OSError):
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, note.encode(), 0)

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def holder_of(path: Path) -> str | None:
    """The note of whoever holds the lock now, which may be empty; `None` where nobody does."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        return None if _locked(descriptor, fcntl.LOCK_SH) else _note(descriptor)
    finally:
        os.close(descriptor)


def this_process(now: datetime) -> str:
    """A note that lets people find the holder."""
    return f"process {os.getpid()}, since {iso(now)}"


def _locked(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _note(descriptor: int) -> str:
    """A note that was cut short, or is no text, is read as far as it is one."""
    return os.pread(descriptor, os.fstat(descriptor).st_size, 0).decode(errors="replace").strip()
