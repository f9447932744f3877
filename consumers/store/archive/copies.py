"""The copies of packs in cold storage: which bytes of a pack an object holds, and whether the disk has them too.

A pack grows at its end alone. Records that come late for a pack that was copied become a copy of their own: an object
holds the bytes `first` to `last` of its pack. Where the disk has let go of a range, the file is sparse there, or gone.
"""

import re
import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, Self

from consumers.store.archive.keys import PackInterval, Series, pack_name, parse_pack_name
from consumers.store.archive.records import RecordHeader, ScannedRecord

TABLES = """
create table if not exists copies (
    pack   integer not null,
    first  integer not null,
    last   integer not null,
    object text not null,
    size   integer not null,
    sha256 blob not null,
    is_hot integer not null,
    primary key (pack, first)
) without rowid;
create table if not exists uploads (
    object    text primary key,
    pack      integer not null,
    first     integer not null,
    last      integer not null,
    upload_id text,
    etags     text not null default '[]'
) without rowid;
create table if not exists tombstones (object text primary key, upload_id text) without rowid;
create table if not exists reconciled (bucket text primary key) without rowid;
"""
COPIES = f"{TABLES}create index if not exists copies_hot on copies (pack) where is_hot;"

Tier = Literal["hot", "on_its_way", "both", "cold", "out_of_reach"]
"""Where the bytes of a medium are: on the disk, on the disk while they are copied, in both places, in cold storage."""

_OBJECT = re.compile(r"packs/(?P<pack>.+)\.(?P<first>[0-9]+)-(?P<last>[0-9]+)\.(?P<digest>[0-9a-f]{64})\.pack")


class OutOfReach(OSError):
    """Cold storage does not answer, or refuses: the media that only it has cannot be read for now."""


class LostCopy(OutOfReach):
    """Cold storage answers, and does not have the bytes that were written: it was changed by others."""


@dataclass(frozen=True, slots=True)
class ObjectRange:
    """The bytes of a medium in cold storage: `size` from `offset` on in an object."""

    object: str
    offset: int
    size: int
    sha256: str


class ColdReader(Protocol):
    """Reads what the disk has no more."""

    def read(self, place: ObjectRange, start: int, length: int) -> bytes:
        """Raises `OutOfReach`."""
        ...


@dataclass(frozen=True, slots=True)
class Pending:
    """The work left for cold storage: bytes to copy, and objects to delete."""

    bytes: int = 0
    deleting: int = 0

    @classmethod
    def of(cls, index: sqlite3.Connection, until: int, kinds: Collection[str]) -> Self:
        """The work left for the packs of some kinds that were over at a minute."""
        (waiting,) = index.execute(
            "select coalesce(sum(end - copied), 0) from packs join series using (series)"
            f" where copied < end and start + minutes <= ? and kind in ({','.join('?' * len(kinds))})",
            (until, *kinds),
        ).fetchone()
        (deleting,) = index.execute("select count(*) from tombstones").fetchone()
        return cls(waiting, deleting)


@dataclass(frozen=True, slots=True)
class PackRange:
    """The bytes `first` to `last` of a pack."""

    pack: int
    series: Series
    interval: PackInterval
    first: int
    last: int

    def object_name(self, digest: str) -> str:
        """The name of the object that holds them. Other bytes have another name, so an object never changes."""
        name = pack_name(self.series, self.interval).removesuffix(".pack")
        return f"packs/{name}.{self.first}-{self.last}.{digest}.pack"


def parse_object_name(name: str) -> tuple[PackRange, bytes] | None:
    """The range that an object holds, its pack being unknown (0), and the SHA-256 of the object; `None` for a name that
    is none of ours.
    """
    found = _OBJECT.fullmatch(name)
    place = None if found is None else parse_pack_name(f"{found['pack']}.pack")
    if found is None or place is None:
        return None
    return PackRange(0, *place, int(found["first"]), int(found["last"])), bytes.fromhex(found["digest"])


