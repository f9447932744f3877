"""Copies what waits in the outbox of a disk that takes nothing into an outbox elsewhere, from which it can be sent."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from producer.ids import Clock
from producer.outbox.limits import OutboxLimits, enforce
from producer.outbox.tables import connect, open_tables
from producer.sqlite_files import files_beside
from producer.transaction import transaction

ROWS: Final = 8
"""Copied at a time: each may be a recording of megabytes."""
_STREAMS: Final = "select id, source, sequence, watermark, epoch from outbox_stream"
_WAITING: Final = """
select e.position, e.stream, e.sequence, e.priority, e.size, e.born, e.kind, e.gap_first, e.gap_cause, e.body, e.payload
from outbox_event e join outbox_stream s on s.id = e.stream where e.sequence > s.watermark order by e.position
"""


def connect_unwritable(path: Path) -> sqlite3.Connection:
    """A connection that writes nothing, not even to read: without locks, and with the index of the log in memory of
    its own. Without a log, as after an orderly end, it would make one: then it opens it as one that nobody writes.
    """
    wal = files_beside(path)[0]
    how = "mode=ro&vfs=unix-none" if wal.exists() and wal.stat().st_size else "immutable=1"
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True, isolation_level=None)
    connection.execute("pragma locking_mode = exclusive")
    return connection


def copy_waiting(source: Path, target: Path, limits: OutboxLimits, clock: Clock) -> None:
    """Copy it with its streams and sequences, so that ingest knows what it has already. Beyond the limits the lowest
    priority is dropped, as in any outbox.

    Raises `sqlite3.Error`.
    """
    with closing(connect_unwritable(source)) as there, closing(connect(target, "off", is_exclusive=True)) as here:
        open_tables(here, clock)
        with transaction(here):
            here.execute("update outbox_life set epoch = ?", there.execute("select epoch from outbox_life").fetchone())
            here.executemany("insert into outbox_stream values (?, ?, ?, ?, ?)", there.execute(_STREAMS))
        waiting = there.execute(_WAITING)
        while rows := waiting.fetchmany(ROWS):
            with transaction(here):
                here.executemany(f"insert into outbox_event values ({', '.join('?' * 11)})", rows)
                enforce(here, limits, clock())
