"""Finds a place for the outbox of an agent: on its disk, or in memory where the disk takes nothing.

The card of a small machine becomes read-only when it wears out. Alarms must arrive all the same.
"""

import os
import tempfile
from dataclasses import dataclass
from datetime import timedelta
from errno import ENOSPC
from pathlib import Path
from typing import Final
from zlib import crc32

import structlog

from edge.agent.settings import NodeSettings
from producer.outbox.disk import DiskReserve, total_bytes
from producer.outbox.limits import OutboxLimits

MEMORY: Final = Path("/dev/shm")  # noqa: S108 - the folder within is its owner's alone
MOST_BYTES: Final = 64_000_000
TAIL_BYTES: Final = 4_000_000
SHARE_OF_MEMORY: Final = 4

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class OutboxPlace:
    """`trouble` says why the outbox is not on the disk of the agent, and what that costs."""

    path: Path
    limits: OutboxLimits
    room: DiskReserve
    trouble: str | None = None


def outbox_place(data: Path, settings: NodeSettings, failure: str | None = None) -> OutboxPlace:
    """`failure` is why an outbox on the disk has failed, where it has. Raises `OSError` without memory, too."""
    path = data / "outbox" / f"{settings.node}.sqlite"
    reason = failure or _refusal(path.parent)
    if reason is None:
        wanted = OutboxLimits(settings.max_outbox_bytes, settings.tail_bytes, timedelta(hours=settings.tail_hours))
        return OutboxPlace(path, wanted.on_disk(total_bytes(path.parent)), DiskReserve())
    folder = _folder_in_memory(path)
    most = min(MOST_BYTES, total_bytes(folder) // SHARE_OF_MEMORY)
    log.error("outbox in memory", reason=reason, disk=str(path.parent), most_bytes=most)
    trouble = (
        f"its disk cannot be written ({reason}): what the hub has not confirmed is in memory, {most // 1_000_000} MB at"
        " most, and lost when the machine stops"
    )
    limits = OutboxLimits(most, min(TAIL_BYTES, most))
    return OutboxPlace(folder / path.name, limits, DiskReserve(reserve_file_bytes=0), trouble)


def _refusal(folder: Path) -> str | None:
    """Why nothing can be written there. A full disk is not meant: the outbox makes room on it."""
    probe = folder / ".probe"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with probe.open("wb") as file:
            file.write(b"\0")
            file.flush()
            os.fsync(file.fileno())
        probe.unlink()
    except OSError as error:
        return None if error.errno == ENOSPC else error.strerror or type(error).__name__
    return None


def _folder_in_memory(path: Path) -> Path:
    """The same for every process of this agent, so that a new one goes on with what the one before held."""
    memory = MEMORY if MEMORY.is_dir() else Path(tempfile.gettempdir())
    folder = memory / f"watchpost-{os.getuid()}-{crc32(str(path).encode()):08x}"
    folder.mkdir(mode=0o700, exist_ok=True)
    state = folder.lstat()
    if folder.is_symlink() or state.st_uid != os.getuid() or state.st_mode & 0o077:
        return Path(tempfile.mkdtemp(dir=memory))
    return folder
