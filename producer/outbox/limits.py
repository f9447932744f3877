"""Enforces the limits of an outbox: drops the confirmed tail first, then the lowest priority, oldest first."""

import math
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from producer.outbox.backlog import OutboxStream
from producer.outbox.priority import DROPPABLE, Priority
from producer.outbox.tables import ROW_OVERHEAD_BYTES, SequenceGap, absorb, gap_body

OUTBOX_FULL = "outbox_full"
DISK_FULL = "disk_full"

LINK_TOO_SLOW = "link_too_slow"

STALE_AFTER = timedelta(seconds=2)
"""On a slow link, pictures older than the newest of their stream by this much are dropped."""
TAIL_SHARE = 20
"""The tail takes at most one of so many parts of its disk."""
DROP_ROWS = 200
FORGET_ROWS = 64
RELEASE_BYTES = 1024 * 1024
"""So much of what is confirmed is given up at once on a full disk, so that the next commits find room."""


@dataclass(frozen=True, slots=True)
class OutboxLimits:
    """Bytes of bodies and media. The file takes about a tenth more."""

    max_bytes: int = 4_000_000_000
    tail_bytes: int = 1_000_000_000
    tail_age: timedelta = timedelta(hours=24)

    def on_disk(self, total_bytes: int) -> "OutboxLimits":
        """The tail takes no more than a small share of its disk, which may be the hub's own and hold the recordings."""
        return replace(self, tail_bytes=min(self.tail_bytes, total_bytes // TAIL_SHARE))

    def __post_init__(self) -> None:
        if not 0 <= self.tail_bytes <= self.max_bytes:
            raise ValueError(f"the tail of {self.tail_bytes} bytes is part of the outbox of {self.max_bytes} bytes")


@dataclass(frozen=True, slots=True)
class OutboxUsage:
    """`bytes` counts all rows, `tail_bytes` those that are confirmed."""

    bytes: int
    tail_bytes: int

    @property
    def waiting_bytes(self) -> int:
        """Bytes that the journal does not hold yet."""
        return self.bytes - self.tail_bytes


def usage(connection: sqlite3.Connection) -> OutboxUsage:
    return OutboxUsage(*connection.execute("select bytes, tail_bytes from outbox_life").fetchone())


def enforce(connection: sqlite3.Connection, limits: OutboxLimits, now: datetime, added: int = 0) -> None:
    """Bring the outbox within its limits, within the caller's transaction, which has `added` rows.

    Rows that are only too old are forgotten a few at a time, so that the log of a full disk has room for the commit.
    """

    def excess(used: OutboxUsage) -> int:
        return max(used.tail_bytes - limits.tail_bytes, used.bytes - limits.max_bytes)

    _forget(connection, excess, (now - limits.tail_age).timestamp(), 1 + added // FORGET_ROWS)
    for priority in DROPPABLE:
        _drop(connection, priority, OUTBOX_FULL, now, lambda used: used.bytes > limits.max_bytes)


def release(connection: sqlite3.Connection, need: int, upto: Priority | None, now: datetime) -> int:
    """Drop rows until `need` bytes are free for others: confirmed ones, of which more are dropped, then of those that
    are not no more than that, and none of a priority above `upto`.

    Returns the bytes.

    For a full disk, within the caller's transaction: deleted rows leave pages that the next rows use.
    """
    before = usage(connection).bytes
    target = before - need
    _forget(connection, lambda used: used.bytes - min(target, before - RELEASE_BYTES))
    for priority in () if upto is None else DROPPABLE[: upto + 1]:
        _drop(connection, priority, DISK_FULL, now, lambda used: used.bytes > target)
    return before - usage(connection).bytes


def _forget(
    connection: sqlite3.Connection,
    excess: Callable[[OutboxUsage], int],
    born_before: float = -math.inf,
    aged_steps: int = 0,
) -> None:
    """Forget confirmed rows, oldest first, while there are bytes in excess, and some of those born before a moment."""
    while (oldest := _oldest_confirmed(connection)) is not None:
        stream, born = oldest
        too_much = excess(usage(connection))
        if too_much <= 0:
            if born >= born_before or not aged_steps:
                return
            aged_steps -= 1
        _forget_step(connection, stream, too_much, born_before)


def _oldest_confirmed(connection: sqlite3.Connection) -> tuple[int, float] | None:
    # One min() for each stream is one lookup in its index, however many rows an unconfirmed stream has. The cross join
    # keeps the streams outside: SQLite would otherwise scan all rows in the order of their positions, at each commit.
    found: tuple[int, float] | None = connection.execute(
        "select e.stream, e.born from outbox_stream s cross join outbox_event e on e.stream = s.id"
        " and e.sequence = (select min(sequence) from outbox_event where stream = s.id)"
        " where e.sequence <= s.watermark order by e.position limit 1"
    ).fetchone()
    return found


def _forget_step(connection: sqlite3.Connection, stream: int, excess: int, born_before: float) -> None:
    rows = connection.execute(
        "select sequence, size, born from outbox_event where stream = :stream"
        " and sequence <= (select watermark from outbox_stream where id = :stream) order by sequence limit :step",
        {"stream": stream, "step": FORGET_ROWS},
    ).fetchall()
    freed = last = 0
    for sequence, size, born in rows:
        if freed >= excess and born >= born_before:
            break
        freed, last = freed + size, sequence
    connection.execute("update outbox_life set tail_bytes = tail_bytes - ?", (freed,))
    connection.execute("delete from outbox_event where stream = ? and sequence <= ?", (stream, last))


def _drop(
    connection: sqlite3.Connection,
    priority: Priority,
    cause: str,
    now: datetime,
    too_much: Callable[[OutboxUsage], bool],
) -> None:
    while too_much(usage(connection)):
        rows = connection.execute(
            "select e.stream, s.source, s.epoch, e.sequence from outbox_event e join outbox_stream s on s.id = e.stream"
            " where e.priority = ? order by e.position limit ?",
            (priority, DROP_ROWS),
        ).fetchall()
        if not rows:
            return
        for stream, source, epoch, sequence in rows:
            replace_with_gap(connection, SequenceGap(stream, source, epoch, sequence, sequence, cause, now))
            if not too_much(usage(connection)):
                return


def drop_stale(connection: sqlite3.Connection, stream: OutboxStream, after: int, now: datetime) -> int:
    """Drop pictures after a sequence that are older than the newest of their stream by `STALE_AFTER`. Returns how many.

    Within the caller's transaction, and a limited number at a time.
    """
    newest = connection.execute(
        "select born from outbox_event where stream = ? order by sequence desc limit 1", (stream.id,)
    ).fetchone()
    if newest is None:
        return 0
    rows = connection.execute(
        "select sequence from outbox_event where stream = ? and sequence > ? and priority = ? and born < ?"
        " order by sequence limit ?",
        (stream.id, after, Priority.PICTURE, newest[0] - STALE_AFTER.total_seconds(), DROP_ROWS),
    ).fetchall()
    for (sequence,) in rows:
        replace_with_gap(
            connection, SequenceGap(stream.id, stream.source, stream.epoch, sequence, sequence, LINK_TOO_SLOW, now)
        )
    return len(rows)


def replace_with_gap(connection: sqlite3.Connection, run: SequenceGap) -> None:
    """Replace one row by a gap, joined with gaps of the same cause on both sides."""
    first, last = absorb(connection, run.stream, run.first, run.cause), run.last
    after = connection.execute(
        "select sequence, gap_first, gap_cause from outbox_event where stream = ? and sequence > ?"
        " order by sequence limit 1",
        (run.stream, last),
    ).fetchone()
    if after is not None and after[1:] == (last + 1, run.cause):
        connection.execute("delete from outbox_event where stream = ? and sequence = ?", (run.stream, last))
        last = after[0]
    body = gap_body(run.source, run.epoch, (first, last), run.cause, run.time)
    connection.execute(
        "update outbox_event set priority = ?, size = ?, kind = 'gap', body = ?, payload = null, gap_first = ?,"
        " gap_cause = ? where stream = ? and sequence = ?",
        (Priority.GAP, len(body) + ROW_OVERHEAD_BYTES, body, first, run.cause, run.stream, last),
    )
