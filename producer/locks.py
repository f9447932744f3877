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
from producer.file_identity import identity

PAUSE_S: Final = 0.02
WAIT_FOR_READERS_S: Final = 1.0
"""How long to wait for processes that only check the lock: each holds it for a moment."""


class LockHeld(RuntimeError):
    """Another process or thread holds the lock. `holder` is the note that it left, or empty."""

    def __init__(self, path: Path, holder: str) -> None:
        super().__init__(f"{path} is locked by {holder or 'another process'}")
        self.path = path
        self.holder = holder


class FileLock:
    """The kernel releases the lock when the file is closed, so also when the process dies.

    The lock belongs to the open file: a child process that inherits the descriptor holds it too.
    """

    def __init__(self, path: Path, *, wait_s: float | None = 0.0) -> None:
        """Wait for the lock up to `wait_s` seconds, or without limit for `None`. Raises `LockHeld` and `OSError`."""
        self.path = path
        self._note = ""
        self._descriptor = -1
        try:
            # A process that waited for a lock whose file was removed meanwhile holds nothing that others would meet.
            while not self._has_its_name():
                self.close()
                self._descriptor = _open(path)
                self._acquire(wait_s)
        except BaseException:
            self.close()
            raise

    def _has_its_name(self) -> bool:
        if self._descriptor < 0:
            return False
        found = os.fstat(self._descriptor)
        return identity(self.path) == (found.st_dev, found.st_ino)

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
        """The note of the holder; before the first `write` that of the previous holder."""
        return _note(self._descriptor)

    def write(self, note: str) -> None:
        """Write who holds the lock. On a full disk the lock is held without a note."""
        self._note = note
        with suppress(OSError):
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, note.encode(), 0)

    def hold(self) -> bool:
        """Lock the file of this name, with the same note, where the one that is locked was removed or replaced.

        Returns whether that was so. Raises `LockHeld` where another has it now, and `OSError`. The directory is made
        again, but no directory above it: who takes all away does not want it back.
        """
        if self._has_its_name():
            return False
        with suppress(FileExistsError):
            self.path.parent.mkdir()
        with FileLock(self.path) as again:
            again.write(self._note)
            self._descriptor, again._descriptor = again._descriptor, self._descriptor
        return True

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def holder_of(path: Path) -> str | None:
    """The note of the current holder, which may be empty; `None` where nobody holds the lock."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        return None if _locked(descriptor, fcntl.LOCK_SH) else _note(descriptor)
    finally:
        os.close(descriptor)


def this_process(now: datetime) -> str:
    """A note by which people find the process that holds a lock."""
    return f"process {os.getpid()}, since {iso(now)}"


def _open(path: Path) -> int:
    """Consumers ask for each batch: the directory is made where it is missing, not looked for each time."""
    flags = os.O_RDWR | os.O_CREAT
    try:
        return os.open(path, flags, 0o644)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, flags, 0o644)


def _locked(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _note(descriptor: int) -> str:
    """A note that is incomplete, or not text, is read as far as possible."""
    return os.pread(descriptor, os.fstat(descriptor).st_size, 0).decode(errors="replace").strip()
