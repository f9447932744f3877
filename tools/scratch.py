"""Chooses where tests write: into memory where there is much of it, for those that only compute wait for the disk."""

import os
from pathlib import Path
from typing import Final

import psutil

IN_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
ROOM_BYTES: Final = 4 * 1024**3
FREE_BYTES: Final = 10 * 1024**3
"""Bytes of memory, so that tests and what they start have theirs."""


def scratch() -> Path | None:
    """`None` for where temporary files usually are. What is installed by tests is run there, too."""
    try:
        room = os.statvfs(IN_MEMORY)
    except OSError:
        return None
    is_large = room.f_bavail * room.f_frsize >= ROOM_BYTES and psutil.virtual_memory().available >= FREE_BYTES
    return IN_MEMORY if is_large and not room.f_flag & os.ST_NOEXEC and os.access(IN_MEMORY, os.W_OK) else None
