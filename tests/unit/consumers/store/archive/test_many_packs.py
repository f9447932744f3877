"""Questions about many packs are answered by those that matter, and as by all."""

import os
from contextlib import closing
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

import pytest

from consumers.store.archive.index import open_to_read
from consumers.store.archive.keys import PackInterval, Series
from consumers.store.archive.reader import ArchiveReader
from consumers.store.archive.retention import ArchiveRetention
from producer.times import EPOCH, HOUR, MINUTE
from tests.builders import START
from tests.packs import Entry, enter

NOW = START + 24 * HOUR
FIRST = (START - EPOCH) // MINUTE
PLAIN = (
    "select device, sum((end + :block - 1) / :block * :block), min(first), max(last)"
    " from packs join series using (series) group by device order by device"
)


def entries() -> list[Entry]:
    """Of three cameras, a pack of an hour of an earlier release at the beginning and at the end, over newer ones."""
    found = []
    for number, device in enumerate(("gate", "hall", "yard")):
        series = Series("DEMO", device, "segment")
        found.append((series, PackInterval(FIRST, 60), 9000 + number))
        found += [(series, PackInterval(FIRST + minute), 4096 + minute) for minute in range(5 * number, 600, 5)]
        found.append((series, PackInterval(FIRST + 560, 60), 100))
    return found


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    enter(tmp_path, entries())
    return tmp_path


def test_the_use_of_the_disk_is_that_of_all_packs(archive: Path) -> None:
    with closing(open_to_read(archive)) as index, ArchiveReader(archive) as reader:
        expected = index.execute(PLAIN, {"block": os.statvfs(archive).f_frsize}).fetchall()
        found = [
            (one.device, one.bytes, (one.oldest - EPOCH) // timedelta(microseconds=1), one.newest)
            for one in reader.usage()
        ]

    assert [(*row[:3], EPOCH + timedelta(microseconds=row[3])) for row in expected] == found


def test_each_device_has_its_own_age_at_which_packs_go(archive: Path) -> None:
    retention = ArchiveRetention(archive, lambda: NOW)
    limits = {"gate": START + HOUR, "hall": START + 2 * HOUR, "yard": START}

    found = retention.expiring("segment", lambda _, device: limits[device])
    of_all = retention.expiring("segment", START + 2 * HOUR)

    assert found == [one for one in of_all if one.end <= limits[one.device]]
    assert {one.device for one in found} == {"gate", "hall"}
    assert [one.start for one in found] == sorted(one.start for one in found)


@pytest.mark.parametrize("before", [START, START + 3 * HOUR, NOW])
def test_packs_that_are_nowhere_else_come_one_by_one_in_the_order_in_which_they_go(
    archive: Path, before: datetime
) -> None:
    retention = ArchiveRetention(archive, lambda: NOW)
    found = list(retention.uncopied("segment", before))

    assert found == sorted(
        retention.expiring("segment", before), key=lambda one: (one.start, one.site, one.device, one.interval.minutes)
    )
    assert list(islice(retention.uncopied("segment", before), 2)) == found[:2]