@dataclass(frozen=True, slots=True)
class CopiedRange:
    """An object that was read back and compared. `size` and `sha256` are of the whole object."""

    object: str
    first: int
    last: int
    size: int
    sha256: bytes


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload that has begun, and the parts of it that the server has confirmed."""

    object: str
    pack: int
    first: int
    last: int
    upload_id: str | None
    etags: tuple[str, ...]


def uncopied(index: sqlite3.Connection, until: int, kinds: Collection[str], limit: int) -> list[PackRange]:
    """The ranges that are in no object yet of the packs that were over at a minute, the oldest first."""
    marks = ",".join("?" * len(kinds))
    rows = index.execute(
        # An upload that has begun goes on as it is; what came meanwhile is a range of its own.
        "select pack, site, device, kind, start, minutes, copied, coalesce((select last from uploads"
        " where uploads.pack = packs.pack and uploads.first = copied), end) from packs join series using (series)"
        f" where copied < end and start + minutes <= ? and kind in ({marks}) order by start, pack limit ?",
        (until, *kinds, limit),
    )
    return [
        PackRange(pack, Series(site, device, kind), PackInterval(start, minutes), first, end)
        for pack, site, device, kind, start, minutes, first, end in rows
    ]


def copies_in(index: sqlite3.Connection) -> list[tuple[PackRange, CopiedRange]]:
    """All copies, those of a pack in the order in which they lie there."""
    rows = index.execute(
        "select pack, site, device, kind, start, minutes, copies.first, copies.last, object, size, sha256"
        " from copies join packs using (pack) join series using (series) order by pack, copies.first"
    )
    return [
        (
            PackRange(pack, Series(site, device, kind), PackInterval(start, minutes), first, last),
            CopiedRange(name, first, last, size, digest),
        )
        for pack, site, device, kind, start, minutes, first, last, name, size, digest in rows
    ]


def hot_copies(index: sqlite3.Connection, pack: int) -> list[CopiedRange]:
    """The copies of a pack whose bytes the disk has too."""
    rows = index.execute(
        "select object, first, last, size, sha256 from copies where pack = ? and is_hot order by first", (pack,)
    )
    return [CopiedRange(*row) for row in rows]


def records_of(index: sqlite3.Connection, wanted: PackRange) -> list[ScannedRecord]:
    """The records of a range, in the order in which they lie there."""
    rows = index.execute(
        "select offset, id, content_type, time, size, sha256 from media"
        " where series = (select series from packs where pack = ?1)"
        " and time between (select first from packs where pack = ?1) and (select last from packs where pack = ?1)"
        " and pack = ?1 and offset >= ?2 and offset < ?3 order by offset",
        (wanted.pack, wanted.first, wanted.last),
    )
    found = ((offset, RecordHeader(*rest)) for offset, *rest in rows)
    return [ScannedRecord(header, offset, offset + header.size) for offset, header in found]


def add_copy(index: sqlite3.Connection, pack: int, copy: CopiedRange, *, is_hot: bool) -> None:
    index.execute(
        "insert or ignore into copies values (?, ?, ?, ?, ?, ?, ?)",
        (pack, copy.first, copy.last, copy.object, copy.size, copy.sha256, is_hot),
    )
    index.execute(
        "update packs set copied = ? where pack = ? and copied between ? and ?",
        (copy.last, pack, copy.first, copy.last),
    )


def delete_copies(index: sqlite3.Connection, pack: int) -> None:
    """Have the objects of a pack deleted; each is known until it is confirmed gone."""
    index.execute("insert or replace into tombstones select object, null from copies where pack = ?", (pack,))
    index.execute("insert or replace into tombstones select object, upload_id from uploads where pack = ?", (pack,))
    index.execute("delete from copies where pack = ?", (pack,))
    index.execute("delete from uploads where pack = ?", (pack,))


def send_again(index: sqlite3.Connection, pack: int, first: int) -> int:
    """The bytes of a pack from one on are in the bucket no more, and are copied anew. Returns how many objects."""
    index.execute(
        "insert or replace into tombstones select object, null from copies where pack = ? and first >= ?", (pack, first)
    )
    gone = index.execute("delete from copies where pack = ? and first >= ? and is_hot", (pack, first)).rowcount
    index.execute("update packs set copied = min(copied, ?) where pack = ?", (first, pack))
    return gone


def mark_cold(index: sqlite3.Connection, pack: int) -> None:
    """The disk has none of the copied bytes of a pack any more: they leave its totals, which are of the disk."""
    index.execute(
        "update series set bytes = bytes -"
        " (select coalesce(sum(last - first), 0) from copies where pack = ?1 and is_hot)"
        " where series = (select series from packs where pack = ?1)",
        (pack,),
    )
    index.execute("update copies set is_hot = 0 where pack = ?", (pack,))


def tier_of(place: Sequence[Any]) -> Tier:
    """The tier of a medium by its object, first byte there, `is_hot`, and whether it is being uploaded."""
    name, _, is_hot, is_copied = place
    if name is None:
        return "on_its_way" if is_copied else "hot"
    return "both" if is_hot else "cold"


def object_range(place: Sequence[Any], offset: int, size: int, sha256: str) -> ObjectRange | None:
    name, first, *_ = place
    return None if name is None else ObjectRange(name, offset - first, size, sha256)
