"""The archive on disk: what is stored is read back, also after a torn write."""

import os
import sqlite3
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from consumers.store.archive.disk import Archive
from consumers.store.archive.keys import NotAKey, parse_key
from consumers.store.archive.reader import ArchiveReader
from consumers.store.archive.records import scan
from consumers.store.archive.retention import ArchiveRetention
from tests.archived import START, key, lose_index, medium, pack
from tests.settable_clock import WallClock


def test_what_is_stored_is_read_back_with_what_is_known_of_it(archive: Archive, reader: ArchiveReader) -> None:
    body = os.urandom(1_000_000)
    archive.store([medium("a", body=body), medium("b")])

    stored = reader.find(key("a"))
    assert stored is not None
    assert (stored.time, stored.size, stored.content_type) == (START, 1_000_000, "image/jpeg")
    assert reader.read(key("a")) == body
    assert reader.read_range(stored, 999_990, 100) == body[999_990:]
    assert reader.read_range(stored, 10, 500_000) == body[10:500_010]
    assert reader.read(key("b")) == b"the bytes of b"


def test_nothing_is_found_before_there_is_an_archive(tmp_path: Path) -> None:
    with ArchiveReader(tmp_path / "none") as reader:
        assert reader.find(key("a")) is None
        assert reader.newest("DEMO", "yard", "capture") is None
        assert reader.usage() == []


def test_a_key_is_stored_once(archive: Archive, reader: ArchiveReader, tmp_path: Path) -> None:
    stored = [archive.store([medium("a"), medium("a")]), archive.store([medium("a", body=b"other")])]

    assert stored == [1, 0]
    assert reader.read(key("a")) == b"the bytes of a"
    assert len(list(scan(pack(tmp_path).read_bytes()))) == 1


@pytest.mark.parametrize(
    "text", ["", "DEMO/yard/capture", "../../etc/passwd", "DEMO/yard/capture/..", "A/B/capture/x\n"]
)
def test_no_path_is_made_of_text_that_is_no_key(text: str, reader: ArchiveReader) -> None:
    with pytest.raises(NotAKey):
        parse_key(text)
    assert reader.find(text) is None


def test_the_newest_is_the_newest_by_event_time(archive: Archive, reader: ArchiveReader) -> None:
    archive.store([medium("late", START - timedelta(minutes=1)), medium("newest"), medium("old", START - timedelta(1))])

    newest = reader.newest("DEMO", "yard", "capture")
    assert newest is not None
    assert newest.key == key("newest")
    assert reader.newest("DEMO", "yard", "thumbnail") is None


def test_a_stretch_of_time_is_listed_in_order_and_sampled_evenly(
    archive: Archive, reader: ArchiveReader, clock: WallClock
) -> None:
    clock.now = START + timedelta(hours=1)
    archive.store([medium(f"{second:04}", START + timedelta(seconds=second)) for second in range(1000)])

    span = (START + timedelta(seconds=100), START + timedelta(seconds=500))
    everything = reader.between("DEMO", "yard", "capture", *span)
    sample = reader.between("DEMO", "yard", "capture", *span, limit=4)

    assert [everything[0].key, everything[-1].key, len(everything)] == [key("0100"), key("0499"), 400]
    assert [stored.key for stored in sample] == [key("0100"), key("0200"), key("0300"), key("0400")]


def test_totals_are_kept_for_each_series(archive: Archive, reader: ArchiveReader) -> None:
    archive.store([medium("a"), medium("b", START - timedelta(hours=2)), medium("c", kind="thumbnail")])

    assert [(use.kind, use.count, use.oldest, use.newest) for use in reader.usage()] == [
        ("capture", 2, START - timedelta(hours=2), START),
        ("thumbnail", 1, START, START),
    ]


@pytest.mark.parametrize("cut", [1, 20, 60, 75, 84])
def test_a_torn_end_is_cut_off_and_what_was_whole_is_kept(tmp_path: Path, clock: WallClock, cut: int) -> None:
    with Archive(tmp_path, clock) as archive:
        archive.store([medium("a")])
        whole = pack(tmp_path).read_bytes()
    pack(tmp_path).write_bytes(whole + whole[:cut])

    with Archive(tmp_path, clock) as archive, ArchiveReader(tmp_path) as reader:
        assert pack(tmp_path).read_bytes() == whole
        archive.store([medium("b")])
        assert [reader.read(key(name)) for name in "ab"] == [b"the bytes of a", b"the bytes of b"]


def test_whole_records_that_the_index_never_heard_of_are_entered(tmp_path: Path, clock: WallClock) -> None:
    with Archive(tmp_path / "other", clock) as other:
        other.store([medium("a"), medium("b")])
    with Archive(tmp_path / "ours", clock) as archive:
        archive.store([medium("a")])
    pack(tmp_path / "ours").write_bytes(pack(tmp_path / "other").read_bytes())

    with Archive(tmp_path / "ours", clock) as archive, ArchiveReader(tmp_path / "ours") as reader:
        assert reader.read(key("b")) == b"the bytes of b"
        assert archive.store([medium("b")]) == 0


