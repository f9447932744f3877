"""Drops whole hours of media: one unlink and one row an hour, whatever it holds."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from consumers.archive.index import NAME, open_to_read, open_to_write
from consumers.archive.place import Series, hour_of, hour_start, micros, pack_path
from consumers.archive.recovery import forget_pack
from producer.ids import Clock
from producer.transaction import transaction

SWEEP_ROWS = 2000


@dataclass(frozen=True, slots=True)
class Dropped:
    """An hour of media that is gone; `bytes` is what it took on the disk."""

    site: str
    device: str
    kind: str
    hour: datetime
    count: int
    bytes: int


class ArchiveRetention:
    """Drops hours, in any process: it takes the lock of the index for each, as the writer does for each group."""

    def __init__(self, directory: Path, clock: Clock) -> None:
        self._directory = directory
        self._clock = clock

    def drop_hours(self, kind: str, before: datetime, series: Series | None = None) -> list[Dropped]:
        """Drop the hours of a kind (of one series only, if given) that were over at a moment.

        What is older in the hour that was running then is answered no more, and leaves the disk with its hour. The
        current hour of the clock, and what follows it, stays, whatever moment is given.
        """
        now = hour_of(self._clock())
        before = min(before, hour_start(now))
        dropped = []
        with closing(open_to_write(self._directory)) as index:
            if series is None:
                index.execute("insert or replace into floors values (?, ?)", (kind, micros(before)))
            for number, hour, one in self._expired(index, kind, hour_of(before)):
                if series is None or series == Series(one.site, one.device, one.kind):
                    self._drop(index, number, hour, one)
                    dropped.append(one)
        return dropped

    def expiring(self, kind: str, before: datetime) -> list[Dropped]:
        """What `drop_hours` would drop, oldest first: to write down what is about to go before it goes."""
        if not (self._directory / NAME).exists():
            return []
        last = hour_of(min(before, hour_start(hour_of(self._clock()))))
        with closing(open_to_read(self._directory)) as index:
            return [one for _, _, one in self._expired(index, kind, last)]

    def _expired(self, index: sqlite3.Connection, kind: str, before: int) -> list[tuple[int, int, Dropped]]:
        rows = index.execute(
            "select pack, hour, site, device, packs.count, packs.bytes from packs join series using (series)"
            " where kind = ? and hour < ? order by hour, site, device",
            (kind, before),
        )
        return [
            (number, hour, Dropped(site, device, kind, hour_start(hour), count, size))
            for number, hour, site, device, count, size in rows
        ]

    def _drop(self, index: sqlite3.Connection, number: int, hour: int, one: Dropped) -> None:
        path = pack_path(self._directory, Series(one.site, one.device, one.kind), hour)
        # The file goes first, under the lock: the writer must not begin a new pack of that hour under its name.
        with transaction(index):
            path.unlink(missing_ok=True)
            forget_pack(index, number)

    def sweep(self, rows: int = SWEEP_ROWS) -> int:
        """Remove some rows that dropped hours left in the index; 0 when none are left."""
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
