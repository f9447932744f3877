"""Takes the write lock of an outbox for upkeep, which must not hold up what is to be sent."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from producer.clock import Elapsed
from producer.outbox.tables import BUSY_S
from producer.transaction import transaction

LONGEST_WAIT_S: Final = 1.0


class OutboxBusy(Exception):
    """Another connection writes just now: upkeep is tried again later."""


class UpkeepLock:
    """SQLite polls a lock, in the end ten times a second, and so sleeps on after it is free. Who commits to the outbox
    holds it for as long as an fsync or a fold takes, and then has something to be sent.
    """

    def __init__(self, connection: sqlite3.Connection, elapsed: Elapsed = time.monotonic) -> None:
        self._connection = connection
        self._elapsed = elapsed
        self._busy_since: float | None = None

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Raises `OutboxBusy`; where it was busy at every try of a second, it waits for its turn."""
        waits = self._busy_since is not None and self._elapsed() - self._busy_since >= LONGEST_WAIT_S
        self._set_timeout(BUSY_S if waits else 0.0)
        try:
            with transaction(self._connection):
                self._busy_since = None
                yield
        except sqlite3.OperationalError as error:
            if waits or error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            self._busy_since = self._elapsed() if self._busy_since is None else self._busy_since
            raise OutboxBusy from error
        finally:
            self._set_timeout(BUSY_S)

    def _set_timeout(self, seconds: float) -> None:
        self._connection.execute(f"pragma busy_timeout = {seconds * 1000:.0f}")
