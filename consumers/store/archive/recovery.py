"""Recovers the index from the packs: after a crash, and if the index is lost."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from consumers.store.archive.copies import delete_copies, mark_cold
from consumers.store.archive.index import add_media, ensure_pack, ensure_series
from consumers.store.archive.keys import PackInterval, Series, pack_path, parse_pack_path
from consumers.store.archive.packs import salvage
from consumers.store.archive.records import ScannedRecord
from producer.transaction import transaction


def recover(index: sqlite3.Connection, directory: Path) -> int:
    """Enter what lies in the packs and not in the index, cut off what is torn, forget packs that are gone.

    Only ends of packs are read, so this is quick unless the index is new. The number of media entered. Others may drop
    packs meanwhile, and write some of their own: what differs at a first look is looked at again under the lock.
    """
    known = {
        pack_path(directory, Series(site, device, kind), PackInterval(start, minutes)): end
        for start, minutes, end, site, device, kind in index.execute(
            "select start, minutes, end, site, device, kind from packs join series using (series)"
            # Not those of which the disk has nothing.
            " where end > (select coalesce(max(last), 0) from copies where copies.pack = packs.pack and not is_hot)"
        )
    }
    sizes = {path: _size(path) for path in directory.glob("*/*/*/*/*.pack")}
    differing = [path for path in known.keys() | sizes.keys() if known.get(path) != sizes.get(path)]
    return sum(_recover_pack(index, directory, path) for path in sorted(differing))


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None


def _recover_pack(index: sqlite3.Connection, directory: Path, path: Path) -> int:
    """Bring the index to what the file holds. How many media were entered."""
    place = parse_pack_path(directory, path)
    if place is None:
        return 0
    with transaction(index):
        number, end = _committed(index, *place)
        size = _size(path)
        if number is not None and (size is None or size < end):
            end = _lost(index, number, end)
        if size is None or size == end:
            return 0
        return _enter(index, place, salvage(path, end))


def _committed(index: sqlite3.Connection, series: Series, interval: PackInterval) -> tuple[int | None, int]:
    """The number of a pack, and where what the index knows of it ends."""
    row = index.execute(
        "select pack, end from packs join series using (series)"
        " where site = ? and device = ? and kind = ? and start = ? and minutes = ?",
        (series.site, series.device, series.kind, *interval),
    ).fetchone()
    return (None, 0) if row is None else row


def _lost(index: sqlite3.Connection, number: int, end: int) -> int:
    """The file of a pack is gone, or shorter than it was: only what is in cold storage is still there, up to a byte."""
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


def _enter(index: sqlite3.Connection, place: tuple[Series, PackInterval], found: Sequence[ScannedRecord]) -> int:
    if found:
        number = ensure_series(index, place[0])
        pack, _ = ensure_pack(index, number, place[1])
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
