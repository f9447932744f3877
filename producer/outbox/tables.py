"""The tables of an outbox, and how an event gets its sequence: inside the caller's transaction."""

import os
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

from bus_schemas.catalogue import short_name
from bus_schemas.codec import to_bytes
from bus_schemas.event import Event
from bus_schemas.media import MediaEvent
from bus_schemas.node import Gap, GapEvent
from bus_schemas.streams import Traffic, stream_epoch
from producer.ids import Clock, Ids, utc_now
from producer.outbox.priority import Priority, priority_of
from producer.outbox.shrinking import allow_shrinking
from producer.transaction import transaction

BUSY_S = 30.0
LOG_BYTES = 4 * 1024 * 1024
"""The size of the log after a large transaction; it holds as much anyway before it is copied to the file."""
ROW_OVERHEAD_BYTES = 96
"""Bytes that a row takes beside its body and payload: other columns, and its part of two indexes."""

SCHEMA = """
create table if not exists outbox_life (
    only integer primary key check (only = 1),
    epoch text not null,
    bytes integer not null default 0 check (bytes >= 0),
    tail_bytes integer not null default 0 check (tail_bytes between 0 and bytes)
);
create table if not exists outbox_stream (
    id integer primary key,
    source text not null,
    sequence integer not null default 0 check (sequence >= watermark),
    watermark integer not null default 0 check (watermark >= 0),
    epoch text not null,
    unique (source, epoch)
);
create table if not exists outbox_event (
    position integer primary key,
    stream integer not null references outbox_stream (id),
    sequence integer not null check (sequence > 0),
    priority integer not null,
    size integer not null check (size > 0),
    born real not null,
    kind text not null,
    gap_first integer check (gap_first between 1 and sequence),
    gap_cause text check ((gap_cause is null) = (gap_first is null)),
    body blob not null,
    payload blob,
    unique (stream, sequence)
);
create index if not exists outbox_event_priority on outbox_event (priority, position);
create trigger if not exists outbox_event_put after insert on outbox_event
    begin update outbox_life set bytes = bytes + new.size; end;
create trigger if not exists outbox_event_forget after delete on outbox_event
    begin update outbox_life set bytes = bytes - old.size; end;
create trigger if not exists outbox_event_resize after update of size on outbox_event
    begin update outbox_life set bytes = bytes - old.size + new.size; end;
"""

_INSERT = """
insert into outbox_event (stream, sequence, priority, size, born, kind, gap_first, gap_cause, body, payload)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_Row = tuple[int, int, int, int, float, str, int | None, str | None, bytes, bytes | None]

new_id = Ids(utc_now)


@dataclass(frozen=True)
class Draft:
    """An event without epoch and sequence, the bytes if it is a medium, and its priority. The commit numbers it.

    `is_evidence` is a medium that shows an alert, or that somebody asked for: no slow link thins it, and no ordinary
    picture or recording is sent before it.
    """

    event: Event
    media: bytes | None = None
    priority: Priority | None = None
    is_evidence: bool = False

    def __post_init__(self) -> None:
        if isinstance(self.event, MediaEvent) != (self.media is not None):
            raise ValueError(f"{self.event.type} {self.event.id}: a medium comes with its bytes, nothing else does")

    @cached_property
    def rank(self) -> Priority:
        if self.priority is not None:
            return self.priority
        return Priority.FINDING if self.is_evidence else priority_of(self.event)

    @property
    def source(self) -> str:
        return self.event.source

    @cached_property
    def traffic(self) -> Traffic:
        return Traffic.EVIDENCE if self.is_evidence else self.rank.traffic

    @property
    def count(self) -> int:
        return 1

    @cached_property
    def weight(self) -> int:
        """Approximate bytes in the outbox."""
        return 512 if self.media is None else 1024 + len(self.media)


@dataclass(frozen=True, slots=True)
class DroppedDrafts:
    """Stands for dropped drafts: they take sequences, and a gap event covers them."""

    source: str
    cause: str
    time: datetime
    count: int = 1
    traffic: Traffic = Traffic.EVENTS


Item = Draft | DroppedDrafts


@dataclass(frozen=True, slots=True)
class SequenceGap:
    """Consecutive sequences of a stream that are missing for one cause."""

    stream: int
    source: str
    epoch: str
    first: int
    last: int
    cause: str
    time: datetime


def is_disk_full(error: sqlite3.OperationalError) -> bool:
    return error.sqlite_errorcode == sqlite3.SQLITE_FULL


def connect(path: Path, synchronous: str = "full", *, is_exclusive: bool = False) -> sqlite3.Connection:
    """A connection that may be made in one thread and used in another, by one thread at a time.

    Where this process is alone, it locks all others out, and the index of the log is in memory of its own. Shared
    memory is a mapped file: where somebody cuts that off, the next commit kills the process.
    """
    vfs = "?vfs=unix-excl" if is_exclusive and os.name == "posix" else ""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}{vfs}", uri=True, timeout=BUSY_S, isolation_level=None, check_same_thread=False
    )
    allow_shrinking(connection)
    connection.execute("pragma journal_mode = wal")
    connection.execute(f"pragma journal_size_limit = {LOG_BYTES}")
    connection.execute(f"pragma synchronous = {synchronous}")
    return connection


def open_tables(connection: sqlite3.Connection, clock: Clock = utc_now) -> str:
    """Create the tables where they are missing, and with them an epoch. Returns the epoch.

    Call it outside of a transaction.
    """
    with transaction(connection):
        move_streams(connection)
        for statement in _statements(SCHEMA):
            connection.execute(statement)
        connection.execute("insert or ignore into outbox_life (only, epoch) values (1, ?)", (Ids(clock)(),))
    return epoch(connection)


def move_streams(connection: sqlite3.Connection, schema: str = "main") -> None:
    """Convert an outbox of version 0.1, in which a source had one stream; within the caller's transaction.

    Its rows stay in their stream, pictures too.
    """
    columns = {row[1] for row in connection.execute(f"pragma {schema}.table_info(outbox_stream)")}
    if not columns or "epoch" in columns:
        return
    rows = connection.execute(
        f"select id, source, sequence, watermark, epoch from {schema}.outbox_stream, {schema}.outbox_life"
    ).fetchall()
    connection.execute(f"drop table {schema}.outbox_stream")
    create = next(statement for statement in _statements(SCHEMA) if "table if not exists outbox_stream " in statement)
    connection.execute(create.replace("exists outbox_stream", f"exists {schema}.outbox_stream"))
    connection.executemany(f"insert into {schema}.outbox_stream values (?, ?, ?, ?, ?)", rows)


def _statements(script: str) -> Iterator[str]:
    # executescript() would commit the caller's transaction.
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def epoch(connection: sqlite3.Connection) -> str:
    found: str = connection.execute("select epoch from outbox_life").fetchone()[0]
    return found


def put(
    connection: sqlite3.Connection, event: Event, *, media: bytes | None = None, priority: Priority | None = None
) -> None:
    """Append an event within the caller's transaction, which numbers it when it commits."""
    put_many(connection, [Draft(event, media, priority)])


