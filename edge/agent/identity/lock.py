"""One agent an outbox on this machine, and what the agent before it left there."""

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from bus_schemas.event import iso
from edge.agent.identity.instance import IdentityTaken, Instance


@dataclass(slots=True)
class Lock:
    """`is_ours` when whoever had it last was established, and ran here since this machine was booted."""

    is_ours: bool
    _file: IO[str]
    _instance: Instance
    _is_established: bool = False

    def establish(self) -> None:
        """From now on who begins here after us need not wait for an answer of others."""
        if not self._is_established:
            _write(self._file, self._instance, established=True)
            self._is_established = True


@contextmanager
def held(path: Path, instance: Instance) -> Iterator[Lock]:
    """Until the end of this process, however that ends. Raises `IdentityTaken`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            before = _read(file)
            who = f"process {before['pid']}, since {before['since']}" if before else "another process"
            raise IdentityTaken(
                f"the agent {instance.node} runs already with the data directory {path.parent.parent}: {who}; "
                "stop that first, or choose another directory with --data"
            ) from error
        lock = Lock(_is_ours(_read(file), file, instance), file, instance)
        _write(file, instance, established=False)
        yield lock


def _is_ours(before: dict[str, object], file: IO[str], instance: Instance) -> bool:
    # A copy has another inode, also on the same machine.
    same = before.get("boot_id") == instance.boot_id and before.get("inode") == Path(file.name).stat().st_ino
    return bool(instance.boot_id and same and before.get("established"))


def _read(file: IO[str]) -> dict[str, object]:
    """Empty where nobody was before, or where its writing was cut short."""
    file.seek(0)
    try:
        found = json.loads(file.read())
    except ValueError:
        return {}
    return found if isinstance(found, dict) and {"pid", "since"} <= found.keys() else {}


def _write(file: IO[str], instance: Instance, *, established: bool) -> None:
    told = {"pid": instance.pid, "since": iso(instance.since), "boot_id": instance.boot_id, "established": established}
    file.seek(0)
    file.truncate()
    file.write(json.dumps({**told, "inode": Path(file.name).stat().st_ino}))
    file.flush()
