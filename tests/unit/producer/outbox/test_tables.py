"""Events get their place in a stream inside the caller's transaction."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from bus_schemas.codec import read_stored
from bus_schemas.event import Event
from bus_schemas.node import GapEvent
from producer.outbox.priority import Priority
from producer.outbox.tables import Draft, DroppedDrafts, connect, epoch, open_tables, put, put_many
from producer.transaction import transaction
from tests.node_parts import NOON, OTHER, SOURCE, detection, frame, medium


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = connect(tmp_path / "node.sqlite")
    open_tables(connection)
    yield connection
    connection.close()


def stored(connection: sqlite3.Connection, source: str = SOURCE) -> list[Event]:
    rows = connection.execute(
        "select body from outbox_event e join outbox_stream s on s.id = e.stream where source = ? order by e.sequence",
        (source,),
    ).fetchall()
    return read_stored(row[0] for row in rows)


def test_sequences_count_from_one_in_each_stream(outbox: sqlite3.Connection) -> None:
    with transaction(outbox):
        put_many(outbox, [detection(), frame(OTHER), detection()])
        put_many(outbox, [frame(OTHER), detection()])

    assert [event.sequence for event in stored(outbox)] == [1, 2, 3]
    assert [event.sequence for event in stored(outbox, OTHER)] == [1, 2]
    assert {event.epoch for event in stored(outbox)} == {epoch(outbox)}


def test_a_transaction_that_fails_uses_up_no_sequence(outbox: sqlite3.Connection) -> None:
    outbox.execute("begin")
    put(outbox, detection().event)
    outbox.execute("rollback")
    with transaction(outbox):
        put(outbox, detection(7).event, priority=Priority.VITAL)

    assert [event.sequence for event in stored(outbox)] == [1]


def test_an_outbox_that_is_opened_again_goes_on_in_its_life(tmp_path: Path) -> None:
    for _ in range(2):
        connection = connect(tmp_path / "node.sqlite")
        open_tables(connection)
        with transaction(connection):
            put(connection, detection().event)
        events = stored(connection)
        connection.close()

    assert [event.sequence for event in events] == [1, 2]
    assert len({event.epoch for event in events}) == 1


def test_the_tables_live_beside_those_of_a_view(tmp_path: Path) -> None:
    view = connect(tmp_path / "view.sqlite")
    view.execute("create table incident (id integer primary key)")
    open_tables(view)
    with transaction(view):
        put(view, detection().event)
        view.execute("insert into incident values (1)")
    with pytest.raises(sqlite3.IntegrityError):
        _emit_and_fail(view)

    assert [event.sequence for event in stored(view)] == [1]
    view.close()


def _emit_and_fail(view: sqlite3.Connection) -> None:
    with transaction(view):
        put(view, detection().event)
        view.execute("insert into incident values (1)")


def test_a_run_of_lost_drafts_is_one_gap_in_their_place(outbox: sqlite3.Connection) -> None:
    with transaction(outbox):
        put_many(
            outbox,
            [
                detection(),
                DroppedDrafts(SOURCE, "disk_full", NOON),
                DroppedDrafts(SOURCE, "disk_full", NOON, 3),
                frame(),
            ],
        )

    first, gap, last = stored(outbox)
    assert isinstance(gap, GapEvent)
    assert (gap.data.first, gap.data.last, gap.data.count, gap.sequence) == (2, 5, 4, 5)
    assert (first.sequence, last.sequence) == (1, 6)


def test_a_gap_takes_in_the_one_of_the_same_cause_before_it(outbox: sqlite3.Connection) -> None:
    for cause in ("disk_full", "disk_full", "handoff_full"):
        with transaction(outbox):
            put_many(outbox, [DroppedDrafts(SOURCE, cause, NOON)])

    gaps = [(e.data.first, e.data.last, e.data.cause) for e in stored(outbox) if isinstance(e, GapEvent)]
    assert gaps == [(1, 2, "disk_full"), (3, 3, "handoff_full")]


def test_media_come_with_their_bytes_and_nothing_else_does() -> None:
    with pytest.raises(ValueError, match="comes with its bytes"):
        Draft(medium().event)
    with pytest.raises(ValueError, match="nothing else does"):
        Draft(detection().event, b"bytes")


def test_the_bytes_of_the_outbox_are_those_of_its_rows(outbox: sqlite3.Connection) -> None:
    with transaction(outbox):
        put_many(outbox, [medium(b"x" * 10_000), detection()])
        outbox.execute("delete from outbox_event where payload is not null")

    rows, counted = outbox.execute("select (select sum(size) from outbox_event), bytes from outbox_life").fetchone()
    assert rows == counted < 1000
