"""An index of many packs without their files: as after weeks of recording."""

from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from consumers.store.archive.index import open_to_write
from consumers.store.archive.keys import PackInterval, Series
from producer.transaction import transaction

MINUTE_US = 60_000_000
Entry = tuple[Series, PackInterval, int]
"""A pack, and its bytes."""


def enter(directory: Path, packs: Iterable[Entry]) -> None:
    """Each with thirty media in the middle of its time."""
    directory.mkdir(parents=True, exist_ok=True)
    with closing(open_to_write(directory)) as index, transaction(index):
        numbers: dict[Series, int] = {}
        for series, (start, minutes), size in packs:
            if series not in numbers:
                row = (numbers.setdefault(series, len(numbers) + 1), series.site, series.device, series.kind)
                index.execute("insert into series (series, site, device, kind) values (?, ?, ?, ?)", row)
            number = numbers[series]
            times = (start * MINUTE_US + MINUTE_US, (start + minutes) * MINUTE_US - MINUTE_US)
            index.execute(
                "insert into packs (series, start, minutes, end, count, bytes, first, last)"
                " values (?, ?, ?, ?, 30, ?, ?, ?)",
                (number, start, minutes, size, size, *times),
            )
            index.execute("update series set count = count + 30, bytes = bytes + ? where series = ?", (size, number))
