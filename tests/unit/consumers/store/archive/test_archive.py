"""The archive on disk: torn writes, the index built again, retention by event time."""

import errno
import os
import sqlite3
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bus_schemas.media_codec import describe
from consumers.store.archive.disk import Archive, Medium
from consumers.store.archive.keys import NotAKey, Series, parse_key
from consumers.store.archive.packs import PACKS_PER_ROUND
from consumers.store.archive.reader import ArchiveReader
from consumers.store.archive.records import scan
from consumers.store.archive.retention import ArchiveRetention
from tests.settable_clock import WallClock

START = datetime(2026, 1, 5, 10, tzinfo=UTC)


@pytest.fixture
def retention(tmp_path: Path, clock: WallClock) -> ArchiveRetention:
    return ArchiveRetention(tmp_path, clock)


def medium(name: str, time: datetime = START, body: bytes = b"", kind: str = "capture", device: str = "yard") -> Medium:
    body = body or f"the bytes of {name}".encode()
    return describe(f"DEMO/{device}/{kind}/{name}", body), time, body


def key(name: str, kind: str = "capture") -> str:
    return f"DEMO/yard/{kind}/{name}"


def pack(directory: Path) -> Path:
    return directory / "DEMO/yard/capture/2026-01-05/1000.pack"


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


def lose_index(directory: Path) -> None:
    for file in directory.glob("index.sqlite*"):
        file.unlink()


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


def test_bytes_are_on_the_disk_before_the_index_knows_of_them(
    archive: Archive, reader: ArchiveReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    known_at_sync: list[bool] = []
    wanted = medium("one", body=b"bytes")

    def sync(descriptor: int) -> None:
        known_at_sync.append(reader.find(wanted[0].key) is not None)
        os.fsync(descriptor)

    monkeypatch.setattr(os, "fdatasync", sync)
    archive.store([wanted])

    assert known_at_sync == [False]
    assert reader.find(wanted[0].key) is not None


def opened(descriptor: int) -> str:
    return str(Path(f"/proc/self/fd/{descriptor}").readlink())


def test_a_group_may_touch_more_packs_than_are_open_at_once(
    archive: Archive, reader: ArchiveReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = [medium("one", device=f"dev-{number}") for number in range(2 * PACKS_PER_ROUND + 44)]
    synced: list[str] = []

    def sync(descriptor: int) -> None:
        synced.append(opened(descriptor))
        os.fsync(descriptor)

    monkeypatch.setattr(os, "fdatasync", sync)

    assert archive.store(wanted) == len(wanted)
    assert len(set(synced)) == len(synced) == len(wanted)
    assert all(reader.read(media.key) == body for media, _, body in wanted)


def test_where_one_pack_of_a_group_cannot_be_synced_nothing_of_the_group_is_known(
    archive: Archive, reader: ArchiveReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = [medium("one", device=f"dev-{number}") for number in range(8)]

    def sync(descriptor: int) -> None:
        if "dev-3" in opened(descriptor):
            raise OSError(errno.EIO, "the disk is broken")

    with monkeypatch.context() as broken:
        broken.setattr(os, "fdatasync", sync)
        with pytest.raises(OSError, match="the disk is broken"):
            archive.store(wanted)

    assert [reader.find(media.key) for media, *_ in wanted] == [None] * len(wanted)
    assert archive.store(wanted) == len(wanted)
    assert all(reader.read(media.key) == body for media, _, body in wanted)


def test_no_pack_stays_open_so_that_what_is_dropped_gives_its_bytes_back(
    tmp_path: Path, archive: Archive, reader: ArchiveReader
) -> None:
    archive.store([medium(f"{number}", device=f"dev-{number}") for number in range(20)])
    reader.read("DEMO/dev-1/capture/1")

    open_files = [opened(int(link.name)) for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
    assert [name for name in open_files if name.startswith(str(tmp_path)) and ".pack" in name] == []


def test_what_is_used_is_what_the_disk_holds(tmp_path: Path, archive: Archive, reader: ArchiveReader) -> None:
    for minute in range(0, 60, 2):
        time = START - timedelta(minutes=minute)
        archive.store([medium(f"{minute}-{number}", time, os.urandom(30_000)) for number in range(20)])

    held = sum(path.lstat().st_blocks * 512 for path in tmp_path.rglob("*"))
    reported = sum(use.bytes for use in reader.usage()) + reader.index_bytes()
    assert abs(reported - held) < held / 100


def as_before_short_packs(directory: Path) -> None:
    """The archive as it was written when a pack held an hour."""
    short = pack(directory)
    short.rename(short.with_name("10.pack"))
    with closing(sqlite3.connect(directory / "index.sqlite")) as index:
        index.executescript("""
            create table old (
                pack integer primary key autoincrement, series integer not null, hour integer not null,
                end integer not null, count integer not null, bytes integer not null, first integer not null,
                last integer not null, unique (series, hour)
            );
            insert into old select 7, series, start / 60, end, count, bytes, first, last from packs;
            update media set pack = 7;
            drop table packs;
            alter table old rename to packs;
        """)


def test_packs_of_an_hour_that_are_there_are_read_and_dropped(
    tmp_path: Path, clock: WallClock, retention: ArchiveRetention
) -> None:
    with Archive(tmp_path, clock) as archive:
        archive.store([medium("a")])
    as_before_short_packs(tmp_path)

    with ArchiveReader(tmp_path) as reader:
        assert reader.read(key("a")) == b"the bytes of a"
        assert retention.expiring("capture", START + timedelta(hours=1)) == []
        with Archive(tmp_path, clock) as archive:
            assert archive.store([medium("a"), medium("b")]) == 1
            assert [reader.read(key(name)) for name in "ab"] == [b"the bytes of a", b"the bytes of b"]

        clock.now += timedelta(hours=2)
        assert [(one.start, one.end) for one in retention.drop_before("capture", clock.now)] == [
            (START, START + timedelta(minutes=5)),
            (START, START + timedelta(hours=1)),
        ]
        assert reader.usage() == []
    assert list(tmp_path.glob("*/*/*/*/*.pack")) == []


def test_an_index_is_built_again_from_packs_of_an_hour_and_of_five_minutes(tmp_path: Path, clock: WallClock) -> None:
    with Archive(tmp_path, clock) as archive:
        archive.store([medium("a")])
    pack(tmp_path).rename(pack(tmp_path).with_name("10.pack"))
    for name in ("b", "c"):
        lose_index(tmp_path)
        with Archive(tmp_path, clock) as archive:
            archive.store([medium(name)])
    lose_index(tmp_path)

    with Archive(tmp_path, clock), ArchiveReader(tmp_path) as reader:
        assert [reader.read(key(name)) for name in "abc"] == [b"the bytes of " + name.encode() for name in "abc"]


def test_the_oldest_is_that_of_what_can_be_asked_for(
    archive: Archive, reader: ArchiveReader, retention: ArchiveRetention, clock: WallClock
) -> None:
    clock.now = START + timedelta(hours=1)
    assert reader.oldest("DEMO", "yard", "capture") is None
    archive.store([medium(f"{minute}", START + timedelta(minutes=minute)) for minute in range(0, 60, 2)])
    assert reader.oldest("DEMO", "yard", "capture") == START

    retention.drop_before("capture", clock.now - timedelta(minutes=23))
    assert reader.oldest("DEMO", "yard", "capture") == clock.now - timedelta(minutes=23)
    assert reader.oldest("DEMO", "door", "capture") is None
