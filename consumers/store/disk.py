"""Measures the disk that holds a directory, and keeps a reserve file for clean-up on a full disk."""

import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

MOST_RESERVE_BYTES: Final = 16 * 1024 * 1024
RESERVE_SHARE: Final = 50
STAT_BLOCK_BYTES: Final = 512


class DiskSpace(NamedTuple):
    """Bytes of the disk that holds the data."""

    total: int
    used: int

    @property
    def free(self) -> int:
        return self.total - self.used

    @property
    def percent(self) -> float:
        return self.used / self.total * 100 if self.total else 0.0

    @property
    def reserve(self) -> int:
        """Bytes that a reserve file occupies."""
        return min(MOST_RESERVE_BYTES, self.total // RESERVE_SHARE)

    @property
    def margin(self) -> int:
        """Bytes that ingest leaves free: more than the reserve, so that it does not take what is released in need."""
        return self.reserve * 3 // 2

    def above(self, percent: float) -> int:
        """How many bytes have to go until it is used by no more than this."""
        return max(0, self.used - int(self.total * percent / 100))


def disk_of(path: Path) -> DiskSpace:
    """The use as `df` counts it: blocks that the file system keeps for root are no room."""
    usage = shutil.disk_usage(path)
    return DiskSpace(usage.used + usage.free, usage.used)


class ReserveFile:
    """A file that occupies some room and is released when the disk is full, because clean-up has to write a little."""

    def __init__(self, data: Path) -> None:
        self._path = data / "run" / "reserve"

    @property
    def is_there(self) -> bool:
        return self._path.exists()

    def tend(self, disk: DiskSpace) -> None:
        """Release it where the disk is full, and occupy it again where there is plenty."""
        if disk.free < disk.reserve // 2:
            self.release()
        elif disk.free > 4 * disk.reserve and not self.is_there:
            self._occupy(disk.reserve)

    def release(self) -> None:
        with suppress(OSError):
            self._path.unlink(missing_ok=True)

    def _occupy(self, size: int) -> None:
        draft = self._path.with_suffix(".draft")
        try:
            draft.parent.mkdir(parents=True, exist_ok=True)
            with draft.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, size)
            draft.replace(self._path)
        except OSError:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
