"""Queries the index of media, and reads their bytes; in any process, beside the writer."""

import sqlite3
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from consumers.store.archive.copies import ColdReader, ObjectRange, Pending, Tier, object_range, tier_of
from consumers.store.archive.index import NAME, bytes_of_devices, is_complete, is_old, open_to_read
from consumers.store.archive.keys import (
    EVIDENCE,
    NotAKey,
    PackInterval,
    Series,
    pack_path,
    parse_key,
)
from consumers.store.archive.usage import SeriesUsage, bytes_since, series_usage
from consumers.store.disk import STAT_BLOCK_BYTES
from producer.file_identity import Identity, identity
from producer.sqlite_files import database_files
from producer.time_budget import watch
from producer.times import EPOCH, MINUTE, micros, moment

OLDEST = -(2**63)
PICTURES = frozenset({"capture", "thumbnail", "thermal"})
"""The kinds of media of which those that an incident names are kept longer than others."""

_MEDIA = (
    "select id, time, media.size, content_type, media.sha256, packs.start, packs.minutes, offset,"
    " copies.object, copies.first, is_hot, exists (select 1 from uploads where uploads.pack = media.pack)"
    " from media join packs using (pack)"
    " left join copies on copies.pack = media.pack and offset >= copies.first and offset < copies.last"
    " where media.series = (select series from series where site = :site and device = :device and kind = :kind)"
    " and media.time >= :start and (media.time >= coalesce((select floor from floors where kind = :kind), :start)"
    " or media.pack in (select pack from held))"
)
_LAST_AFTER = f"{_MEDIA} and media.time > :now order by media.rowid desc limit 1"
_OF_SERIES = "select series from series where site = :site and device = :device and kind = :kind"
_NEWEST_BEFORE = (
    f"{_MEDIA} and media.rowid = (select rowid from media where series = ({_OF_SERIES})"
    f" and time <= :now order by time desc limit 1)"
    f" and media.rowid > (select max(rowid) from media where series = ({_OF_SERIES}) and time > :now)"
)


@dataclass(frozen=True, slots=True)
class StoredMedium:
    """A medium in the archive; its bytes are `size` from `offset` on in `pack`, and those of `copy`."""

    key: str
    time: datetime
    size: int
    content_type: str
    sha256: str
    pack: Path
    offset: int
    tier: Tier = "hot"
    copy: ObjectRange | None = None


