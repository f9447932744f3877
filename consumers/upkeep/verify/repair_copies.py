"""Repairs what the index says of cold storage: lost objects are sent again, or their media given up."""

from collections import defaultdict
from collections.abc import Collection
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from sqlite3 import Connection
from typing import TYPE_CHECKING

from consumers.store.archive.copies import CopiedRange, PackRange, copies_in, send_again
from consumers.store.archive.index import open_to_read, open_to_write
from consumers.store.archive.retention import Dropped
from consumers.store.cold.settings import ColdStorage
from producer.transaction import transaction

if TYPE_CHECKING:
    from consumers.store.cold.bucket import Bucket


@dataclass(frozen=True, slots=True)
class LostObjects:
    """`lost` packs are nowhere any more. Of `sent_again` objects the disk has the bytes, of `left` ones only a part."""

    lost: tuple[Dropped, ...] = ()
    sent_again: int = 0
    left: int = 0


def repair_copies(archive: Path, cold: ColdStorage) -> LostObjects:
    """Objects that the index does not know are entered by the next round of cold storage. Raises `OutOfReach`."""
    # Only here, for boto3 takes a while to load.
    from consumers.store.cold.bucket import Bucket

    with closing(Bucket(cold)) as bucket:
        return send_lost_again(archive, bucket)


def send_lost_again(archive: Path, bucket: "Bucket") -> LostObjects:
    """Raises `OutOfReach`."""
    # An object that is copied while the bucket lists its objects is not missing.
    with closing(open_to_read(archive)) as index:
        copies = copies_in(index)
    listed = dict(bucket.list("packs/"))
    by_pack: dict[int, list[tuple[PackRange, CopiedRange]]] = defaultdict(list)
    for found, copy in copies:
        by_pack[found.pack].append((found, copy))
    lost: list[Dropped] = []
    sent_again = left = 0
    with closing(open_to_write(archive)) as index:
        for ranges in by_pack.values():
            missing = [one for one in ranges if listed.get(one[1].object) != one[1].size]
            if not missing:
                continue
            if _is_hot(index, [copy for _, copy in missing]):
                sent_again += _send_again(index, missing)
            elif len(missing) == len(ranges):
                lost.append(_dropped(index, missing[0][0]))
            else:
                left += len(missing)
        if listed.keys() - {copy.object for _, copy in copies}:
            index.execute("delete from reconciled where bucket = ?", (bucket.storage.name,))
    return LostObjects(tuple(lost), sent_again, left)


def _is_hot(index: Connection, copies: Collection[CopiedRange]) -> bool:
    marks = ",".join("?" * len(copies))
    query = f"select count(*) from copies where is_hot and object in ({marks})"
    (hot,) = index.execute(query, [copy.object for copy in copies]).fetchone()
    return bool(hot == len(copies))


def _send_again(index: Connection, missing: Collection[tuple[PackRange, CopiedRange]]) -> int:
    with transaction(index):
        found, copy = min(missing, key=lambda one: one[1].first)
        return send_again(index, found.pack, copy.first)


def _dropped(index: Connection, found: PackRange) -> Dropped:
    row = index.execute("select count, bytes from packs where pack = ?", (found.pack,)).fetchone() or (0, 0)
    return Dropped(found.series.site, found.series.device, found.series.kind, found.interval, *row)
