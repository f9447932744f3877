"""What the relay reads of an outbox, and what it writes: how far each stream is confirmed."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream as the outbox has it: the last sequence put, the last confirmed, the last forgotten."""

    id: int
    source: str
    sequence: int
    watermark: int
    forgotten: int


@dataclass(frozen=True, slots=True)
class Row:
    sequence: int
    kind: str
    size: int
    body: bytes
    payload: bytes | None


def streams(connection: sqlite3.Connection) -> list[Stream]:
    found = connection.execute("select id, source, sequence, watermark, forgotten from outbox_stream order by id")
    return [Stream(*row) for row in found]


def rows_after(connection: sqlite3.Connection, stream: int, sequence: int, limit: int) -> Iterator[Row]:
    found = connection.execute(
        "select sequence, kind, size, body, payload from outbox_event where stream = ? and sequence > ?"
        " order by sequence limit ?",
        (stream, sequence, limit),
    )
    return (Row(*row) for row in found)


def waiting_rows(connection: sqlite3.Connection) -> int:
    """Events that are put and not confirmed; the sequences in a gap are counted one by one."""
    count: int = connection.execute("select coalesce(sum(sequence - watermark), 0) from outbox_stream").fetchone()[0]
    return count


def confirm(connection: sqlite3.Connection, stream: Stream, watermark: int) -> Stream:
    """Move the watermark of a stream, up or down, inside the caller's transaction."""
    low, high = sorted((stream.watermark, watermark))
    moved: int = connection.execute(
        "select coalesce(sum(size), 0) from outbox_event where stream = ? and sequence > ? and sequence <= ?",
        (stream.id, low, high),
    ).fetchone()[0]
    signed = moved if watermark > stream.watermark else -moved
    connection.execute("update outbox_life set tail_bytes = tail_bytes + ?", (signed,))
    connection.execute("update outbox_stream set watermark = ? where id = ?", (watermark, stream.id))
    return Stream(stream.id, stream.source, stream.sequence, watermark, stream.forgotten)
