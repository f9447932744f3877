"""Finds a place for the outbox of an agent: on its disk, or in memory where the disk takes nothing.

The card of a small machine becomes read-only when it wears out. Alarms must arrive all the same.
"""

import os
import tempfile
import time
from dataclasses import dataclass, field
from datetime import timedelta
from errno import ENOSPC
from pathlib import Path
from typing import Final
from zlib import crc32

import structlog

from edge.agent.settings import NodeSettings
from producer.clock import Elapsed
from producer.outbox.disk import RESERVE_BYTES, DiskReserve, free_bytes, total_bytes
from producer.outbox.limits import OutboxLimits

MEMORY: Final = Path("/dev/shm")  # noqa: S108 - the folder within is its owner's alone
MOST_BYTES: Final = 64_000_000
TAIL_BYTES: Final = 4_000_000
SHARE_OF_MEMORY: Final = 4
GIVES_UP_AFTER_S: Final = 10.0
"""So long alarms wait for room on a full disk before they are sent from memory."""
PROBES_EVERY_S: Final = 30.0
RETURNS_AFTER_S: Final = 300.0
"""To move the outbox costs the recordings some seconds, so the disk has to be well for so long."""

RETURN_BYTES: Final = RESERVE_BYTES + 4_000_000
"""The disk has at least so much room by then: without, the outbox could not grow there."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class OutboxPlace:
    """`trouble` says why the outbox is not on the disk of the agent, and what that costs."""

    path: Path
    limits: OutboxLimits
    room: DiskReserve
    trouble: str | None = None
    leftovers: Path | None = None
    """Where the outbox was before the disk took nothing any more, or before it did again; something in it may still be
    to be sent.
    """
    leftover_limits: OutboxLimits = field(default_factory=OutboxLimits)

    @property
    def is_in_memory(self) -> bool:
        return self.trouble is not None


def outbox_on_disk(data: Path, node: str) -> Path:
    return data / "outbox" / f"{node}.sqlite"


def outbox_place(data: Path, settings: NodeSettings, failure: str | None = None) -> OutboxPlace:
    """`failure` is why an outbox on the disk has failed, where it has. Raises `OSError` without memory, too."""
    path = outbox_on_disk(data, settings.node)
    reason = failure or _refusal(path.parent)
    wanted = OutboxLimits(settings.max_outbox_bytes, settings.tail_bytes, timedelta(hours=settings.tail_hours))
    if reason is None:
        limits = wanted.on_disk(total_bytes(path.parent))
        room = DiskReserve(gives_up_after_s=GIVES_UP_AFTER_S)
        return OutboxPlace(path, limits, room, None, _leftovers(path), wanted)
    folder = _folder_in_memory(path)
    most = min(MOST_BYTES, total_bytes(folder) // SHARE_OF_MEMORY)
    log.error("outbox in memory", reason=reason, disk=str(path.parent), most_bytes=most)
    trouble = (
        f"its disk cannot be written ({reason}): what the hub has not confirmed is in memory, {most // 1_000_000} MB at"
        " most, and lost when the machine stops"
    )
    limits = OutboxLimits(most, min(TAIL_BYTES, most))
    room = DiskReserve(reserve_file_bytes=0)
    return OutboxPlace(folder / path.name, limits, room, trouble, path, wanted)


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
    memory = MemoryFolder(path)
    return memory.make() or Path(tempfile.mkdtemp(dir=memory.folder.parent))


@dataclass(frozen=True, slots=True)
class MemoryFolder:
    """The same for every process of this agent, so that a new one goes on with what the one before held. It is that of
    the agent with the outbox `path`.
    """

    path: Path

    @property
    def folder(self) -> Path:
        memory = MEMORY if MEMORY.is_dir() else Path(tempfile.gettempdir())
        return memory / f"watchpost-{os.getuid()}-{crc32(str(self.path).encode()):08x}"

    def find(self) -> Path | None:
        """`None` where there is none: another user's is none of ours."""
        folder = self.folder
        return folder if folder.is_dir() and self._is_ours(folder) else None

    def make(self) -> Path | None:
        """`None` where another user has it. Raises `OSError`."""
        self.folder.mkdir(mode=0o700, exist_ok=True)
        return self.find()

    @staticmethod
    def _is_ours(folder: Path) -> bool:
        state = folder.lstat()
        return not folder.is_symlink() and state.st_uid == os.getuid() and not state.st_mode & 0o077


def _leftovers(path: Path) -> Path | None:
    folder = MemoryFolder(path).find()
    return None if folder is None else folder / path.name


class DiskReturn:
    """Finds out whether a disk that took nothing takes what is written to it again, for a while."""

    def __init__(self, place: OutboxPlace, folder: Path, elapsed: Elapsed = time.monotonic) -> None:
        self._is_awaited = place.trouble is not None
        self._folder = folder
        self._elapsed = elapsed
        self._probe_at = elapsed() + PROBES_EVERY_S
        self._good_since: float | None = None

    def is_back(self) -> bool:
        now = self._elapsed()
        if not self._is_awaited or now < self._probe_at:
            return False
        self._probe_at = now + PROBES_EVERY_S
        if _refusal(self._folder) is not None or free_bytes(self._folder) < RETURN_BYTES:
            self._good_since = None
            return False
        self._good_since = now if self._good_since is None else self._good_since
        return now - self._good_since >= RETURNS_AFTER_S
