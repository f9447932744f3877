"""Measures the disk that holds a directory, and keeps a reserve file for clean-up on a full disk."""

import os
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
    counts_inodes: bool = False
    """Whether a larger share of the inodes is used than of the bytes, and `used` says that."""

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

    @property
    def needs_reserve(self) -> bool:
        """Whether so little is left that the reserve is to be released."""
        return self.free < self.reserve // 2

    def above(self, percent: float) -> int:
        """How many bytes have to go until it is used by no more than this."""
        return max(0, self.used - int(self.total * percent / 100))


def disk_of(path: Path) -> DiskSpace:
    """The use as `df` counts it: blocks that the file system keeps for root are no room. Where a larger share of its
    inodes is used than of its bytes, it is as full as that, because no file can be made without one.
    """
    found = os.statvfs(path)
    used = (found.f_blocks - found.f_bfree) * found.f_frsize
    total = used + found.f_bavail * found.f_frsize
    inodes = found.f_files - found.f_ffree + found.f_favail
    share = (found.f_files - found.f_ffree) / inodes if inodes > 0 else 0.0
    by_inodes = int(total * min(share, 1.0))
    return DiskSpace(total, max(used, by_inodes), counts_inodes=by_inodes > used)


class ReserveFile:
    """A file that occupies some room and is released when the disk is full, because clean-up has to write a little."""

    def __init__(self, data: Path) -> None:
        self._path = data / "run" / "reserve"

    @property
    def is_there(self) -> bool:
        return self._path.exists()

    def tend(self, disk: DiskSpace) -> None:
        """Release it where the disk is full, and occupy it again where there is plenty."""
        if disk.needs_reserve:
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
