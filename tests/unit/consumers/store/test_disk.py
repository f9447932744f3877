"""The room that is kept for those who make room."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from consumers.ingest.disk_room import DiskRoom
from consumers.store.disk import DiskSpace, ReserveFile, disk_of
from tests.faults import disks
from tests.required import unavailable

MIB = 1024 * 1024
PLENTY = DiskSpace(total=100 * MIB, used=10 * MIB)


def test_a_reserve_is_occupied_where_there_is_plenty_and_released_on_a_full_disk(tmp_path: Path) -> None:
    reserve, file = ReserveFile(tmp_path), tmp_path / "run" / "reserve"
    reserve.tend(DiskSpace(total=100 * MIB, used=95 * MIB))
    assert not file.exists()

    reserve.tend(PLENTY)
    assert file.stat().st_blocks * 512 == PLENTY.reserve == 2 * MIB

    reserve.tend(DiskSpace(total=100 * MIB, used=98 * MIB))
    assert file.exists()
    reserve.tend(DiskSpace(total=100 * MIB, used=99 * MIB + 1))
    assert not file.exists()


def test_ingest_does_not_take_what_the_reserve_releases() -> None:
    for total in (100 * MIB, 700_000_000, 10**12):
        disk = DiskSpace(total, total)
        assert 0 < disk.reserve < disk.margin < total / 10


@pytest.fixture
def few_inodes(tmp_path: Path) -> Iterator[Path]:
    try:
        disks.mount(tmp_path, 64, inodes=101)
    except disks.NoDisk as absent:
        unavailable(str(absent))
    yield tmp_path
    disks.unmount(tmp_path)


def test_a_disk_whose_inodes_are_used_up_is_full_although_it_has_bytes(few_inodes: Path) -> None:
    (few_inodes / "half of it").write_bytes(bytes(32 * MIB))
    assert disk_of(few_inodes).percent == pytest.approx(50, abs=1)
    assert not disk_of(few_inodes).counts_inodes

    with suppress(OSError):
        for number in range(101):
            (few_inodes / str(number)).touch()
    full = disk_of(few_inodes)
    assert (full.percent, full.counts_inodes) == (100, True)
    room = DiskRoom(lambda: disk_of(few_inodes))
    assert not room.refresh()
    assert room.shortage == "the file system has hardly any inodes left, and these are for clean-up"

    for number in range(60):
        (few_inodes / str(number)).unlink()
    assert disk_of(few_inodes).percent == pytest.approx(50, abs=1)
    assert room.refresh()
