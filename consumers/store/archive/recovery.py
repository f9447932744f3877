"""Recovers the index from the packs: after a crash, and if the index is lost."""

import sqlite3
from pathlib import Path

from consumers.store.archive.copies import delete_copies, mark_cold
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
            # Not those of which the disk has nothing.
            " where end > (select coalesce(max(last), 0) from copies where copies.pack = packs.pack and not is_hot)"
        )
    }
    sizes = {path: path.stat().st_size for path in directory.glob("*/*/*/*/*.pack")}
    entered = 0
    for path, size in sorted(sizes.items()):
        number, end = known.get(path, (None, 0))
        if size < end and number is not None:
            end = _lost(index, number, end)
        if size != end:
            entered += _enter(index, directory, path, end)
    for path in known.keys() - sizes.keys():
        _lost(index, *known[path])
    return entered


def _lost(index: sqlite3.Connection, number: int, end: int) -> int:
    """The file of a pack is gone, or shorter than it was: only what is in cold storage is still there, up to a byte."""
    with transaction(index):
        copied = int(index.execute("select copied from packs where pack = ?", (number,)).fetchone()[0])
        if copied == 0:
            forget_pack(index, number)
            return 0
        mark_cold(index, number)
        if copied < end:
            _cut(index, number, copied)
    return copied


def _cut(index: sqlite3.Connection, number: int, end: int) -> None:
    """Forget what a pack held from a byte on."""
    gone = index.execute("delete from media where pack = ? and offset >= ?", (number, end)).rowcount
    (length,) = index.execute("select end - ? from packs where pack = ?", (end, number)).fetchone()
    index.execute(
        "update series set count = count - ?, bytes = bytes - ?"
        " where series = (select series from packs where pack = ?)",
        (gone, length, number),
    )
    index.execute(
        "update packs set end = ?, count = count - ?, bytes = bytes - ? where pack = ?", (end, gone, length, number)
    )


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
        " + (select coalesce(sum(last - copies.first), 0) from copies where pack = ?1 and not is_hot)"
        " from packs where packs.series = series.series and packs.pack = ?1",
        (number,),
    )
    delete_copies(index, number)
    index.execute("insert into dropped select pack, series, first, last from packs where pack = ?", (number,))
    index.execute("delete from packs where pack = ?", (number,))