class ArchiveReader:
    """For use from one thread at a time. Bytes may be gone a moment after they were found: then they are `None`."""

    def __init__(self, directory: Path, cold: ColdReader | None = None) -> None:
        self._directory = directory
        self._file = str(directory / NAME)
        self._cold = cold
        self._connection: sqlite3.Connection | None = None
        self._is_old = False
        self._identity: Identity | None = None

    def find(self, key: str) -> StoredMedium | None:
        """Text that is no key finds nothing."""
        try:
            series, name = parse_key(key)
        except NotAKey:
            return None
        query, of = f"{_MEDIA} and media.id = :id", {"id": name}
        found = self._one(series, query, of)
        if found is None and series.kind in PICTURES:
            return self._one(Series(series.site, series.device, EVIDENCE), query, of)
        return found

    def newest(self, site: str, device: str, kind: str, now: datetime | None = None) -> StoredMedium | None:
        """The newest; what says a time after `now` is not newer than what arrived after it."""
        series = Series(site, device, kind)
        newest = self._one(series, f"{_MEDIA} order by media.time desc limit 1", {})
        if newest is None or now is None or newest.time <= now:
            return newest
        at = {"now": micros(now)}
        return self._one(series, _NEWEST_BEFORE, at) or self._one(series, _LAST_AFTER, at)

    def between(
        self, site: str, device: str, kind: str, start: datetime, end: datetime, limit: int | None = None
    ) -> list[StoredMedium]:
        """Media with event times from `start` to before `end`, in order; where they are more than `limit`, a sample
        that is spread evenly over the time."""
        series = Series(site, device, kind)
        span = {"start": micros(start), "end": micros(end)}
        query = f"{_MEDIA} and media.time < :end order by media.time"
        if limit is None:
            return self._all(series, query, span)
        found = self._all(series, f"{query} limit :limit", {**span, "limit": limit + 1})
        return found if len(found) <= limit else self._sample(series, query, span, limit)

    def _sample(self, series: Series, query: str, span: dict[str, int], limit: int) -> list[StoredMedium]:
        """The first of each of `limit` equal time ranges; one seek each, however many media there are."""
        start, length = span["start"], span["end"] - span["start"]
        sample: list[StoredMedium] = []
        for part in range(limit):
            bounds = {
                "start": start + length * part // limit,
                "end": start + length * (part + 1) // limit,
            }
            sample += self._all(series, f"{query} limit 1", bounds)
        return sample

    def usage(self) -> list[SeriesUsage]:
        """From totals that are kept of each series and pack, not counted."""
        index = self._index()
        if index is None:
            return []
        return series_usage(index, self._directory)

    def bytes_of_devices(self, kind: str | None = None) -> dict[tuple[str, str], int]:
        """The bytes of the media of each site and device, of one kind or of all, in packs, as retention counts what
        it drops."""
        index = self._index()
        if index is None:
            return {}
        return bytes_of_devices(index, kind)

    def bytes_since(self, since: datetime) -> dict[tuple[str, str, str], int]:
        """The bytes of each series (site, device and kind) in the packs that began since a moment."""
        index = self._index()
        if index is None:
            return {}
        return bytes_since(index, since)

    def pending(self, until: datetime, kinds: Collection[str]) -> Pending:
        index = self._index()
        return Pending() if index is None else Pending.of(index, (until - EPOCH) // MINUTE, kinds)

    def index_bytes(self) -> int:
        """The size of the index itself on the disk."""
        total = 0
        for path in database_files(self._directory / NAME):
            with suppress(FileNotFoundError):
                total += path.stat().st_blocks * STAT_BLOCK_BYTES
        return total

    def oldest(self, site: str, device: str, kind: str) -> datetime | None:
        """The moment before which nothing of a series is kept; `None` where there is nothing of it."""
        index = self._index()
        if index is None:
            return None
        (first,) = index.execute(
            "select min(coalesce(min(first) filter (where pack in (select pack from held)), 9223372036854775807),"
            " max(min(first), coalesce((select floor from floors where kind = :kind), min(first)))) from packs"
            " where series = (select series from series where site = :site and device = :device and kind = :kind)",
            {"site": site, "device": device, "kind": kind},
        ).fetchone()
        return None if first is None else moment(first)

    def read(self, key: str) -> bytes | None:
        """Raises `OutOfReach`."""
        stored = self.find(key)
        return None if stored is None else self.read_range(stored, 0, stored.size)

    def read_range(self, stored: StoredMedium, start: int, length: int) -> bytes | None:
        """`length` bytes from `start` on, fewer at the end. Raises `OutOfReach`."""
        length = max(0, min(length, stored.size - start))
        body = self.read_hot(stored, start, length)
        if body is not None or self._cold is None:
            return body
        copy = self.copy_of(stored)
        return None if copy is None else self._cold.read(copy, start, length)

    def read_hot(self, stored: StoredMedium, start: int, length: int) -> bytes | None:
        """Read as `read_range` does, from the disk alone."""
        length = max(0, min(length, stored.size - start))
        if stored.tier == "cold":
            return None
        with suppress(FileNotFoundError), stored.pack.open("rb", buffering=0) as pack:
            pack.seek(stored.offset + start)
            body = pack.read(length)
            return body if len(body) == length and not self._is_a_hole(stored, body) else None
        return None

    def _is_a_hole(self, stored: StoredMedium, body: bytes) -> bool:
        """Where the disk let go of a pack after it was looked up, and something came late, zeros are read. Media have
        zeros too: the first bytes of an MP4 are some, and the frame of a sensor at 0 °C.
        """
        if body.strip(b"\0") or not body:
            return False
        now = self.find(stored.key)
        return now is None or now.tier == "cold"

    def copy_of(self, stored: StoredMedium) -> ObjectRange | None:
        """Looked up again, for it may have gone to cold storage a moment ago."""
        now = stored if stored.copy is not None else self.find(stored.key)
        return None if now is None else now.copy

    def _one(self, series: Series, query: str, values: dict[str, Any]) -> StoredMedium | None:
        found = self._all(series, query, values)
        return found[0] if found else None

    def _all(self, series: Series, query: str, values: dict[str, Any]) -> list[StoredMedium]:
        index = self._index()
        if index is None:
            return []
        rows = index.execute(
            query, {"site": series.site, "device": series.device, "kind": series.kind, "start": OLDEST, **values}
        )
        packs: dict[tuple[int, int], Path] = {}
        found = []
        for name, time, size, content_type, digest, start, minutes, offset, *place in rows:
            pack = packs.get((start, minutes))
            if pack is None:
                pack = packs[start, minutes] = pack_path(self._directory, series, PackInterval(start, minutes))
            sha256 = digest.hex()
            tier, copy = tier_of(place), object_range(place, offset, size, sha256)
            key, time_ = series.key(name), moment(time)
            found.append(StoredMedium(key, time_, size, content_type, sha256, pack, offset, tier, copy))
        return found

    def _index(self) -> sqlite3.Connection | None:
        """`None` until there is an archive. Where the index was removed and made again, the new one."""
        now = identity(self._file)
        if now != self._identity or self._was_taken_over():
            self.close()
        if self._connection is None and now is not None:
            self._open(now)
        return self._connection

    def _was_taken_over(self) -> bool:
        return self._connection is not None and self._is_old and not is_old(self._connection)

    def _open(self, now: Identity) -> None:
        """Nothing where ingest is just making it."""
        connection = watch(open_to_read(self._directory))
        if not is_complete(connection):
            connection.close()
            return
        self._connection, self._identity = connection, now
        self._is_old = is_old(connection)

    def close_removed(self) -> None:
        """Close an index that was removed, so that its bytes are given back."""
        if self._connection is not None and identity(self._file) != self._identity:
            self.close()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
