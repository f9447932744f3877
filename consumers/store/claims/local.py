"""Claims of the processes of one machine: locks on files beside the journal, which end with the process."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from consumers.store.claims.holder import ClaimTaken, Holder, to_text

_BOOT = Path("/proc/sys/kernel/random/boot_id")


@contextmanager
def held(data: Path, consumer: str, holder: Holder) -> Iterator[str]:
    """Raises `ClaimTaken`. Yields the identity of the lock, which no other lock has that can be held now."""
    path = data / "journal" / "claims" / f"{consumer}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise ClaimTaken(consumer, file.read()) from None
        file.truncate(0)
        file.write(to_text(holder))
        file.flush()
        yield _identity(file.fileno())


def _identity(descriptor: int) -> str:
    """Of the running kernel and the file: what held a lock of the same identity before has let go of it."""
    found = os.fstat(descriptor)
    return f"{_boot()}:{found.st_dev}:{found.st_ino}"


def _boot() -> str:
    try:
        return _BOOT.read_text().strip()
    except OSError:
        return str(uuid4())
