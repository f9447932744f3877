"""The outbox of a disk that takes nothing: what waits there is copied with its place in its stream."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from producer.ids import utc_now
from producer.outbox import backlog
from producer.outbox.limits import OutboxLimits, usage
from producer.outbox.outbox import Outbox
from producer.outbox.tables import connect
from producer.outbox.unwritable import connect_unwritable, copy_waiting
from producer.sqlite_files import files_beside
from tests.node_parts import detection, medium

MUCH = OutboxLimits(10_000_000, 0)
EVENTS = 30
CONFIRMED = 10


@pytest.fixture
def killed(tmp_path: Path) -> Path:
    """The files of an outbox as a process leaves them that was killed: the events are in the log alone."""
    path = tmp_path / "killed" / "node.sqlite"
    path.parent.mkdir()
    with Outbox(tmp_path / "node.sqlite", utc_now, is_exclusive=True) as outbox:
        for people in range(EVENTS):
            outbox.put(detection(people), medium(b"x" * 5_000), durable=True)
        for file in (tmp_path / "node.sqlite", *files_beside(tmp_path / "node.sqlite")[:1]):
            shutil.copy(file, path.with_name(file.name))
    with closing(connect(path)) as connection:
        backlog.confirm(connection, backlog.streams(connection)[0].id, CONFIRMED)
        for file in (path, *files_beside(path)[:1]):
            shutil.copy(file, path.with_name(f"of-{file.name}"))
    return path.with_name("of-node.sqlite")


def rows(path: Path) -> dict[tuple[str, int], list[backlog.OutboxRow]]:
    with closing(connect(path)) as connection:
        found = backlog.streams(connection)
        return {
            (one.epoch, one.watermark): list(backlog.rows_after(connection, one.id, one.watermark, 999))
            for one in found
        }


def test_a_file_without_a_log_is_read_as_well(tmp_path: Path) -> None:
    with Outbox(tmp_path / "node.sqlite", utc_now, is_exclusive=True) as outbox:
        outbox.put(detection(1), durable=True)
    before = sorted(tmp_path.iterdir())
    with closing(connect_unwritable(tmp_path / "node.sqlite")) as connection:
        assert backlog.waiting_count(connection) == 1

    assert sorted(tmp_path.iterdir()) == before


def test_nothing_is_written_beside_a_file_that_is_only_read(killed: Path) -> None:
    before = sorted(killed.parent.iterdir())
    with closing(connect_unwritable(killed)) as connection:
        assert backlog.waiting_count(connection) == 2 * EVENTS - CONFIRMED
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            connection.execute("update outbox_life set bytes = 0")

    assert sorted(killed.parent.iterdir()) == before


def test_a_copy_has_all_that_waits_and_nothing_that_is_confirmed(killed: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy_waiting(killed, copy, MUCH, utc_now)

    assert rows(copy) == rows(killed)
    assert sorted(len(found) for found in rows(copy).values()) == [EVENTS - CONFIRMED, EVENTS]
    with closing(connect(copy)) as connection:
        held = connection.execute("select count(*), sum(size) from outbox_event").fetchone()
        assert held == (2 * EVENTS - CONFIRMED, usage(connection).waiting_bytes)


def test_beyond_its_limits_a_copy_has_gaps_in_place_of_pictures(killed: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy_waiting(killed, copy, OutboxLimits(60_000, 0), utc_now)
    events, pictures = rows(copy).values()

    assert [row.kind for row in events] == ["detection"] * (EVENTS - CONFIRMED)
    assert {row.kind for row in pictures} == {"gap", "media"}
    assert [one.first for one in pictures] == [1, *[one.sequence + 1 for one in pictures[:-1]]]
    assert pictures[-1].sequence == EVENTS
