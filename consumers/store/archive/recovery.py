"""Recovers the index from the packs: after a crash, and if the index is lost."""

import sqlite3
from pathlib import Path

from consumers.store.archive.index import add_media, ensure_pack, ensure_series
from consumers.store.archive.keys import PackInterval, Series, pack_path, parse_pack_path
from consumers.store.archive.packs import salvage
from producer.transaction import transaction


def recover(index: sqlite3.Connection, directory: Path) -> int:
    """Enter what lies in the packs and not in the index, cut off what is torn, forget packs that are gone.

    Only ends of packs are read, so this is quick unless the index is new. The number of media entered.
    """
    known = {
        pack_path(directory, Series(site, device, kind), PackInterval(start, minutes)): (number, end)
        for number, start, minutes, end, site, device, kind in index.execute(
            "select pack, start, minutes, end, site, device, kind from packs join series using (series)"
        )
    }
    sizes = {path: path.stat().st_size for path in directory.glob("*/*/*/*/*.pack")}
    entered = 0
    for path, size in sorted(sizes.items()):
        number, end = known.get(path, (None, 0))
        if size < end and number is not None:
            forget_pack(index, number)
            end = 0
        if size != end:
            entered += _enter(index, directory, path, end)
    for path in known.keys() - sizes.keys():
        forget_pack(index, known[path][0])
    return entered


def _enter(index: sqlite3.Connection, directory: Path, path: Path, start: int) -> int:
    place = parse_pack_path(directory, path)
    found = salvage(path, start) if place is not None else []
    if place is None or not found:
        return 0
    series, interval = place
    with transaction(index):
        number = ensure_series(index, series)
        pack, _ = ensure_pack(index, number, interval)
        add_media(index, (pack, number), found)
    return len(found)


def forget_pack(index: sqlite3.Connection, number: int) -> None:
    """Take a pack out of every answer and of the totals; its rows are swept later."""
    index.execute(
        "update series set count = series.count - packs.count, bytes = series.bytes - packs.bytes"
        " from packs where packs.series = series.series and packs.pack = ?",
        (number,),
    )
    index.execute("insert into dropped select pack, series, first, last from packs where pack = ?", (number,))
    index.execute("delete from packs where pack = ?", (number,))
