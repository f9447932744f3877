"""Writes the archive: groups of media, each group durable as a whole when `store` returns."""

import sqlite3
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import structlog

from bus_schemas.media import Media
from consumers.store.archive.index import (
    NAME,
    add_media,
    bytes_of_devices,
    ensure_pack,
    ensure_series,
    mark_recovered,
    open_to_read,
    open_to_write,
)
from consumers.store.archive.keys import PackInterval, Series, interval_of, pack_path, parse_key
from consumers.store.archive.packs import PACKS_PER_ROUND, Pack, open_packs, sync_all
from consumers.store.archive.records import RecordHeader, ScannedRecord
from consumers.store.archive.recovery import recover
from producer.file_identity import OpenFile
from producer.ids import Clock
from producer.sqlite_files import is_broken, remove_database
from producer.times import micros
from producer.transaction import transaction

SYNCS_AT_ONCE = 16
log = structlog.get_logger(__name__)
Medium = tuple[Media, datetime, bytes]
"""The description of a medium, its event time, and its bytes."""

_DIGEST = (
    "select sha256 from media join packs using (pack) where id = ?4"
    " and media.series = (select series from series where site = ?1 and device = ?2 and kind = ?3)"
)


@dataclass(frozen=True, slots=True)
class _MediumRow:
    series: int
    header: RecordHeader
    interval: PackInterval
    body: bytes


class Archive:
    """The one writer of what devices send into `directory`. Dropping packs may be done by another process: see
    `retention`. One that does not recover may write series of its own beside it.

    One thread at a time stores media; another may ask meanwhile what is there.
    """

    def __init__(self, directory: Path, clock: Clock, *, recovers: bool = True) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._clock = clock
        self._recovers = recovers
        self._syncs = ThreadPoolExecutor(SYNCS_AT_ONCE, "sync")
        self._series: dict[int, Series] = {}
        try:
            self._open()
        except sqlite3.DatabaseError as error:
            if not (recovers and is_broken(error)):
                raise
            log.error("the index of the archive is broken, and made again of the packs", reason=str(error))
            remove_database(directory / NAME)
            self._open()

    def _open(self) -> None:
        index = open_to_write(self._directory, shared=True)
        try:
            if self._recovers:
                recover(index, self._directory)
                mark_recovered(index)
        except BaseException:
            index.close()
            raise
        file = self._directory / NAME
        self._index, self._questions = index, open_to_read(self._directory)
        self._held, self._held_for_others = OpenFile.now(file), OpenFile.now(file)

    def store(self, media: Sequence[Medium]) -> int:
        """Write what is not there yet; on return it is on the disk. How many were new.

        Raises `FileGone`, also where there is nothing to write: the next start makes the index of the packs again.
        """
        if not media:
            self._held_for_others.check()
            return 0
        self._held.check()
        packs: dict[tuple[int, PackInterval], list[_MediumRow]] = {}
        # The lock is taken before a byte is written: a pack that we append to is not dropped meanwhile.
        with transaction(self._index) as index:
            for row in self._fresh(index, media):
                packs.setdefault((row.series, row.interval), []).append(row)
            places = list(packs.items())
            for start in range(0, len(places), PACKS_PER_ROUND):
                self._write(index, places[start : start + PACKS_PER_ROUND])
        return sum(len(rows) for rows in packs.values())

    def bytes_of_devices(self) -> dict[tuple[str, str], int]:
        """The bytes of each device that has any, by site and device."""
        return bytes_of_devices(self._questions)

    def digests(self, keys: Iterable[str]) -> dict[str, str]:
        """The sha256 of those media that are there, in hexadecimal."""
        found = {}
        for key in set(keys):
            series, name = parse_key(key)
            row = self._questions.execute(_DIGEST, (series.site, series.device, series.kind, name)).fetchone()
            if row is not None:
                found[key] = row[0].hex()
        return found

    def _write(
        self, index: sqlite3.Connection, round_of: Sequence[tuple[tuple[int, PackInterval], Sequence[_MediumRow]]]
    ) -> None:
        known = [(series, *ensure_pack(index, series, interval)) for (series, interval), _ in round_of]
        places = [
            (pack_path(self._directory, self._series[series], interval), end)
            for ((series, interval), _), (_, _, end) in zip(round_of, known, strict=True)
        ]
        with open_packs(places) as (packs, folders):
            for (series, number, _), pack, (_, rows) in zip(known, packs, round_of, strict=True):
                add_media(index, (number, series), _append(pack, rows))
            sync_all(packs, folders, self._syncs)

    def _fresh(self, index: sqlite3.Connection, media: Sequence[Medium]) -> list[_MediumRow]:
        newest = interval_of(self._clock())
        rows: dict[tuple[int, str], _MediumRow] = {}
        for described, time, body in media:
            series, name = parse_key(described.key)
            number = ensure_series(index, series)
            self._series[number] = series
            header = RecordHeader(
                name, described.content_type, micros(time), len(body), bytes.fromhex(described.sha256)
            )
            # A device whose clock runs ahead must not have media that no retention ever reaches.
            rows.setdefault((number, name), _MediumRow(number, header, min(interval_of(time), newest), body))
        return [row for place, row in rows.items() if not _known(index, place)]

    def close(self) -> None:
        self._syncs.shutdown()
        self._questions.close()
        self._index.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """An index that proved to be damaged is removed: the next start makes it again."""
        is_damaged = self._recovers and is_broken(error) and self._is_damaged()
        self.close()
        if is_damaged:
            remove_database(self._directory / NAME)

    def _is_damaged(self) -> bool:
        try:
            return bool(self._index.execute("pragma quick_check(1)").fetchone()[0] != "ok")
        except sqlite3.DatabaseError as error:
            return is_broken(error)


def _append(pack: Pack, rows: Sequence[_MediumRow]) -> list[ScannedRecord]:
    buffers: list[bytes] = []
    entries: list[ScannedRecord] = []
    end = pack.end
    for row in rows:
        head = row.header.pack()
        offset = end + len(head)
        end = offset + row.header.size
        buffers += (head, row.body)
        entries.append(ScannedRecord(row.header, offset, end))
    pack.append(buffers)
    return entries


def _known(index: sqlite3.Connection, place: tuple[int, str]) -> bool:
    """Whether the medium is in a pack that was not dropped. Rows of dropped packs are removed."""
    row = index.execute(
        "select packs.pack, media.rowid from media left join packs using (pack)"
        " where media.series = ? and media.id = ?",
        place,
    ).fetchone()
    if row is None:
        return False
    if row[0] is None:
        index.execute("delete from media where rowid = ?", (row[1],))
        return False
    return True
