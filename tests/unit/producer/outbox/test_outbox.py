"""The outbox of a node: capture threads hand over, one thread commits."""

import shutil
import sqlite3
import threading
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from bus_schemas.camera import DetectionEvent
from bus_schemas.codec import read_stored
from bus_schemas.event import Event
from bus_schemas.node import GapEvent
from producer.ids import utc_now
from producer.outbox import backlog
from producer.outbox.committer import Committer
from producer.outbox.disk import WAIT_S, DiskReserve
from producer.outbox.outbox import Outbox, OutboxFailed
from producer.outbox.tables import Item, connect
from producer.transaction import transaction
from tests.broken_files import WAYS
from tests.eventually import eventually
from tests.faults import disks
from tests.node_parts import SOURCE, detection, frame, health, medium
from tests.required import unavailable


def stored(path: Path) -> list[Event]:
    connection = connect(path)
    rows = [
        row for stream in backlog.streams(connection) for row in backlog.rows_after(connection, stream.id, 0, 99_999)
    ]
    connection.close()
    return read_stored(row.body for row in rows)


def test_a_durable_event_is_in_the_file_when_put_returns(tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    with Outbox(path, utc_now) as outbox:
        outbox.put(detection(3), durable=True)
        events = stored(path)

    assert [event.sequence for event in events] == [1]


@pytest.mark.parametrize("suffixes", [("",), ("", "-wal", "-shm")], ids=["file alone", "with its log"])
def test_an_outbox_whose_file_is_removed_goes_on_in_a_new_one_with_a_new_epoch(
    suffixes: tuple[str, ...], tmp_path: Path
) -> None:
    path = tmp_path / "node.sqlite"
    with Outbox(path, utc_now) as outbox:
        outbox.put(detection(1), detection(2), durable=True)
        before = outbox.epoch
        for suffix in suffixes:
            path.with_name(path.name + suffix).unlink()
        for people in range(3, 6):
            outbox.put(detection(people), durable=True)

        assert outbox.epoch != before
        assert outbox.lost_file is not None
        assert outbox.lost_file.events == 2
    events = stored(path)

    assert [event.sequence for event in events] == [1, 2, 3]
    assert {event.epoch for event in events} == {outbox.epoch}


def test_an_outbox_whose_directory_is_removed_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "outbox" / "node.sqlite"
    with Outbox(path, utc_now) as outbox:
        outbox.put(detection(1), durable=True)
        shutil.rmtree(path.parent)
        outbox.put(detection(2), durable=True)

    assert len(stored(path)) == 1


def test_an_outbox_in_whose_place_another_file_was_put_goes_on_in_that(tmp_path: Path) -> None:
    path, other = tmp_path / "node.sqlite", tmp_path / "other.sqlite"
    with Outbox(other, utc_now) as restored:
        restored.put(detection(7), durable=True)
    with Outbox(path, utc_now) as outbox:
        outbox.put(detection(1), durable=True)
        other.replace(path)
        outbox.put(detection(8), durable=True)

    assert [event.sequence for event in stored(path)] == [1, 2]
    assert outbox.epoch == restored.epoch


@pytest.mark.parametrize("content", [b"this is no database" * 1000, b"SQLite format 3\0" + bytes(8000)])
def test_a_file_that_is_no_database_is_set_aside_when_it_is_opened(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    path.write_bytes(content)
    with Outbox(path, utc_now) as outbox:
        outbox.put(detection(1), durable=True)

    assert len(stored(path)) == 1
    assert path.with_suffix(".broken").read_bytes() == content
    assert outbox.lost_file is not None
    assert (outbox.lost_file.events, outbox.lost_file.what) == (None, "is broken and was set aside")


def test_a_file_of_no_bytes_is_a_new_one_and_nothing_is_lost_with_it(tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    path.touch()
    with Outbox(path, utc_now) as outbox:
        outbox.put(detection(1), durable=True)

    assert len(stored(path)) == 1
    assert outbox.lost_file is None
    assert not path.with_suffix(".broken").exists()


def test_a_file_that_was_emptied_beside_its_log_is_set_aside_with_it(tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    log = path.with_name("node.sqlite-wal")
    with Outbox(path, utc_now) as outbox:
        outbox.put(detection(1), durable=True)
        kept = log.read_bytes()
    path.write_bytes(b"")
    log.write_bytes(kept)
    with Outbox(path, utc_now) as outbox:
        outbox.put(detection(1), durable=True)

    assert len(stored(path)) == 1
    assert outbox.lost_file is not None
    assert path.with_name("node.broken-wal").read_bytes() == kept


def test_a_file_that_breaks_while_it_is_written_to_is_set_aside_and_nothing_that_comes_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    with Outbox(path, utc_now) as outbox:
        outbox.put(detection(1), durable=True)
        before = outbox.epoch
        with closing(connect(path)) as other:
            other.execute("pragma wal_checkpoint(truncate)")
            page_bytes = other.execute("pragma page_size").fetchone()[0]
        with path.open("r+b") as file:
            file.seek(page_bytes)
            file.write(b"\x7f" * (path.stat().st_size - page_bytes))
        with closing(connect(path)) as other:
            # So that the pages are read again: another connection has written.
            other.execute("pragma user_version = 7")
        for people in (2, 3):
            outbox.put(detection(people), durable=True)

        assert outbox.epoch != before
    assert [event.sequence for event in stored(path)] == [1, 2]
    assert path.with_suffix(".broken").exists()


def test_who_waits_with_nothing_in_hand_waits_for_what_was_put_before(tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    with Outbox(path, utc_now) as outbox:
        outbox.put(durable=True)
        outbox.put(detection(1))
        outbox.put(durable=True)
        outbox.put(durable=True)

        assert [event.sequence for event in stored(path)] == [1]


def test_threads_put_together_and_each_keeps_its_order(tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    with Outbox(path, utc_now) as outbox:

        def capture(source: str) -> None:
            for people in range(300):
                outbox.put(detection(people, source), frame(source))

        threads = [threading.Thread(target=capture, args=(f"{SOURCE}{number}",)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    events = stored(path)

    for number in range(4):
        mine = [event for event in events if event.source == f"{SOURCE}{number}"]
        assert [event.sequence for event in mine] == list(range(1, 601))
        assert [event.id for event in mine] == sorted(event.id for event in mine)


def test_what_was_handed_over_is_committed_before_the_end(tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    with Outbox(path, utc_now) as outbox:
        outbox.put(*[detection(people) for people in range(500)])

    assert len(stored(path)) == 500
    with pytest.raises(OutboxFailed, match="closed"):
        outbox.put(detection())


def test_each_commit_wakes_whoever_sends(tmp_path: Path) -> None:
    woken = threading.Event()
    with Outbox(tmp_path / "node.sqlite", utc_now, on_commit=woken.set) as outbox:
        outbox.put(detection())

        assert woken.wait(30)


def disk_of(size: int, wait_s: float = 0.0) -> DiskReserve:
    """A disk on which nothing is but the outbox."""

    def free(folder: Path) -> int:
        return max(0, size - sum(file.stat().st_size for file in folder.glob("*.sqlite")))

    return DiskReserve(reserve_bytes=0, reserve_file_bytes=0, wait_s=wait_s, free=free)


def kinds(events: Sequence[Event]) -> set[str]:
    return {event.type for event in events}


def test_a_full_disk_costs_pictures_and_a_gap_tells_of_them(tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    with Outbox(path, utc_now, room=disk_of(2_400_000)) as outbox:
        outbox.put(health(), durable=True)
        for people in range(60):
            outbox.put(medium(b"x" * 100_000), detection(people), durable=True)
        outbox.put(health(), durable=True)
    events = stored(path)

    gaps = [event for event in events if isinstance(event, GapEvent)]
    covered = sum(gap.data.count for gap in gaps) + len(events) - len(gaps)
    assert covered == 122
    assert {gap.data.cause for gap in gaps} == {"disk_full"}
    assert sum(event.type == "watchpost.detection.v1" for event in events) == 60
    assert sum(event.type == "watchpost.health.v1" for event in events) == 2


class FillingDisk:
    """A disk of which somebody else takes and gives back all room."""

    def __init__(self, wait_s: float) -> None:
        self.is_full = False
        self.room = DiskReserve(0, 0, wait_s, lambda _: 0 if self.is_full else 1_000_000_000)


def test_media_wait_for_room_while_events_go_on(tmp_path: Path) -> None:
    path, disk = tmp_path / "node.sqlite", FillingDisk(WAIT_S)
    with Outbox(path, utc_now, room=disk.room) as outbox:
        outbox.put(*[health() for _ in range(400)], durable=True)
        confirm_all(path)
        disk.is_full = True
        for people in range(20):
            # Larger than what the confirmed rows give back.
            outbox.put(medium(b"x" * 900_000), detection(people))
        outbox.put(health(), durable=True)
        while_full = stored(path)
        disk.is_full = False
        assert outbox.flush(timeout_s=10)
    events = stored(path)

    assert sum(event.type == "watchpost.detection.v1" for event in while_full) == 20
    assert "watchpost.media.v1" not in kinds(while_full)
    assert [event.sequence for event in events if event.type == "watchpost.media.v1"] == list(range(1, 21))
    assert "watchpost.gap.v1" not in kinds(events)


def test_events_that_have_no_room_wait_too_and_cost_no_recording_that_the_file_holds(tmp_path: Path) -> None:
    path, disk = tmp_path / "node.sqlite", FillingDisk(WAIT_S)
    with Outbox(path, utc_now, room=disk.room) as outbox:
        outbox.put(medium(b"x" * 60_000, kind="segment"), medium(b"x" * 60_000), durable=True)
        disk.is_full = True
        # More than the free pages of the file.
        outbox.put(*[detection(people) for people in range(500)])
        waits = not outbox.flush(timeout_s=0.2)
        while_full = stored(path)
        disk.is_full = False
        assert outbox.flush(timeout_s=10)
    events = stored(path)

    assert waits
    assert [event.type for event in while_full] == ["watchpost.media.v1"] * 2
    assert len(events) == 502
    assert "watchpost.gap.v1" not in kinds(events)


def test_media_that_waited_for_long_are_dropped_and_a_gap_tells_of_them(tmp_path: Path) -> None:
    path, disk = tmp_path / "node.sqlite", FillingDisk(wait_s=0.1)
    with Outbox(path, utc_now, room=disk.room) as outbox:
        outbox.put(*[health() for _ in range(400)], durable=True)
        confirm_all(path)
        disk.is_full = True
        outbox.put(*[medium(b"x" * 100_000) for _ in range(20)])
        outbox.put(health(), durable=True)
        assert outbox.flush(timeout_s=10)
    [gap] = [event for event in stored(path) if isinstance(event, GapEvent)]

    assert (gap.data.cause, gap.data.count) == ("disk_full", 20)


def test_an_outbox_that_ends_on_a_full_disk_says_what_waited(tmp_path: Path) -> None:
    path, disk = tmp_path / "node.sqlite", FillingDisk(WAIT_S)
    with Outbox(path, utc_now, room=disk.room) as outbox:
        outbox.put(*[health() for _ in range(400)], durable=True)
        confirm_all(path)
        disk.is_full = True
        outbox.put(*[medium(b"x" * 100_000) for _ in range(20)])
        outbox.put(health(), durable=True)
    [gap] = [event for event in stored(path) if isinstance(event, GapEvent)]

    assert (gap.data.cause, gap.data.count) == ("disk_full", 20)


def confirm_all(path: Path) -> None:
    """What the journal has may be given up first."""
    with closing(connect(path)) as connection, transaction(connection):
        for stream in backlog.streams(connection):
            backlog.confirm(connection, stream.id, stream.sequence)


def test_a_disk_that_is_full_to_the_last_page_does_not_end_the_outbox(tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    with Outbox(path, utc_now, room=disk_of(200_000)) as outbox:
        outbox.put(health(), durable=True)
        for people in range(300):
            # In portions: all of it in one would be given up in one, and leave the room empty.
            outbox.put(medium(b"x" * 5_000), detection(people), durable=people % 10 == 0)
        of_room = eventually(lambda: outbox.usage.bytes > 20_000)
        outbox.put(health(), durable=True)
    events = stored(path)

    assert of_room
    last = [event for event in events if event.epoch == outbox.epoch][-1]
    assert last.type == "watchpost.health.v1"
    assert last.sequence == 302
    assert kinds(events) >= {"watchpost.gap.v1", "watchpost.health.v1"}


def test_another_fault_of_the_file_is_told_to_whoever_puts(tmp_path: Path) -> None:
    with Outbox(tmp_path / "node.sqlite", utc_now) as outbox:
        outbox.put(detection(), durable=True)
        other = connect(tmp_path / "node.sqlite")
        other.execute("drop table outbox_event")
        other.close()
        with pytest.raises(OutboxFailed):
            outbox.put(detection(), durable=True)
        with pytest.raises(OutboxFailed, match="cannot be written"):
            outbox.put(detection())


def test_a_commit_to_the_outbox_waits_for_the_disk(tmp_path: Path) -> None:
    with closing(connect(tmp_path / "node.sqlite")) as connection:
        (level,) = connection.execute("pragma synchronous").fetchone()

    assert level == 2


def test_an_outbox_begins_again_on_a_disk_that_is_full_to_the_last_byte(tmp_path: Path) -> None:
    try:
        disks.mount(tmp_path, 64)
    except disks.NoDisk as absent:
        unavailable(str(absent))
    path = tmp_path / "node.sqlite"
    try:
        with Outbox(path, utc_now) as outbox:
            outbox.put(health(), durable=True)
        disks.fill(tmp_path)

        with Outbox(path, utc_now) as outbox:
            outbox.put(detection(), durable=True)
        assert kinds(stored(path)) == {"watchpost.health.v1", "watchpost.detection.v1"}
    finally:
        disks.unmount(tmp_path)


@pytest.mark.parametrize("is_exclusive", [False, True], ids=["shared", "exclusive"])
@pytest.mark.parametrize(
    ("way", "is_open"),
    # What is in memory hides junk in the file from whoever writes; the relay, or the next start, finds it.
    [(way, is_open) for way in WAYS for is_open in (True, False) if way != "junk" or not is_open],
)
def test_an_outbox_whose_file_breaks_keeps_it_counts_what_is_lost_and_goes_on(
    tmp_path: Path, way: str, is_exclusive: bool, is_open: bool
) -> None:
    path = tmp_path / "node.sqlite"
    with Outbox(path, utc_now, is_exclusive=is_exclusive) as outbox:
        outbox.put(*(detection(people) for people in range(40)), durable=True)
        if is_open:
            with closing(connect(path, is_exclusive=is_exclusive)) as other:
                other.execute("pragma wal_checkpoint(truncate)")
            WAYS[way](path)
            outbox.put(detection(7), durable=True)
    if not is_open:
        WAYS[way](path)
        with Outbox(path, utc_now, is_exclusive=is_exclusive) as outbox:
            outbox.put(detection(7), durable=True)

    assert isinstance(last := stored(path)[-1], DetectionEvent)
    assert last.data.people_count == 7
    assert outbox.lost_file is not None
    assert outbox.lost_file.events == (40 if is_open else None)


def test_an_exclusive_outbox_maps_no_file_that_somebody_could_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    with Outbox(path, utc_now, is_exclusive=True) as outbox, closing(connect(path, is_exclusive=True)) as relay:
        outbox.put(detection(1), durable=True)

        assert relay.execute("select count(*) from outbox_event").fetchone() == (1,)
        assert [line for line in Path("/proc/self/maps").read_text().splitlines() if str(tmp_path) in line] == []
        assert sorted(file.name for file in tmp_path.glob("node.sqlite*")) == ["node.sqlite", "node.sqlite-wal"]


@pytest.mark.parametrize("error", [sqlite3.DatabaseError("malformed"), OSError("no device"), KeyError("of a bug")])
def test_whatever_ends_a_commit_ends_the_outbox_in_words(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Committer, __: list[Item]) -> bool:
        raise error

    monkeypatch.setattr(Committer, "_commit_anew", fail)
    with Outbox(tmp_path / "node.sqlite", utc_now) as outbox:
        with pytest.raises(OutboxFailed, match="the outbox"):
            outbox.put(detection(1), durable=True)
        with pytest.raises(OutboxFailed, match="the outbox"):
            outbox.put(detection(2))
