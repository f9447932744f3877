"""Checks that the archive has every medium of the journal with its size and hash, or that retention deleted it."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import msgspec

from bus_schemas.alert import RetentionEvent
from bus_schemas.catalogue import type_of
from bus_schemas.media import MediaEvent
from consumers.engine.findings import Findings
from consumers.store.archive.index import NAME, open_to_read
from consumers.store.archive.keys import PACK_MINUTES, NotAKey, PackInterval, Series, pack_path, parse_key
from consumers.store.cold.settings import ColdStorage
from consumers.store.journal.day_reader import StoredBody
from consumers.store.journal.store import JournalStore
from consumers.upkeep.verify.copies import check_copies
from producer.times import micros

_PACK = PACK_MINUTES * 60_000_000
"""The interval of a pack in microseconds. Retention drops, and reports, whole packs."""

_LOOKUP = (
    "select media.size, media.sha256, offset, packs.start, packs.minutes, is_hot"
    " from media left join packs using (pack)"
    " left join copies on copies.pack = media.pack and offset >= copies.first and offset < copies.last"
    " where media.series = ? and media.id = ?"
)


class _Media(msgspec.Struct):
    key: str
    size: int
    sha256: str


class _MediaBody(msgspec.Struct):
    time: datetime
    data: _Media


class _DroppedMedia(msgspec.Struct):
    kind: str
    start: datetime
    end: datetime
    site: str | None = None
    device: str | None = None


class _DroppedMediaBody(msgspec.Struct):
    data: _DroppedMedia


_media = msgspec.json.Decoder(_MediaBody)
_dropped = msgspec.json.Decoder(_DroppedMediaBody)


@dataclass(frozen=True, slots=True)
class MissingMedium:
    """A medium that is not there: what would have to be said about it is said of its pack, or of one of these."""

    position: int
    key: str
    series: Series
    time: int
    packs: tuple[int, ...]
    size: int
    differs: str | None = None
    """The difference of the medium that is there instead."""


def _missing(stored: StoredBody, event: _MediaBody, differs: str | None = None) -> MissingMedium:
    time = micros(event.time)
    # A clock that runs ahead does not choose the pack: see `Archive.store`, which comes a moment after the arrival.
    pack = min(time, stored.received) // _PACK
    packs = (pack,) if time <= stored.received else (pack, pack + 1)
    return MissingMedium(
        stored.position, event.data.key, parse_key(event.data.key)[0], time, packs, event.data.size, differs
    )


def check_media(
    journal: JournalStore, archive: Path, cold: ColdStorage | None = None, *, deep: bool = False
) -> Findings:
    """Reads the events of media, the index, and the list of objects in cold storage; `deep` reads every byte too."""
    findings = Findings("media")
    if not (archive / NAME).exists():
        if any(True for _ in journal.bodies(type_of(MediaEvent))):
            findings.fault(f"the journal names media, and there is no index {archive / NAME}")
        findings.note("no media")
        return findings
    with closing(open_to_read(archive)) as index:
        check_copies(findings, index, cold, deep=deep)
        check = _Check(findings, index, archive, deep=deep)
        check.packs()
        for stored in journal.bodies(type_of(MediaEvent)):
            check.take(stored)
        # Read after the media: what was dropped meanwhile has its event by then, or in a moment.
        dropped = [_dropped.decode(stored.body).data for stored in journal.bodies(type_of(RetentionEvent))]
        check.explain(_Retention(index, dropped))
    return findings


def unexplained_media(journal: JournalStore, archive: Path) -> list[MissingMedium]:
    """Media that the journal names, that are nowhere, and of which no retention event says why."""
    if not (archive / NAME).exists():
        return []
    with closing(open_to_read(archive)) as index:
        check = _Check(Findings("media"), index, archive, deep=False)
        for stored in journal.bodies(type_of(MediaEvent)):
            check.take(stored)
        dropped = [_dropped.decode(stored.body).data for stored in journal.bodies(type_of(RetentionEvent))]
        return check.unexplained(_Retention(index, dropped))


class _Retention:
    """The deletions that retention events report, and the moments before which a kind is not kept."""

    def __init__(self, index: sqlite3.Connection, stored: list[_DroppedMedia]) -> None:
        self._floors: dict[str, int] = dict(index.execute("select kind, floor from floors"))
        self._packs = {
            (each.site, each.kind, each.device, pack)
            for each in stored
            for pack in range(micros(each.start) // _PACK, micros(each.end) // _PACK)
        }

    def explains(self, missing: MissingMedium) -> bool:
        one = missing.series
        if missing.time < self._floors.get(one.kind, 0):
            return True
        places = ((None, None), (one.site, None), (one.site, one.device))
        return any((site, one.kind, device, pack) in self._packs for site, device in places for pack in missing.packs)


class _Check:
    def __init__(self, findings: Findings, index: sqlite3.Connection, archive: Path, *, deep: bool) -> None:
        self._findings = findings
        self._index = index
        self._archive = archive
        self._deep = deep
        self._series: dict[Series, int] = {
            Series(site, device, kind): number
            for number, site, device, kind in index.execute("select series, site, device, kind from series")
        }
        self._short: dict[Path, int] = {}
        self._missing: list[MissingMedium] = []
        self._count = self._bytes = 0

    def packs(self) -> None:
        """Each pack is there and as long as the index says."""
        rows = self._index.execute(
            # Media that are whole in cold storage need not be on the disk.
            "select site, device, kind, start, minutes, end from packs join series using (series) where copied < end"
        ).fetchall()
        for site, device, kind, start, minutes, end in rows:
            path = pack_path(self._archive, Series(site, device, kind), PackInterval(start, minutes))
            size = path.stat().st_size if path.exists() else None
            if size is not None and size >= end:
                continue
            # Looked at again, for retention may have dropped it since.
            still = (
                "select 1 from packs join series using (series)"
                " where site = ? and device = ? and kind = ? and start = ? and minutes = ?"
            )
            if self._index.execute(still, (site, device, kind, start, minutes)).fetchone() is not None:
                self._short[path] = size or 0
                there = "is missing" if size is None else f"is {size:,} bytes long"
                name = path.relative_to(self._archive)
                self._findings.fault(f"the pack {name} {there}; the index knows {end:,} bytes of it")

    def take(self, row: StoredBody) -> None:
        event = _media.decode(row.body)
        stored = event.data
        self._count += 1
        self._bytes += stored.size
        try:
            series, name = parse_key(stored.key)
        except NotAKey as error:
            self._findings.fault(f"the medium at position {row.position:,}: {error}")
            return
        found = self._index.execute(_LOOKUP, (self._number(series), name)).fetchone()
        if found is None or found[3] is None:
            self._missing.append(_missing(row, event))
            return
        size, digest, offset, start, minutes, is_hot = found
        if (size, digest.hex()) != (stored.size, stored.sha256):
            # Where its pack was dropped, its id may have been given to another one since.
            differs = (
                f"{stored.key} (position {row.position:,}) is {stored.size:,} bytes with sha256 {stored.sha256[:12]}…"
                f" in the journal, {size:,} bytes with {digest.hex()[:12]}… in the archive"
            )
            self._missing.append(_missing(row, event, differs))
        elif is_hot is None and not self._is_there(
            pack_path(self._archive, series, PackInterval(start, minutes)), stored, offset
        ):
            self._missing.append(_missing(row, event))

    def _number(self, series: Series) -> int:
        known = self._series.get(series)
        if known is None:
            where = (series.site, series.device, series.kind)
            found = self._index.execute(
                "select series from series where site = ? and device = ? and kind = ?", where
            ).fetchone()
            known = -1 if found is None else self._series.setdefault(series, int(found[0]))
        return known

    def _is_there(self, pack: Path, stored: _Media, offset: int) -> bool:
        """False where the pack is gone since the index was asked."""
        if pack in self._short:
            if offset + stored.size > self._short[pack]:
                self._findings.fault(f"{stored.key} lies beyond the end of its pack")
        elif self._deep:
            try:
                with pack.open("rb", buffering=0) as file:
                    file.seek(offset)
                    body = file.read(stored.size)
            except FileNotFoundError:
                return False
            if sha256(body).hexdigest() != stored.sha256:
                self._findings.fault(f"{stored.key}: the bytes in the archive are not those of its sha256")
        return True

    def unexplained(self, retention: _Retention) -> list[MissingMedium]:
        explained = {missing.key for missing in self._missing if retention.explains(missing)}
        return [one for one in self._missing if one.differs is None and one.key not in explained]

    def explain(self, retention: _Retention) -> None:
        explained = {missing.key for missing in self._missing if retention.explains(missing)}
        gone = differing = 0
        for missing in self._missing:
            # A medium that came again under its key, at another time, was kept where it was first.
            if retention.explains(missing) or (missing.differs is None and missing.key in explained):
                gone += 1
            elif missing.differs is not None:
                differing += 1
                self._findings.fault(missing.differs)
            else:
                self._findings.fault(
                    f"{missing.key} (position {missing.position:,}) is not in the archive, and no retention event"
                    " says why"
                )
        there = self._count - len(self._missing) + differing
        stored = (
            f"{self._count:,} media, {self._bytes:,} bytes: {there:,} in the archive, {gone:,} dropped by retention"
        )
        self._findings.note(stored + (", every byte read" if self._deep else ""))
