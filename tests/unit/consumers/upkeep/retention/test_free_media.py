"""What a clean-up could free is summed as if each pack were looked at."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from consumers.store.archive.keys import PackInterval, Series
from consumers.store.archive.retention import ArchiveRetention, PackSum
from consumers.upkeep.retention.holding import FreeMedia, part
from consumers.views.holds import HoldRow
from producer.times import EPOCH, HOUR, MINUTE
from tests.builders import START
from tests.packs import enter

FIRST = (START - EPOCH) // MINUTE
NOW = START + 10 * HOUR + 7 * MINUTE
KINDS = ("segment", "thumbnail")
MOMENTS = [NOW - timedelta(minutes=minutes, microseconds=1) for minutes in (0, 5, 61, 300, 607, 700)]


def hold(kind: str, start: float, end: float, devices: tuple[str, ...] = ()) -> HoldRow:
    times = START + start * HOUR, START + end * HOUR
    return HoldRow(kind, "h", "DEMO", devices, *times, "why", "ada", START, is_over=False)  # type: ignore[arg-type]  # a kind of holds


HELD = {
    "nothing": [],
    "all devices": [hold("hold", 2, 3)],
    "one of them": [hold("hold", 0, 20, ("gate",))],
    "recordings alone": [hold("note", 1, 4)],
    "a moment, twice": [hold("note", 5, 5), hold("hold", 5, 5.5, ("yard",))],
    "the newest": [hold("hold", 9, 12)],
    "another site": [HoldRow("hold", "h", "ELSEWHERE", (), START, NOW, "why", "ada", START, is_over=False)],
}


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> ArchiveRetention:
    folder = tmp_path_factory.mktemp("archive")
    series = [Series("DEMO", device, kind) for device in ("gate", "yard") for kind in (*KINDS, "evidence")]
    packs = [(one, PackInterval(FIRST + minute), 1000 + minute) for one in series for minute in range(0, 605, 5)]
    enter(folder, [*packs, (series[0], PackInterval(FIRST + 120, 60), 7)])
    return ArchiveRetention(folder, lambda: NOW)


def plain(archive: ArchiveRetention, rows: list[HoldRow], moment: datetime) -> PackSum:
    free = part([one for kind in KINDS for one in archive.expiring(kind, NOW)], rows).free
    began = [one for one in free if one.start <= moment]
    return PackSum(sum(one.count for one in began), sum(one.bytes for one in began))


@pytest.mark.parametrize("rows", HELD.values(), ids=HELD)
def test_sums_are_those_of_the_packs_that_nobody_holds(archive: ArchiveRetention, rows: list[HoldRow]) -> None:
    found = FreeMedia(archive, KINDS, rows, NOW).began_by(MOMENTS)

    assert found == [plain(archive, rows, moment) for moment in MOMENTS]
    assert found[0].media > found[3].media > 0


def test_there_is_nothing_where_there_is_no_archive(tmp_path: Path) -> None:
    nowhere = ArchiveRetention(tmp_path, lambda: NOW)

    assert FreeMedia(nowhere, KINDS, HELD["all devices"], NOW).began_by(MOMENTS[:2]) == [PackSum(0, 0)] * 2
