"""Claims of the processes of one machine: locks on files beside the journal, which end with the process."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from consumers.store.claims.holder import ClaimTaken, Holder, to_text
from producer.locks import FileLock, LockHeld

_BOOT = Path("/proc/sys/kernel/random/boot_id")


@contextmanager
def held(data: Path, consumer: str, holder: Holder) -> Iterator[FileLock]:
    """Raises `ClaimTaken`."""
    try:
        lock = FileLock(data / "journal" / "claims" / f"{consumer}.lock")
    except LockHeld as error:
        raise ClaimTaken(consumer, error.holder) from None
    with lock:
        lock.write(to_text(holder))
        yield lock


def lock_identity(lock: FileLock) -> str:
    """Identifies the running kernel and the file, as no other lock that can be held now: one that was held under the
    same identity before is released.
    """
    found = os.fstat(lock.fileno())
    return f"{_boot()}:{found.st_dev}:{found.st_ino}"


def _boot() -> str:
    try:
        return _BOOT.read_text().strip()
    except OSError:
        return str(uuid4())
