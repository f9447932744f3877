"""Identifies the disk of a directory, so that processes of a machine know that they share one."""

from hashlib import sha256
from pathlib import Path
from typing import Final

BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
_LENGTH: Final = 16


def disk_id(directory: Path) -> str | None:
    """The same in every container of a machine until it restarts; `None` where it cannot be determined."""
    try:
        machine, device = BOOT_ID.read_text().strip(), directory.stat().st_dev
    except OSError:
        return None
    return sha256(f"{machine}/{device}".encode()).hexdigest()[:_LENGTH]
