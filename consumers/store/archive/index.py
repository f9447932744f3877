"""The index over the packs: which media there are, where their bytes lie, and the totals of each series."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from consumers.store.archive.copies import COPIES, TABLES
from consumers.store.archive.keys import PackInterval, Series
from consumers.store.archive.records import ScannedRecord
from producer.transaction import transaction

BUSY_S = 10.0
LOG_BYTES = 4 * 1024 * 1024
"""The size to which the log is cut after a large transaction, such as one that drops packs."""

# A dropped pack leaves `packs` at once and with it every answer; its rows in `media` are swept later, in small groups.
# `floor` is the moment before which a kind is not kept: what is older is answered no more, though its pack still lies
# on the disk; media of packs in `held` are answered all the same. Numbers of packs are never given twice, so that a
# swept row cannot meet a new pack. A pack holds so many `minutes` from `start` on, which is in minutes since 1970. Its
# first `copied` bytes are in cold storage. `packs_use` has all that the use of the disk is summed from.
PACKS = """
create table if not exists packs (
    pack    integer primary key autoincrement,
    series  integer not null,
    start   integer not null,
    minutes integer not null,
    end     integer not null,
    count   integer not null,
    bytes   integer not null,
    first   integer not null,
    last    integer not null,
    copied  integer not null default 0,
    unique (series, start, minutes)
)
"""
SCHEMA = f"""
{PACKS};
create table if not exists series (
    series integer primary key,
    site   text not null,
    device text not null,
    kind   text not null,
    count  integer not null default 0,
    bytes  integer not null default 0,
    unique (site, device, kind)
);
create index if not exists packs_start on packs (start);
create index if not exists packs_use on packs (series, end, copied);
create index if not exists packs_uncopied on packs (start) where copied < end;
create table if not exists media (
    series       integer not null,
    id           text not null,
    time         integer not null,
    pack         integer not null,
    offset       integer not null,
    size         integer not null,
    content_type text not null,
    sha256       blob not null,
    unique (series, id)
);
create index if not exists media_time on media (series, time);
create table if not exists dropped (
    pack   integer primary key,
    series integer not null,
    first  integer not null,
    last   integer not null
);
create table if not exists held (pack integer primary key);
{COPIES}
create table if not exists floors (kind text primary key, floor integer not null) without rowid;
"""

NAME = "index.sqlite"


def open_to_write(directory: Path, *, shared: bool = False) -> sqlite3.Connection:
    """`shared` is for several threads, which take turns by a lock of their own."""
    connection = sqlite3.connect(directory / NAME, timeout=BUSY_S, isolation_level=None, check_same_thread=not shared)
    connection.execute("pragma journal_mode = wal")
    # The packs are synced before the index commits and hold all that it knows, and what a power cut takes from its
    # end is read from them again at the next start. So it need not wait for the disk a second time.
    connection.execute("pragma synchronous = normal")
    connection.execute(f"pragma journal_size_limit = {LOG_BYTES}")
    if has_packs_of_hours(connection):
        _take_over_packs_of_hours(connection)
    if not _has_column(connection, "copied") and _has_column(connection, "start"):
        connection.execute("alter table packs add column copied integer not null default 0")
    if not is_complete(connection):
        mark_incomplete(connection)
    connection.executescript(SCHEMA)
    return connection


def has_packs_of_hours(index: sqlite3.Connection) -> bool:
    """Whether the index was made when every pack held an hour, and its table says `hour`."""
    return _has_column(index, "hour")


def _has_column(index: sqlite3.Connection, name: str) -> bool:
    return any(column[1] == name for column in index.execute("pragma main.table_info(packs)"))


def is_old(index: sqlite3.Connection) -> bool:
    """Whether an earlier release made it, so that it lacks what is read here."""
    made = index.execute("select 1 from main.sqlite_master where name = 'copies'").fetchone()
    return made is None or has_packs_of_hours(index) or not has_held(index)


def has_held(index: sqlite3.Connection) -> bool:
    """Whether it knows of packs that are held; one of an earlier release does not."""
    return index.execute("select 1 from main.sqlite_master where name = 'held'").fetchone() is not None


def is_complete(index: sqlite3.Connection) -> bool:
    """Whether it has all its tables; the last of them is made last."""
    return index.execute("select 1 from main.sqlite_master where name = 'floors'").fetchone() is not None


def mark_incomplete(index: sqlite3.Connection) -> None:
    """Say that the index does not know yet what the packs hold."""
    index.execute("create table if not exists recovering (only_one integer)")


def mark_recovered(index: sqlite3.Connection) -> None:
    index.execute("drop table if exists recovering")


def is_recovering(index: sqlite3.Connection) -> bool:
    return index.execute("select 1 from main.sqlite_master where name = 'recovering'").fetchone() is not None


_AS_INTERVALS = "select pack, series, hour * 60 as start, 60 as minutes, end, count, bytes, first, last"


def _take_over_packs_of_hours(connection: sqlite3.Connection) -> None:
    with transaction(connection) as index:
        if not has_packs_of_hours(index):
            return
        index.execute("alter table packs rename to packs_of_hours")
        index.execute(PACKS)
        index.execute(f"insert into packs {_AS_INTERVALS}, 0 from packs_of_hours")
        # Numbers go on where they were, though the pack that had the last one is gone.
        index.execute("delete from sqlite_sequence where name = 'packs'")
        index.execute("update sqlite_sequence set name = 'packs' where name = 'packs_of_hours'")
        index.execute("drop table packs_of_hours")


def open_to_read(directory: Path) -> sqlite3.Connection:
    location = f"file:{quote(str(directory / NAME))}?mode=ro"
    connection = sqlite3.connect(location, uri=True, timeout=BUSY_S, isolation_level=None)
    if is_old(connection):
        columns = _AS_INTERVALS if has_packs_of_hours(connection) else "select *"
        if not _has_column(connection, "copied"):
            connection.execute(f"create temp view packs as {columns}, 0 as copied from main.packs")
        connection.executescript(TABLES.replace("create table", "create temp table"))
    if not has_held(connection):
        connection.execute("create temp view held as select 0 as pack where 0")
    return connection


def series_number(index: sqlite3.Connection, series: Series) -> int | None:
    row = index.execute(
        "select series from series where site = ? and device = ? and kind = ?",
        (series.site, series.device, series.kind),
    ).fetchone()
    return None if row is None else int(row[0])


def ensure_series(index: sqlite3.Connection, series: Series) -> int:
    known = series_number(index, series)
    if known is not None:
        return known
    added = index.execute(
        "insert into series (site, device, kind) values (?, ?, ?) returning series",
        (series.site, series.device, series.kind),
    ).fetchone()
    return int(added[0])


def ensure_pack(index: sqlite3.Connection, series: int, interval: PackInterval) -> tuple[int, int]:
    """The number and the committed end of the pack of an interval."""
    place = (series, interval.start, interval.minutes)
    query = "select pack, end from packs where series = ? and start = ? and minutes = ?"
    row = index.execute(query, place).fetchone()
    if row is None:
        row = index.execute(
            "insert into packs (series, start, minutes, end, count, bytes, first, last)"
            " values (?, ?, ?, 0, 0, 0, ?, ?) returning pack, end",
            (*place, 2**63 - 1, -(2**63)),
        ).fetchone()
    return int(row[0]), int(row[1])


def insert_media(index: sqlite3.Connection, pack: tuple[int, int], found: Sequence[ScannedRecord]) -> int:
    """How many of them were not there yet; no total is changed."""
    number, series = pack
    return index.executemany(
        "insert or ignore into media (series, id, time, pack, offset, size, content_type, sha256)"
        " values (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (series, h.id, h.time, number, one.offset, h.size, h.content_type, h.sha256)
            for one in found
            for h in (one.header,)
        ],
    ).rowcount


def add_media(index: sqlite3.Connection, pack: tuple[int, int], found: Sequence[ScannedRecord]) -> None:
    """Enter records of a pack, given by its number and that of its series, in the order in which they lie there."""
    number, series = pack
    added = insert_media(index, pack, found)
    times = [one.header.time for one in found]
    # Counted as they lie on the disk: of a medium that is there twice only one can be asked for, both take room.
    size = found[-1].end - _start(found[0])
    index.execute(
        "update packs set end = ?, count = count + ?, bytes = bytes + ?, first = min(first, ?), last = max(last, ?)"
        " where pack = ?",
        (found[-1].end, added, size, min(times), max(times), number),
    )
    index.execute("update series set count = count + ?, bytes = bytes + ? where series = ?", (added, size, series))


def bytes_of_devices(index: sqlite3.Connection, kind: str | None = None) -> dict[tuple[str, str], int]:
    """By site and device, of one kind of media or of all."""
    rows = index.execute(
        "select site, device, sum(bytes) from series where ?1 is null or kind = ?1"
        " group by site, device having sum(bytes) > 0",
        (kind,),
    )
    return {(site, device): size for site, device, size in rows}


def _start(found: ScannedRecord) -> int:
    return found.offset - len(found.header.pack())
