"""Enters objects of cold storage into the index: after it was lost, and where a hub is made again from a bucket."""

import sqlite3
from collections.abc import Sequence

from consumers.store.archive.copies import CopiedRange, PackRange, add_copy
from consumers.store.archive.index import ensure_pack, ensure_series, insert_media
from consumers.store.archive.records import ScannedRecord


def enter_object(
    index: sqlite3.Connection, found: PackRange, copy: CopiedRange, records: Sequence[ScannedRecord]
) -> None:
    """With the media in it, unless the disk has them. Ranges of a pack are entered in the order in which they lie."""
    index.execute("delete from tombstones where object = ?", (copy.object,))
    series = ensure_series(index, found.series)
    pack, _ = ensure_pack(index, series, found.interval)
    (there,) = index.execute(
        "select count(*) from media where series = ? and pack = ? and offset >= ? and offset < ?"
        " and time between ? and ?",
        (series, pack, copy.first, copy.last, *_times(records)),
    ).fetchone()
    is_hot = there == len(records)
    if not is_hot:
        _add(index, pack, series, copy, records)
    add_copy(index, pack, copy, is_hot=is_hot)


def _add(
    index: sqlite3.Connection, pack: int, series: int, copy: CopiedRange, records: Sequence[ScannedRecord]
) -> None:
    # Of a pack that was dropped, and whose rows are not swept yet.
    index.executemany(
        "delete from media where series = ? and id = ? and pack not in (select pack from packs)",
        [(series, one.header.id) for one in records],
    )
    added = insert_media(index, (pack, series), records)
    # The totals of a series are of the disk, which has none of this.
    index.execute(
        "update packs set end = max(end, ?), count = count + ?, bytes = bytes + ?, first = min(first, ?),"
        " last = max(last, ?) where pack = ?",
        (copy.last, added, copy.last - copy.first, *_times(records), pack),
    )
    index.execute("update series set count = count + ? where series = ?", (added, series))


def _times(records: Sequence[ScannedRecord]) -> tuple[int, int]:
    times = [one.header.time for one in records]
    return min(times), max(times)