def put_many(connection: sqlite3.Connection, items: Sequence[Item]) -> None:
    """Append in this order within the caller's transaction."""
    rows: list[_Row] = []
    runs: dict[int, SequenceGap] = {}
    for stream, life, sequence, item in _numbered(connection, items):
        run = runs.pop(stream, None)
        if isinstance(item, DroppedDrafts):
            first = sequence - item.count + 1
            if run is not None and run.cause == item.cause:
                first, run = run.first, None
            runs[stream] = SequenceGap(stream, item.source, life, first, sequence, item.cause, item.time)
        if run is not None:
            rows.append(gap_row(connection, run))
        if isinstance(item, Draft):
            rows.append(_row(stream, sequence, item, life))
    rows += [gap_row(connection, run) for run in runs.values()]
    connection.executemany(_INSERT, rows)


def _numbered(connection: sqlite3.Connection, items: Sequence[Item]) -> Iterator[tuple[int, str, int, Item]]:
    """Stream, its epoch and sequence of each item; for `DroppedDrafts` the last of their sequences."""
    counts: Counter[tuple[str, Traffic]] = Counter()
    for item in items:
        counts[item.source, item.traffic] += item.count
    life = epoch(connection)
    ends: dict[tuple[str, Traffic], tuple[int, str, int]] = {}
    for (source, traffic), count in counts.items():
        of_stream = stream_epoch(life, traffic)
        stream, last = connection.execute(
            "insert into outbox_stream (source, epoch, sequence) values (?, ?, ?)"
            " on conflict (source, epoch) do update set sequence = sequence + excluded.sequence returning id, sequence",
            (source, of_stream, count),
        ).fetchone()
        ends[source, traffic] = stream, of_stream, last - count
    for item in items:
        stream, of_stream, sequence = ends[item.source, item.traffic]
        ends[item.source, item.traffic] = stream, of_stream, sequence + item.count
        yield stream, of_stream, sequence + item.count, item


def _row(stream: int, sequence: int, draft: Draft, life: str) -> _Row:
    event = draft.event.model_copy(update={"epoch": life, "sequence": sequence})
    body = to_bytes(event)
    size = len(body) + len(draft.media or b"") + ROW_OVERHEAD_BYTES
    born = event.time.timestamp()
    return stream, sequence, draft.rank, size, born, short_name(event.type), None, None, body, draft.media


def gap_row(connection: sqlite3.Connection, run: SequenceGap) -> _Row:
    """The row of a gap. It absorbs a preceding gap of the same cause."""
    first = absorb(connection, run.stream, run.first, run.cause)
    body = gap_body(run.source, run.epoch, (first, run.last), run.cause, run.time)
    size = len(body) + ROW_OVERHEAD_BYTES
    return (
        run.stream, run.last, Priority.GAP, size, run.time.timestamp(), "gap", first, run.cause, body, None,
    )  # fmt: skip


def absorb(connection: sqlite3.Connection, stream: int, first: int, cause: str) -> int:
    """Remove an unconfirmed gap of the same cause that ends just before `first`. Returns where the gap began."""
    before = connection.execute(
        "delete from outbox_event where stream = ? and sequence = ? and gap_cause = ?"
        " and sequence > (select watermark from outbox_stream where id = stream) returning gap_first",
        (stream, first - 1, cause),
    ).fetchone()
    return first if before is None else int(before[0])


def gap_body(source: str, life: str, sequences: tuple[int, int], cause: str, time: datetime) -> bytes:
    first, last = sequences
    gap = Gap(first=first, last=last, count=last - first + 1, cause=cause)
    return to_bytes(GapEvent(id=new_id(), source=source, time=time, epoch=life, sequence=last, data=gap))
