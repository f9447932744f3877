"""Reads the rows of an outbox for the relay, and stores how far each stream is confirmed."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from bus_schemas.streams import Traffic, traffic_of


@dataclass(frozen=True, slots=True)
class OutboxStream:
    """A stream in the outbox: the last sequence that was put, and the last that was confirmed."""

    id: int
    source: str
    epoch: str
    sequence: int
    watermark: int

    @property
    def traffic(self) -> Traffic:
        return traffic_of(self.epoch)


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """A row of one sequence. A gap covers the sequences from `first` on."""

    first: int
    sequence: int
    kind: str
    body: bytes
    payload: bytes | None


def streams(connection: sqlite3.Connection) -> list[OutboxStream]:
    return waiting_streams(connection, 0)


def waiting_streams(connection: sqlite3.Connection, known: int) -> list[OutboxStream]:
    """Those that are not confirmed as a whole, and all after the stream `known`."""
    query = (
        "select id, source, epoch, sequence, watermark from outbox_stream where id > ? or sequence > watermark"
        " order by id"
    )
    return [OutboxStream(*row) for row in connection.execute(query, (known,))]


def waiting_count(connection: sqlite3.Connection) -> int:
    """How many events are not confirmed."""
    found = connection.execute("select coalesce(sum(sequence - watermark), 0) from outbox_stream").fetchone()
    return int(found[0])


def rows_after(connection: sqlite3.Connection, stream: int, sequence: int, limit: int) -> Iterator[OutboxRow]:
    found = connection.execute(
        "select coalesce(gap_first, sequence), sequence, kind, body, payload from outbox_event"
        " where stream = ? and sequence > ? order by sequence limit ?",
        (stream, sequence, limit),
    )
    return (OutboxRow(*row) for row in found)


def confirm(connection: sqlite3.Connection, stream: int, watermark: int) -> None:
    """Move the watermark of a stream, up or down, within the caller's transaction."""
    before: int = connection.execute("select watermark from outbox_stream where id = ?", (stream,)).fetchone()[0]
    low, high = sorted((before, watermark))
    size: int = connection.execute(
        "select coalesce(sum(size), 0) from outbox_event where stream = ? and sequence > ? and sequence <= ?",
        (stream, low, high),
    ).fetchone()[0]
    signed = size if watermark > before else -size
    connection.execute("update outbox_life set tail_bytes = tail_bytes + ?", (signed,))
    connection.execute("update outbox_stream set watermark = ? where id = ?", (watermark, stream))


def try_to_confirm(connection: sqlite3.Connection) -> None:
    """Write as much as a confirmation does, and change nothing: a full disk may not even take that."""
    connection.execute("update outbox_life set tail_bytes = tail_bytes")
    connection.execute("update outbox_stream set watermark = watermark")