def test_the_index_is_built_again_from_the_packs(tmp_path: Path, clock: WallClock) -> None:
    def known() -> object:
        with ArchiveReader(tmp_path) as reader:
            return reader.usage(), reader.between("DEMO", "yard", "capture", START - timedelta(days=1), START)

    with Archive(tmp_path, clock) as archive:
        archive.store([medium(f"{number}", START - timedelta(minutes=40 * number)) for number in range(5)])
        before = known()
    lose_index(tmp_path)

    with Archive(tmp_path, clock):
        assert known() == before


@pytest.mark.parametrize("start", [0, 4096], ids=["its head", "its pages"])
def test_a_broken_index_is_built_again_from_the_packs_at_the_next_start_but_one(
    start: int, tmp_path: Path, clock: WallClock
) -> None:
    """Damage in its pages shows only when they are read."""
    with Archive(tmp_path, clock) as archive:
        archive.store([medium(f"{number}", START - timedelta(minutes=40 * number)) for number in range(50)])
    index = tmp_path / "index.sqlite"
    size = index.stat().st_size
    with index.open("r+b") as file:
        file.seek(start)
        file.write(b"\x7f" * (4096 if start == 0 else size - start))

    with suppress(sqlite3.DatabaseError), Archive(tmp_path, clock) as archive:
        archive.store([medium("another")])
    with Archive(tmp_path, clock) as archive, ArchiveReader(tmp_path) as reader:
        archive.store([medium("last")])
        assert [reader.read(key(name)) for name in ("0", "49", "last")] == [
            b"the bytes of 0",
            b"the bytes of 49",
            b"the bytes of last",
        ]


def test_damage_in_the_middle_costs_only_the_record_that_it_hit(tmp_path: Path, clock: WallClock) -> None:
    with Archive(tmp_path, clock) as archive:
        archive.store([medium("a"), medium("b"), medium("c")])
    damaged = pack(tmp_path).read_bytes().replace(b"the bytes of b", b"the bytes of X")
    pack(tmp_path).write_bytes(damaged)
    lose_index(tmp_path)

    with Archive(tmp_path, clock), ArchiveReader(tmp_path) as reader:
        assert [reader.read(key(name)) for name in "abc"] == [b"the bytes of a", None, b"the bytes of c"]


def test_a_group_that_failed_leaves_no_trace(tmp_path: Path, archive: Archive, reader: ArchiveReader) -> None:
    archive.store([medium("a")])
    blocked = tmp_path / "DEMO" / "door"
    blocked.write_text("a file where a folder should be")
    with pytest.raises(NotADirectoryError):
        archive.store([medium("b"), medium("c", device="door")])

    assert reader.read(key("b")) is None
    blocked.unlink()
    assert archive.store([medium("b"), medium("c", device="door")]) == 2
    assert reader.read(key("b")) == b"the bytes of b"


@pytest.mark.thorough
def test_packs_are_dropped_by_event_time_over_26_hours_with_missed_runs(
    archive: Archive, reader: ArchiveReader, retention: ArchiveRetention, clock: WallClock
) -> None:
    keep = {"capture": timedelta(hours=1), "thumbnail": timedelta(hours=24), "segment": timedelta(hours=24)}
    for minute in range(0, 26 * 60, 10):
        clock.now = START + timedelta(minutes=minute)
        archive.store([medium(f"{minute}", clock.now, kind=kind) for kind in keep])
        missed = 300 <= minute < 500
        if not missed:
            for kind, age in keep.items():
                retention.drop_before(kind, clock.now - age)
            for kind, age in keep.items():
                kept = reader.between("DEMO", "yard", kind, START, clock.now + timedelta(minutes=1))
                assert clock.now - kept[0].time <= age
                assert len(kept) == min(minute // 10 + 1, int(age.total_seconds()) // 600 + 1)

    on_disk = {use.kind: use.newest - use.oldest for use in reader.usage()}
    assert on_disk["capture"] <= timedelta(hours=1, minutes=10)
    assert on_disk["segment"] <= timedelta(hours=24, minutes=10)


def test_zeros_are_bytes_as_others(archive: Archive, reader: ArchiveReader) -> None:
    """An MP4 begins with three, and a browser asks for the first two of it before it plays any."""
    archive.store([medium("zeros", body=bytes(100)), medium("film", body=b"\0\0\0\x18ftypiso5")])
    film = reader.find(key("film"))

    assert film is not None
    assert reader.read(key("zeros")) == bytes(100)
    assert reader.read_range(film, 0, 2) == bytes(2)
