"""Closed days go to the bucket as files, whatever keeps the journal; they make a journal that is the same."""

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from consumers.store.journal.clickhouse.store import ClickHouseStore
from consumers.store.journal.files import SqliteStore
from consumers.store.journal.store import JournalStore
from consumers.upkeep.cold.day_files import DayDropped, DayFiles, LocalDays, ServerDays, compressed, decompressed
from consumers.upkeep.cold.server_day import CARRIED
from consumers.upkeep.verify.streams import check_streams
from tests import builders
from tests.contract.journal.entries import OWNER, Clock, accepted, numbered

DAY = timedelta(days=1)


def written(store: JournalStore) -> None:
    """Three closed days and an open one, in which streams go on, begin, and have a hole."""
    clock = Clock()
    with store.writer(clock, OWNER) as journal:
        journal.append(numbered(1, 12, device="door"))
        journal.append(accepted(builders.detection(id="foreign")))
        clock.now += DAY
        journal.append([*numbered(13, 14, device="door"), *numbered(1, 3)])
        clock.now += DAY
        journal.append(accepted(builders.gap(first=4, last=9, epoch="one")))
        clock.now += DAY
        journal.append(numbered(15, 15, device="door"))


def files_of(store: JournalStore, tmp_path: Path) -> DayFiles:
    if isinstance(store, ClickHouseStore):
        return ServerDays(store, tmp_path / "carried")
    return LocalDays(tmp_path / "journal")


def lose(file: Path) -> None:
    file.unlink()


def cut_off(file: Path) -> None:
    """As by a power cut."""
    file.write_bytes(file.read_bytes()[:5000])


def keep(file: Path) -> None:
    """Nothing happens to it."""


def copied(files: DayFiles, target: Path, damage: Callable[[Path], None] = keep) -> SqliteStore:
    """As they go to the bucket and come from there. What is carried from day to day is damaged after each."""
    target.mkdir()
    objects: list[bytes] = []

    def newest(path: Path) -> bool:
        if objects:
            decompressed([objects[-1]], path)
        return bool(objects)

    for day in files.days()[:-1]:
        path, packed = target / f"{day}.draft", target / f"{day}.gz"
        files.write(day, path, newest)
        compressed(path, packed, 6)
        objects.append(packed.read_bytes())
        decompressed([objects[-1]], target / f"{day}.sqlite")
        path.unlink()
        packed.unlink()
        if isinstance(files, ServerDays):
            damage(files.carried / CARRIED)
    return SqliteStore(target)


def events(store: JournalStore, upto: int) -> list[tuple[object, ...]]:
    return [tuple(one) for day in store.each_day() for one in day.events() if one.position <= upto]


def test_the_closed_days_are_the_same_journal_in_files(store: JournalStore, tmp_path: Path) -> None:
    written(store)

    again = copied(files_of(store, tmp_path), tmp_path / "again")

    assert [day.name for day in again.each_day()] == ["2026-01-05", "2026-01-06", "2026-01-07"]
    assert events(again, 99) == events(store, 19)
    assert check_streams(again).faults == []
    with again.writer(Clock(), OWNER) as journal:
        assert journal.head == 19
        assert {key: state.watermark for key, state in journal.streams.items()} == {
            ("/sites/DEMO/devices/door", "one"): 14,
            ("/sites/DEMO/devices/yard", "one"): 9,
            ("/sites/DEMO/devices/yard", ""): 0,
        }


@pytest.mark.parametrize("damage", [lose, cut_off])
def test_the_numbers_of_streams_go_on_though_what_was_carried_is_lost(
    store: JournalStore, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    written(store)
    files = files_of(store, tmp_path)

    again = copied(files, tmp_path / "again", damage)

    numbers = [day.sources() for day in again.each_day()]
    assert all(after.items() >= before.items() for before, after in pairwise(numbers))
    assert check_streams(again).faults == []


def test_a_day_that_retention_drops_meanwhile_is_said_to_be_gone(store: JournalStore, tmp_path: Path) -> None:
    written(store)
    files = files_of(store, tmp_path)
    gone = files.days()[0] - DAY

    with pytest.raises(DayDropped, match="has no day 2026-01-04 any more"):
        files.describe(gone)
    with pytest.raises(DayDropped):
        files.write(gone, tmp_path / "gone", lambda path: False)
