"""The files of packs: what is on the disk when, how many are open, and packs of an older release."""

import errno
import os
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from consumers.store.archive.disk import Archive
from consumers.store.archive.packs import PACKS_PER_ROUND
from consumers.store.archive.reader import ArchiveReader
from consumers.store.archive.retention import ArchiveRetention
from tests.archived import START, key, lose_index, medium, pack
from tests.settable_clock import WallClock


def test_bytes_are_on_the_disk_before_the_index_knows_of_them(
    archive: Archive, reader: ArchiveReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    known_at_sync: list[bool] = []
    archive.store([medium("before", body=b"bytes")])
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


def test_the_names_of_new_packs_are_synced_with_their_bytes_and_again_where_that_failed(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = [medium("one", device=f"dev-{number}") for number in range(3)]
    folders: list[list[str]] = [[]]
    fsync = os.fsync

    def sync(descriptor: int) -> None:
        folders[-1].append(opened(descriptor))
        if len(folders) == 1:
            raise OSError(errno.EIO, "as a disk fails")
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", sync)
    with pytest.raises(OSError, match="as a disk fails"):
        archive.store(wanted)
    folders.append([])
    archive.store(wanted)
    folders.append([])
    archive.store([medium("two", device=f"dev-{number}") for number in range(3)])

    of_packs = {str(path.parent) for path in tmp_path.glob("**/*.pack")}
    assert [of_packs <= set(synced) for synced in folders] == [True, True, False]
    assert folders[2] == []


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
