"""The room that is kept for those who make room."""

from pathlib import Path

from consumers.store.disk import DiskSpace, ReserveFile

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
