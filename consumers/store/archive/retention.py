"""Drops whole packs of media: one unlink and one row a pack, whatever it holds."""

import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

import structlog

from consumers.store.archive.copies import CopiedRange, hot_copies, mark_cold, send_again
from consumers.store.archive.index import NAME, open_to_read, open_to_write
from consumers.store.archive.keys import LONGEST_PACK_MINUTES, PackInterval, Series, pack_path
from consumers.store.archive.packs import giving_back_later
from consumers.store.archive.recovery import forget_pack
from consumers.store.disk import STAT_BLOCK_BYTES
from producer.ids import Clock
from producer.times import EPOCH, MINUTE, micros
from producer.transaction import transaction

NEWEST = timedelta(minutes=10)
"""Media that no rule drops."""
SWEEP_ROWS = 2000

log = structlog.get_logger()


_COPIED = """
select packs.pack, site, device, kind, start, minutes from packs join series using (series)
where start + minutes <= :last and packs.pack in (select pack from copies where is_hot)
and kind = coalesce(:kind, kind) and site = coalesce(:site, site) and device = coalesce(:device, device)
order by start, packs.pack
"""


_AT = (
    "select pack from packs where series = (select series from series where site = ? and device = ? and kind = ?)"
    " and start = ? and minutes = ?"
)
_SERIES_OF_KIND = "select series, site, device from series where kind = ? order by site, device"
_EXPIRING = (
    "select start, minutes, count, bytes from packs where series = ? and start < ? and start + minutes <= ?"
    " order by start, minutes"
)
_OVER = "start < ? and start + minutes <= ?"
_COUNT_AND_BYTES = ", ".join(f"coalesce(sum({name}) filter (where start <= ?), 0)" for name in ("count", "bytes"))
_WITHIN = (
    "select start, minutes, site, device, packs.count, packs.bytes from packs join series using (series)"
    " where kind = ? and start > ? and start <= ? and start + minutes > ?"
)
_UNCOPIED = (
    "select start, minutes, site, device, packs.count, packs.bytes from packs join series using (series)"
    " where copied = 0 and start < ? and start + minutes <= ? and kind = ? order by start, site, device, minutes"
)
_HELD = "select pack from held join packs using (pack) join series using (series) where kind = ?"


@dataclass(frozen=True, slots=True)
class Dropped:
    """A pack of media that is gone, or is to go; `bytes` is what it takes on the disk."""

    site: str
    device: str
    kind: str
    interval: PackInterval
    count: int
    bytes: int

    @property
    def start(self) -> datetime:
        return self.interval.begin

    @property
    def end(self) -> datetime:
        return self.interval.end

    @property
    def series(self) -> Series:
        return Series(self.site, self.device, self.kind)


class PackSum(NamedTuple):
    """The media and bytes of some packs together."""

    media: int
    bytes: int


