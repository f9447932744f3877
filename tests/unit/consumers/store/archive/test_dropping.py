"""Which packs of the archive are dropped, by event time."""

import os
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from consumers.store.archive.disk import Archive
from consumers.store.archive.index import NAME
from consumers.store.archive.keys import Series
from consumers.store.archive.reader import ArchiveReader
from consumers.store.archive.retention import ArchiveRetention
from tests.archived import START, key, medium, pack
from tests.settable_clock import WallClock


def test_dropping_tells_what_it_dropped_and_takes_the_file_away(
    tmp_path: Path, archive: Archive, reader: ArchiveReader, retention: ArchiveRetention, clock: WallClock
) -> None:
    archive.store([medium("a"), medium("b")])
    size = pack(tmp_path).stat().st_size
    clock.now += timedelta(hours=3)

    (dropped,) = retention.drop_before("capture", clock.now - timedelta(hours=1))

    assert (dropped.device, dropped.kind, dropped.count, dropped.bytes) == ("yard", "capture", 2, size)
    assert (dropped.start, dropped.end) == (START, START + timedelta(minutes=5))
    assert not pack(tmp_path).exists()
    assert reader.find(key("a")) is None
    assert reader.usage() == []


def test_the_newest_ten_minutes_stay_whatever_moment_is_given_and_no_more_than_fifteen(
    archive: Archive, reader: ArchiveReader, retention: ArchiveRetention, clock: WallClock
) -> None:
    for minute in range(60):
        clock.now = START + timedelta(minutes=minute)
        archive.store([medium(f"{minute}", clock.now)])
        retention.drop_before("capture", START + timedelta(days=400))
        kept = reader.between("DEMO", "yard", "capture", START, clock.now + timedelta(minutes=1))
        (use,) = reader.usage()

        assert len(kept) == min(minute, 10) + 1
        assert clock.now - use.oldest < timedelta(minutes=15)


def test_one_series_alone_can_be_dropped(archive: Archive, retention: ArchiveRetention, clock: WallClock) -> None:
    archive.store([medium("a"), medium("b", device="door")])
    clock.now += timedelta(hours=3)

    dropped = retention.drop_before("capture", clock.now, Series("DEMO", "door", "capture"))

    assert [one.device for one in dropped] == ["door"]


def test_media_of_a_clock_that_runs_ahead_are_dropped_in_their_time(
    archive: Archive, retention: ArchiveRetention, reader: ArchiveReader, clock: WallClock
) -> None:
    archive.store([medium("a", START + timedelta(days=3650))])
    clock.now += timedelta(hours=3)

    assert [one.count for one in retention.drop_before("capture", clock.now - timedelta(hours=1))] == [1]


def test_a_pack_that_was_dropped_can_be_written_again_and_its_rows_are_swept(
    archive: Archive, reader: ArchiveReader, retention: ArchiveRetention, clock: WallClock
) -> None:
    archive.store([medium("a"), medium("b")])
    clock.now += timedelta(hours=3)
    retention.drop_before("capture", START + timedelta(hours=1))

    assert archive.store([medium("a", START + timedelta(hours=3)), medium("late")]) == 2
    while retention.sweep(rows=1):
        pass

    assert reader.read(key("a")) == b"the bytes of a"
    assert reader.find(key("b")) is None


def is_free(index: Path) -> bool:
    """Whether a writer gets the lock at once."""
    with closing(sqlite3.connect(index, timeout=0, isolation_level=None)) as other:
        try:
            other.execute("begin immediate")
        except sqlite3.OperationalError:
            return False
        return True


def test_the_bytes_of_a_pack_go_back_when_who_stores_pictures_may_go_on(
    tmp_path: Path, archive: Archive, retention: ArchiveRetention, clock: WallClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.now += timedelta(hours=3)
    archive.store([medium(f"{minute}", START + timedelta(minutes=minute)) for minute in range(0, 30, 5)])
    free_at_the_end: list[bool] = []
    close = os.close

    def close_last(descriptor: int) -> None:
        if ".pack (deleted)" in str(Path(f"/proc/self/fd/{descriptor}").readlink()):
            free_at_the_end.append(is_free(tmp_path / NAME))
        close(descriptor)

    monkeypatch.setattr(os, "close", close_last)
    retention.drop_before("capture", clock.now - timedelta(hours=1))

    assert free_at_the_end == [True] * 6


def test_a_pack_that_is_gone_already_is_dropped(
    tmp_path: Path, archive: Archive, reader: ArchiveReader, retention: ArchiveRetention, clock: WallClock
) -> None:
    archive.store([medium("a")])
    clock.now += timedelta(hours=3)
    pack(tmp_path).unlink()

    assert [one.count for one in retention.drop_before("capture", clock.now - timedelta(hours=1))] == [1]
    assert reader.find(key("a")) is None
