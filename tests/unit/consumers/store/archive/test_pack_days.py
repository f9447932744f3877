"""The archive over days as cameras make them: hours and names that come again, and packs that vanish or grow."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from bus_schemas.media_codec import describe
from consumers.store.archive.disk import Archive, Medium
from consumers.store.archive.reader import ArchiveReader
from consumers.store.archive.records import scan
from consumers.store.archive.retention import ArchiveRetention
from tests.settable_clock import WallClock

SITE, DEVICE, KIND = "DEMO", "yard", "capture"
START = datetime(2026, 10, 24, 22, tzinfo=UTC)
"""Midnight in Rome before the day of 25 hours."""
ROME = ZoneInfo("Europe/Rome")


def medium(name: str, time: datetime = START, kind: str = KIND) -> Medium:
    body = f"the bytes of {name}".encode()
    return describe(f"{SITE}/{DEVICE}/{kind}/{name}", body), time, body


def names(reader: ArchiveReader, start: datetime, end: datetime, kind: str = KIND) -> list[str]:
    return [stored.key.rsplit("/", 1)[1] for stored in reader.between(SITE, DEVICE, kind, start, end)]


def test_the_hours_of_a_day_of_25_are_25_whatever_times_their_files_are_given(
    tmp_path: Path, archive: Archive, reader: ArchiveReader, clock: WallClock
) -> None:
    for hour in range(25):
        clock.now = START + timedelta(hours=hour)
        archive.store([medium(f"{hour}", clock.now)])
    packs = list(tmp_path.rglob("*.pack"))
    for pack in packs:
        os.utime(pack, (0, 0))

    assert START.astimezone(ROME).date() == clock.now.astimezone(ROME).date()
    assert len(packs) == 25
    for hour in range(25):
        start = START + timedelta(hours=hour)
        assert names(reader, start, start + timedelta(hours=1)) == [f"{hour}"]


def test_a_medium_of_the_last_second_of_an_hour_that_comes_in_the_next_is_listed_in_its_hour(
    archive: Archive, reader: ArchiveReader, clock: WallClock
) -> None:
    end = START + timedelta(hours=1)
    clock.now = end + timedelta(seconds=90)
    archive.store([medium("first-of-the-next", end), medium("last", end - timedelta(seconds=1))])

    assert names(reader, START, end) == ["last"]


def test_a_kind_lists_nothing_of_another(archive: Archive, reader: ArchiveReader) -> None:
    archive.store([medium("capture_1"), medium("capture_1_thumbnail", kind="thumbnail")])

    assert names(reader, START, START + timedelta(hours=1)) == ["capture_1"]


def test_numbers_that_begin_anew_after_a_restart_replace_nothing(
    archive: Archive, reader: ArchiveReader, clock: WallClock
) -> None:
    for boot in ("3f2a", "9c01"):
        archive.store([medium(f"{boot}-{number}", clock.now + timedelta(seconds=number)) for number in range(3)])
        clock.now += timedelta(seconds=10)

    assert names(reader, START, clock.now) == ["3f2a-0", "3f2a-1", "3f2a-2", "9c01-0", "9c01-1", "9c01-2"]


def test_300_pictures_of_one_second_are_300(archive: Archive, reader: ArchiveReader) -> None:
    archive.store([medium(f"{number:03}", START + timedelta(milliseconds=3 * number)) for number in range(300)])

    assert names(reader, START, START + timedelta(seconds=1)) == [f"{number:03}" for number in range(300)]


def test_a_pack_grows_at_its_end_alone_and_its_media_stay_where_they_were_written(
    tmp_path: Path, archive: Archive, reader: ArchiveReader, clock: WallClock
) -> None:
    archive.store([medium("first")])
    (pack,) = tmp_path.rglob("*.pack")
    before, file = pack.read_bytes(), pack.stat().st_ino
    first = reader.find(f"{SITE}/{DEVICE}/{KIND}/first")
    for second in range(1, 200):
        archive.store([medium(f"{second}", START + timedelta(seconds=second))])
    clock.now += timedelta(hours=2)
    archive.store([medium("later", clock.now)])

    grown = pack.read_bytes()
    assert (grown[: len(before)], pack.stat().st_ino) == (before, file)
    assert len(list(scan(grown))) == 200
    assert reader.find(f"{SITE}/{DEVICE}/{KIND}/first") == first
    assert reader.read(f"{SITE}/{DEVICE}/{KIND}/first") == b"the bytes of first"


def test_a_pack_that_vanished_costs_its_own_media_and_no_round_of_retention(
    tmp_path: Path, archive: Archive, reader: ArchiveReader, clock: WallClock
) -> None:
    clock.now = START + timedelta(hours=1)
    archive.store([medium("a"), medium("b", clock.now)])
    oldest = min(tmp_path.rglob("*.pack"))
    oldest.unlink()
    (oldest.parent / "notes of somebody.pack").write_text("no pack")
    clock.now = START + timedelta(hours=4)

    assert reader.read(f"{SITE}/{DEVICE}/{KIND}/a") is None
    assert reader.read(f"{SITE}/{DEVICE}/{KIND}/b") == b"the bytes of b"
    dropped = ArchiveRetention(tmp_path, clock).drop_before(KIND, clock.now - timedelta(hours=1))
    assert sum(one.count for one in dropped) == 2
    assert names(reader, START, clock.now) == []
