"""The file of an outbox: opened, committed to while the disk has room, and begun anew where it is gone or broken."""

import sqlite3
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import structlog

from producer.file_identity import CutOff, FileGone, identity
from producer.ids import Clock
from producer.outbox.backlog import try_to_confirm, waiting_count
from producer.outbox.broken import BROKEN, LostFile, set_aside
from producer.outbox.disk import DiskReserve, OutboxDisk
from producer.outbox.files import OpenFiles
from producer.outbox.limits import OutboxLimits, OutboxUsage, enforce, release, usage
from producer.outbox.priority import Priority
from producer.outbox.shrinking import Shrinking
from producer.outbox.tables import Item, connect, is_disk_full, open_tables
from producer.outbox.tables import put_many as append
from producer.sqlite_files import files_beside, is_cut_off, is_unusable
from producer.transaction import transaction

log = structlog.get_logger(__name__)


class OutboxFile:
    """Used by one thread at a time. A new file begins a new epoch."""

    epoch: str
    usage: OutboxUsage
    """The usage as of the last commit."""

    def __init__(
        self, path: Path, clock: Clock, limits: OutboxLimits, room: DiskReserve, *, is_exclusive: bool = False
    ) -> None:
        self._path = path
        self._is_exclusive = is_exclusive
        self._clock = clock
        self._limits = limits
        self._disk = OutboxDisk(path, room)
        self.is_stuck = False
        """Whether no confirmation makes room, as of the last time that room was to be made: the disk takes none, or
        nothing waits for one.
        """
        self._unconfirmed = 0
        """Events that were not confirmed, as of the last commit."""
        self.lost_file: LostFile | None = None
        """The last time that the file was removed while it was open, or was found to be broken."""
        self._open()

    def reserve(self) -> None:
        """Create the reserve file where there is plenty of room."""
        self._disk.create_reserve_file()

    def try_to_commit(self, items: Sequence[Item]) -> bool:
        """False when the disk is full."""
        try:
            self._files.check(self._connection)
        except FileGone as gone:
            self._begin_anew(gone)
        try:
            self._disk.hold_growth(self._connection)
            with transaction(self._connection) as connection:
                append(connection, items)
                enforce(connection, self._limits, self._clock(), len(items))
                used, unconfirmed = usage(connection), waiting_count(connection)
        except sqlite3.OperationalError as error:
            if not is_disk_full(error):
                raise
            return False
        self.usage, self._unconfirmed = used, unconfirmed
        return True

    def make_room(self, need: int, worst: Priority | None) -> None:
        """Give up what is confirmed, and unconfirmed rows of no higher priority than `worst`."""
        self._disk.release_reserve_file()
        try:
            # Before the transaction, so that the log restarts within its size; what is in it may need the reserve
            # file's room.
            self._connection.execute("pragma wal_checkpoint(restart)")
            with transaction(self._connection) as connection:
                release(connection, 2 * need, worst, self._clock())
                try_to_confirm(connection)
                self.is_stuck = waiting_count(connection) == 0
        except sqlite3.OperationalError as error:
            if not is_disk_full(error):
                raise
            self.is_stuck = True

    def shrink(self) -> float:
        """Give the disk back a little of what the file no longer needs; in how many seconds to ask again."""
        return self._shrinking.poll()

    def replace_broken(self, error: sqlite3.DatabaseError) -> None:
        """Begin anew where the file is at fault. Raises the error where it is not."""
        if not is_unusable(error, self._path):
            raise error
        self._begin_anew(error)

    def close(self) -> None:
        self._connection.close()

    def _open(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._disk.make_room_to_open()
        held = identity(self._path)
        try:
            self._connect()
        except sqlite3.DatabaseError as error:
            if not is_unusable(error, self._path):
                raise
            set_aside(self._path, held)
            self._connect()
            self._note_loss(LostFile(time.monotonic(), None, BROKEN), error)
        self._files = OpenFiles.now(self._path, self._connection)
        self._shrinking = Shrinking(self._path, self._connection, self._waiting_bytes)
        self.usage = usage(self._connection)
        self._unconfirmed = waiting_count(self._connection)

    def _waiting_bytes(self) -> int:
        return usage(self._connection).waiting_bytes

    def _connect(self) -> None:
        if self._was_emptied():
            raise CutOff(f"{self._path} is empty")
        connection = connect(self._path, is_exclusive=self._is_exclusive)
        try:
            if is_cut_off(connection, self._path):
                raise CutOff(f"{self._path} was cut off")
            self.epoch = open_tables(connection, self._clock)
        except BaseException:
            connection.close()
            raise
        self._connection = connection

    def _was_emptied(self) -> bool:
        """A file of 0 bytes is a new one, as after a power cut before its first page was written, unless what is beside
        it shows that it was in use.
        """
        if not self._path.is_file() or self._path.stat().st_size:
            return False
        wal = files_beside(self._path)[0]
        return self._disk.has_reserve_file or (wal.is_file() and wal.stat().st_size > 0)

    def _begin_anew(self, reason: FileGone | sqlite3.DatabaseError) -> None:
        """Begin a new epoch in a new file. Events that only the old file held are lost."""
        is_gone = isinstance(reason, FileGone)
        lost = self._unconfirmed
        with suppress(sqlite3.Error):
            lost = waiting_count(self._connection) if is_gone else lost
        with suppress(sqlite3.Error):
            self._connection.close()
        if is_gone:
            self._files.remove_rest()
        else:
            set_aside(self._path, self._files.file.identity)
        self._open()
        self._note_loss(LostFile(time.monotonic(), lost, "was removed" if is_gone else BROKEN), reason)

    def _note_loss(self, lost: LostFile, reason: Exception) -> None:
        self.lost_file = lost
        log.error(
            "outbox lost its file, a new epoch begins", reason=str(reason), events_lost=lost.events, epoch=self.epoch
        )
