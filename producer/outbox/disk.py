"""Limits the growth of the outbox to what the disk has room for, and keeps a reserve file for a full disk."""

import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

RESERVE_BYTES: Final = 16 * 1024 * 1024
"""Left free on the disk for the write-ahead log: 4 MB, and as much more as one transaction takes."""
RESERVE_FILE_BYTES: Final = 8 * 1024 * 1024
WAIT_S: Final = 60.0
OPEN_BYTES: Final = 256 * 1024


def free_bytes(path: Path) -> int:
    return shutil.disk_usage(path).free


def total_bytes(path: Path) -> int:
    return shutil.disk_usage(path).total


@dataclass(frozen=True, slots=True)
class DiskReserve:
    """Bytes that an outbox leaves free, the size of its reserve file, how long media wait in memory for room on a full
    disk before any are dropped, and how free space is measured.
    """

    reserve_bytes: int = RESERVE_BYTES
    reserve_file_bytes: int = RESERVE_FILE_BYTES
    wait_s: float = WAIT_S
    free: Callable[[Path], int] = free_bytes
    gives_up_after_s: float | None = None
    """How long events wait for room that no confirmation can make, before the outbox fails; none is without an end."""


class OutboxDisk:
    """Lets the file grow only while the disk has room beyond the reserve.

    A transaction that does not fit then fails while the log still has room for dropping rows. If the log itself failed,
    its rows could not be moved to the file, and nothing could be deleted.
    """

    def __init__(self, path: Path, room: DiskReserve) -> None:
        self._path = path
        self._room = room
        self._reserve_file = path.with_suffix(".ballast")

    def hold_growth(self, connection: sqlite3.Connection) -> None:
        """Before a transaction: allow as many pages as the disk has room for."""
        pages, page_bytes = self._pages(connection)
        due = max(0, pages * page_bytes - self._path.stat().st_size)
        room = self._room.free(self._path.parent) - self._room.reserve_bytes - due
        connection.execute(f"pragma max_page_count = {pages + max(0, room) // page_bytes}")

    @property
    def has_reserve_file(self) -> bool:
        """It is created for an outbox that is in use."""
        return self._reserve_file.exists()

    def create_reserve_file(self) -> None:
        """Create the reserve file where there is plenty of room."""
        wanted = self._room.reserve_file_bytes
        if not wanted or self._reserve_file.exists():
            return
        if self._room.free(self._path.parent) < 2 * wanted + self._room.reserve_bytes:
            return
        try:
            self._reserve_file.write_bytes(b"\1" * wanted)
        except OSError:
            self.release_reserve_file()

    def make_room_to_open(self) -> None:
        """SQLite opens no file unless there is room for a log and its index."""
        if self._room.free(self._path.parent) < OPEN_BYTES:
            self.release_reserve_file()

    def release_reserve_file(self) -> None:
        self._reserve_file.unlink(missing_ok=True)

    def _pages(self, connection: sqlite3.Connection) -> tuple[int, int]:
        pages: int = connection.execute("pragma page_count").fetchone()[0]
        page_bytes: int = connection.execute("pragma page_size").fetchone()[0]
        return pages, page_bytes
