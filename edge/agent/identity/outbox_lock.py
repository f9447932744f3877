"""Locks the outbox of an agent on this machine, and remembers whether the agent before had established its identity."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bus_schemas.event import iso
from edge.agent.identity.instance import IdentityTaken, Instance
from producer.locks import FileLock, LockHeld


@dataclass(slots=True)
class OutboxLock:
    """`is_ours` when the previous holder had established its identity since this machine was booted."""

    is_ours: bool
    _file: FileLock
    _instance: Instance
    _is_established: bool = False

    def establish(self) -> None:
        """Remember that the identity is established: the next agent here need not wait for answers."""
        if not self._is_established:
            _write(self._file, self._instance, established=True)
            self._is_established = True


@contextmanager
def outbox_lock(path: Path, instance: Instance) -> Iterator[OutboxLock]:
    """Hold the lock until the end of the block or of the process. Raises `IdentityTaken`."""
    try:
        file = FileLock(path)
    except LockHeld as error:
        before = _read(error.holder)
        who = f"process {before['pid']}, since {before['since']}" if before else "another process"
        raise IdentityTaken(
            f"the agent {instance.node} runs already with the data directory {path.parent.parent}: {who}; "
            "stop that first, or choose another directory with --data"
        ) from error
    with file:
        lock = OutboxLock(_is_ours(_read(file.note()), file, instance), file, instance)
        _write(file, instance, established=False)
        yield lock


def _is_ours(before: dict[str, object], file: FileLock, instance: Instance) -> bool:
    # A copied file has another inode, also on the same machine.
    same = before.get("boot_id") == instance.boot_id and before.get("inode") == file.path.stat().st_ino
    return bool(instance.boot_id and same and before.get("established"))


def _read(note: str) -> dict[str, object]:
    """Empty where there was no holder, or where its note was cut short."""
    try:
        found = json.loads(note)
    except ValueError:
        return {}
    return found if isinstance(found, dict) and {"pid", "since"} <= found.keys() else {}


def _write(file: FileLock, instance: Instance, *, established: bool) -> None:
    holder = {"pid": instance.pid, "since": iso(instance.since), "boot_id": instance.boot_id}
    file.write(json.dumps({**holder, "established": established, "inode": file.path.stat().st_ino}))
