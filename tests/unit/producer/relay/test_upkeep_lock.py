"""Upkeep of an outbox that another connection writes to."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from producer.outbox.tables import connect, open_tables
from producer.relay.upkeep_lock import LONGEST_WAIT_S, OutboxBusy, UpkeepLock

FREE = "update outbox_life set tail_bytes = 0"


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """The connection of who puts events."""
    with closing(connect(tmp_path / "node.sqlite")) as connection:
        open_tables(connection)
        yield connection


@pytest.fixture
def reader(tmp_path: Path, writer: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """The connection of the relay."""
    with closing(connect(tmp_path / "node.sqlite", "normal")) as connection:
        yield connection


def test_while_somebody_writes_upkeep_does_not_wait(writer: sqlite3.Connection, reader: sqlite3.Connection) -> None:
    lock = UpkeepLock(reader)
    writer.execute("begin immediate")

    with pytest.raises(OutboxBusy), lock.transaction():
        reader.execute(FREE)
    writer.execute("commit")
    with lock.transaction():
        reader.execute(FREE)

    assert not reader.in_transaction


def test_upkeep_that_found_no_moment_for_a_second_waits_for_its_turn(
    writer: sqlite3.Connection, reader: sqlite3.Connection
) -> None:
    now = [0.0]
    lock = UpkeepLock(reader, lambda: now[0])
    writer.execute("begin immediate")
    for moment in (0.0, LONGEST_WAIT_S / 2):
        now[0] = moment
        with pytest.raises(OutboxBusy), lock.transaction():
            reader.execute(FREE)
    writer.execute("commit")
    waits: list[int] = []
    for moment in (LONGEST_WAIT_S, LONGEST_WAIT_S + 0.1):
        now[0] = moment
        with lock.transaction():
            waits += reader.execute("pragma busy_timeout").fetchone()

    assert [bool(wait) for wait in waits] == [True, False]


def test_another_error_than_a_lock_is_not_taken_for_one(reader: sqlite3.Connection) -> None:
    lock = UpkeepLock(reader)

    with pytest.raises(sqlite3.OperationalError, match="no such table"), lock.transaction():
        reader.execute("delete from nowhere")
    with lock.transaction():
        reader.execute(FREE)


def test_after_upkeep_others_are_waited_for_as_before(reader: sqlite3.Connection) -> None:
    before = reader.execute("pragma busy_timeout").fetchone()
    with UpkeepLock(reader).transaction():
        reader.execute(FREE)

    assert reader.execute("pragma busy_timeout").fetchone() == before