class ArchiveRetention:
    """Drops packs, in any process: it takes the lock of the index for each, as the writer does for each group."""

    def __init__(self, directory: Path, clock: Clock) -> None:
        self._directory = directory
        self._clock = clock

    @property
    def exists(self) -> bool:
        return (self._directory / NAME).exists()

    def keep_from(self, kind: str, moment: datetime) -> None:
        """Older media are no longer answered, and leave the disk with their pack."""
        with closing(open_to_write(self._directory)) as index:
            index.execute("insert or replace into floors values (?, ?)", (kind, micros(self._bounded(moment))))

    def hold(self, kind: str, packs: Iterable[Dropped]) -> None:
        """Answer the media of these packs of a kind, though they are older than what is kept; of no other old ones."""
        places = [(one.site, one.device, kind, one.interval.start, one.interval.minutes) for one in packs]
        with closing(open_to_write(self._directory)) as index, transaction(index):
            # Not by a look at all packs: there are half a million of a month, and ingest waits for the lock.
            rows = (index.execute(_AT, place).fetchone() for place in places)
            wanted = {pack for row in rows if row is not None for pack in row}
            held = {pack for (pack,) in index.execute(_HELD, (kind,))}
            index.executemany("insert into held values (?)", [(pack,) for pack in wanted - held])
            index.executemany("delete from held where pack = ?", [(pack,) for pack in held - wanted])
            index.execute("delete from held where not exists (select 1 from packs where packs.pack = held.pack)")

    def drop_before(self, kind: str, before: datetime, series: Series | None = None) -> list[Dropped]:
        """Drop the packs of a kind (of one series only, if given) that were over at a moment.

        Older records in a pack that was not over then are not answered any more, and leave the disk with their pack.
        The newest ten minutes of the clock, and what follows them, stay, whatever moment is given.
        """
        if series is None:
            self.keep_from(kind, before)
        expiring = [one for one in self.expiring(kind, before) if series is None or one.series == series]
        self.drop(expiring)
        return expiring

    def expiring(self, kind: str, before: datetime | Callable[[str, str], datetime]) -> list[Dropped]:
        """The packs that `drop_before` would drop, oldest first, so that they can be written down before they go. The
        moment may be another one for each site and device.
        """
        if not self.exists:
            return []
        before_of = (lambda *_: before) if isinstance(before, datetime) else before
        found: list[Dropped] = []
        with closing(open_to_read(self._directory)) as index:
            for number, site, device in index.execute(_SERIES_OF_KIND, (kind,)).fetchall():
                last = (self._bounded(before_of(site, device)) - EPOCH) // MINUTE
                rows = index.execute(_EXPIRING, (number, last, last))
                found += [
                    Dropped(site, device, kind, PackInterval(start, minutes), count, size)
                    for start, minutes, count, size in rows
                ]
        found.sort(key=attrgetter("interval"))
        return found

    def uncopied(self, kind: str, before: datetime) -> Iterator[Dropped]:
        """As `expiring`, only the packs that are on the disk and nowhere else: dropping them loses their media. They
        are read as they are asked for, by start, site and device: of a month there are more than a hundred thousand.
        """
        if not self.exists:
            return
        last = (self._bounded(before) - EPOCH) // MINUTE
        with closing(open_to_read(self._directory)) as index:
            for start, minutes, site, device, count, size in index.execute(_UNCOPIED, (last, last, kind)):
                yield Dropped(site, device, kind, PackInterval(start, minutes), count, size)

    def within(self, kind: str, start: datetime, end: datetime) -> list[Dropped]:
        """The packs of a kind of whose time a part lies in a range."""
        if not self.exists:
            return []
        with closing(open_to_read(self._directory)) as index:
            first = (start - EPOCH) // MINUTE
            rows = index.execute(_WITHIN, (kind, first - LONGEST_PACK_MINUTES, (end - EPOCH) // MINUTE, first))
            return [
                Dropped(site, device, kind, PackInterval(begin, minutes), count, size)
                for begin, minutes, site, device, count, size in rows
            ]

    def sums(self, kinds: Collection[str], began: Sequence[datetime], before: datetime) -> list[PackSum]:
        """For each moment what those packs hold that had begun by then, of the packs that `expiring` would list."""
        if not self.exists:
            return [PackSum(0, 0)] * len(began)
        last, moments = (self._bounded(before) - EPOCH) // MINUTE, [(one - EPOCH) // MINUTE for one in began]
        columns = ", ".join([_COUNT_AND_BYTES] * len(moments))
        # All of the table, row by row, is read faster than what an index would find one by one.
        of_kinds = f"select series from series where kind in ({', '.join('?' * len(kinds))})"
        query = f"select {columns} from packs not indexed where {_OVER} and series in ({of_kinds})"
        with closing(open_to_read(self._directory)) as index:
            twice = [moment for one in moments for moment in (one, one)]
            row = index.execute(query, (*twice, last, last, *kinds)).fetchone()
        return [PackSum(*row[place : place + 2]) for place in range(0, len(row), 2)]

    def release(
        self,
        before: datetime,
        *,
        kind: str | None = None,
        device: tuple[str, str] | None = None,
        need: int | None = None,
        is_there: Callable[[CopiedRange], bool] | None = None,
    ) -> int:
        """Let the disk go of packs that cold storage has whole and that were over at a moment, the oldest first; of
        one kind or device or all, and no more than `need` bytes ask for. How many bytes were given back.

        A pack stays, and is copied again, where `is_there` says that the bucket has an object no more: it may have been
        emptied since, by people or by a rule of its own.
        """
        last = (self._bounded(before) - EPOCH) // MINUTE
        freed = 0
        if not self.exists:
            return freed
        with closing(open_to_write(self._directory)) as index:
            values = {"last": last, "kind": kind, "site": device and device[0], "device": device and device[1]}
            for number, *series, start, minutes in index.execute(_COPIED, values).fetchall():
                if need is not None and freed >= need:
                    break
                if is_there is not None and not _stands(index, number, is_there):
                    continue
                path = pack_path(self._directory, Series(*series), PackInterval(start, minutes))
                freed += _release(index, number, path)
        return freed

    def _bounded(self, moment: datetime) -> datetime:
        return min(moment, self._clock() - NEWEST)

    def drop(self, packs: Iterable[Dropped]) -> None:
        """Drop these, as far as they are there."""
        with closing(open_to_write(self._directory)) as index:
            for one in packs:
                try:
                    self._drop(index, one)
                except sqlite3.OperationalError as error:
                    if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_FULL:
                        raise
                    # Its file is gone by now, which made room for the row that says so.
                    self._drop(index, one)

    def _drop(self, index: sqlite3.Connection, one: Dropped) -> None:
        path = pack_path(self._directory, one.series, one.interval)
        # The file goes first, under the lock: the writer must not begin a new pack of that time under its name.
        with giving_back_later(path), transaction(index):
            path.unlink(missing_ok=True)
            found = index.execute(
                "select pack from packs join series using (series)"
                " where site = ? and device = ? and kind = ? and start = ? and minutes = ?",
                (one.site, one.device, one.kind, one.interval.start, one.interval.minutes),
            ).fetchone()
            if found is not None:
                forget_pack(index, found[0])

    def sweep(self, rows: int = SWEEP_ROWS) -> int:
        """Remove some rows that dropped packs left in the index; 0 when none are left."""
        with closing(open_to_write(self._directory)) as index, transaction(index):
            waiting = index.execute("select pack, series, first, last from dropped limit 1").fetchone()
            if waiting is None:
                return 0
            pack, series, first, last = waiting
            swept = index.execute(
                "delete from media where rowid in (select rowid from media indexed by media_time"
                " where series = ? and time between ? and ? and pack = ? limit ?)",
                (series, first, last, pack, rows),
            ).rowcount
            if swept < rows:
                index.execute("delete from dropped where pack = ?", (pack,))
            return max(swept, 1)


def _stands(index: sqlite3.Connection, number: int, is_there: Callable[[CopiedRange], bool]) -> bool:
    """Whether the bucket has every copy of a pack; those from the first lost one on are to be made again."""
    lost = [copy for copy in hot_copies(index, number) if not is_there(copy)]
    if lost:
        log.warning("cold storage has an object no more, which is sent again", object=lost[0].object)
        with transaction(index):
            send_again(index, number, lost[0].first)
    return not lost


def _release(index: sqlite3.Connection, number: int, path: Path) -> int:
    """Nothing where a medium came since the pack was copied. Under the lock, for the writer may be about to append."""
    with giving_back_later(path), transaction(index):
        if index.execute("select 1 from packs where pack = ? and copied = end", (number,)).fetchone() is None:
            return 0
        size = path.stat().st_blocks * STAT_BLOCK_BYTES if path.exists() else 0
        path.unlink(missing_ok=True)
        mark_cold(index, number)
    return size
