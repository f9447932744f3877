"""The outbox as a relay holds it open: within its limits, and only as long as the file has its name and is whole."""

import contextlib
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import structlog

from producer.file_identity import FileGone, identity
from producer.ids import Clock
from producer.outbox.broken import set_aside
from producer.outbox.files import OpenFiles
from producer.outbox.limits import OutboxLimits, enforce
from producer.outbox.tables import connect, is_disk_full, open_tables
from producer.relay.upkeep_lock import OutboxBusy, UpkeepLock
from producer.sqlite_files import is_broken

UPKEEP_S: Final = 1.0

log = structlog.get_logger(__name__)


class OpenOutbox:
    """Used by the thread of the relay alone."""

    def __init__(self, connection: sqlite3.Connection, files: OpenFiles, limits: OutboxLimits, clock: Clock) -> None:
        self.connection = connection
        self.is_gone = False
        """Whether the file was removed while it was open."""
        self._files = files
        self._limits = limits
        self._clock = clock
        self._upkeep_lock = UpkeepLock(connection)
        self._checked_at = 0.0

    def keep_up(self) -> None:
        """Enforce the limits also where nothing but a relay has the outbox open."""
        now = time.monotonic()
        if now - self._checked_at >= UPKEEP_S:
            self._checked_at = now
            try:
                self._files.check(self.connection)
                with self._upkeep_lock.transaction():
                    enforce(self.connection, self._limits, self._clock())
            except OutboxBusy:
                return
            except sqlite3.OperationalError as error:
                # The committing thread makes room.
                if not is_disk_full(error):
                    raise
            except FileGone:
                self.is_gone = True

    def pause(self, seconds: float, stopping: threading.Event) -> None:
        until = time.monotonic() + seconds
        while not self.is_gone and (left := until - time.monotonic()) > 0:
            if stopping.wait(min(left, UPKEEP_S)):
                return
            self.keep_up()


@contextlib.contextmanager
def open_outbox(path: Path, clock: Clock, limits: OutboxLimits, *, is_exclusive: bool) -> Iterator[OpenOutbox]:
    # A watermark that a power cut takes back costs duplicates, which ingest drops; so it needs no fsync.
    with contextlib.closing(connect(path, synchronous="normal", is_exclusive=is_exclusive)) as connection:
        open_tables(connection, clock)
        files = OpenFiles.now(path, connection)
        outbox = OpenOutbox(connection, files, limits, clock)
        yield outbox
    if outbox.is_gone:
        files.remove_rest()


@contextlib.contextmanager
def broken_set_aside(path: Path) -> Iterator[None]:
    """A file that proves to be broken is set aside, and the body ends. Only where it belongs to this process alone.

    It stands around `open_outbox`, not within: opening may find that as well, and what swallows an error before its
    `yield` is no context manager.
    """
    held = identity(path)
    try:
        yield
    except sqlite3.DatabaseError as error:
        if not is_broken(error):
            raise
        log.error("outbox broken", reason=str(error))
        set_aside(path, held)
