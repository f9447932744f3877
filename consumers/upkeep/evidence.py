"""The sink of evidence: copies the pictures that incidents and snapshots name, which are kept longer than others."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import ClassVar, Final, cast

import structlog
from pydantic import TypeAdapter, ValidationError

from bus_schemas.alert import Incident, IncidentEvent
from bus_schemas.event import Event, MediaKey
from bus_schemas.media import Media, MediaKind, SnapshotEvent
from consumers.engine.sink import Sink
from consumers.store.archive.disk import Archive, Medium
from consumers.store.archive.keys import EVIDENCE, NotAKey, Series, parse_key
from consumers.store.archive.reader import PICTURES, ArchiveReader, StoredMedium
from consumers.store.cold.settings import ColdStorage
from consumers.store.journal.record import Recorded
from consumers.upkeep.cold_pictures import ColdPicture, ColdPictures, ReadPicture
from producer.ids import Clock, utc_now
from producer.times import moment_of_seconds

SAMPLES: Final = 5
"""Thumbnails of an incident that are kept beside its first and its last."""
LATE_S: Final = 60.0
"""So long after an incident its last pictures may still arrive."""
TRIED_FOR_S: Final = 900.0
PER_ROUND: Final = 20

_keys = TypeAdapter(list[MediaKey])
log = structlog.get_logger()


class EvidenceSink(Sink):
    """Media that an incident names are copied when it is opened and closed, and a sample of those between; what a
    snapshot names, when it is known.
    """

    name: ClassVar[str] = "evidence"
    models: ClassVar[tuple[type[Event], ...]] = (IncidentEvent, SnapshotEvent)
    schema: ClassVar[str] = """
    create table if not exists wanted (key text primary key, until real not null) strict;
    create table if not exists ended (
        incident_id text primary key, site text not null, device text not null, since real not null,
        closed real not null, due real not null
    ) strict;
    """

    def __init__(self, data: Path, cold: ColdStorage | None = None, clock: Clock = utc_now) -> None:
        self._directory = data / "archive"
        self._clock = clock
        self._cold = ColdPictures(cold, data)

    def deliver(self, state: sqlite3.Connection, batch: Sequence[Recorded]) -> Sequence[Event]:
        for record in batch:
            now = record.received.timestamp()
            if isinstance(event := record.event, SnapshotEvent):
                self._want(state, _pictures(event.data.media), now)
            elif isinstance(event, IncidentEvent):
                data = event.data
                self._want(state, _named(data), now)
                if data.state == "closed":
                    row = (data.incident_id, data.site, data.device, data.since.timestamp(), record.time_s)
                    state.execute("insert or replace into ended values (?, ?, ?, ?, ?, ?)", (*row, now + LATE_S))
        return ()

    def idle(self, state: sqlite3.Connection) -> None:
        now = self._clock().timestamp()
        self._settle(state, self._cold.take())
        ended = state.execute(
            "select incident_id, site, device, since, closed from ended where due <= ?", (now,)
        ).fetchall()
        wanted = state.execute("select key, until from wanted order by until limit ?", (PER_ROUND,)).fetchall()
        if not ended and not wanted:
            return
        with ArchiveReader(self._directory) as reader:
            for incident_id, *where in ended:
                self._want(state, _sample(reader, *where), now)
                state.execute("delete from ended where incident_id = ?", (incident_id,))
            found = {key: stored for key, _ in wanted if (stored := reader.find(key)) is not None}
            kept = [key for key, stored in found.items() if parse_key(stored.key)[0].kind == EVIDENCE]
            hot, cold = _read_hot(reader, [stored for key, stored in found.items() if key not in kept])
        self._settle(state, hot)
        self._cold.request(cold)
        # While the bucket has a picture it is wanted, however long that does not answer; others come first meanwhile.
        state.executemany(
            "update wanted set until = ? where key = ?", [(now + TRIED_FOR_S, stored.key) for stored, _ in cold]
        )
        state.executemany("delete from wanted where key = ?", [(key,) for key in kept])
        state.executemany("delete from wanted where key = ? and until <= ?", [(key, now) for key, _ in wanted])

    def _settle(self, state: sqlite3.Connection, read: Sequence[ReadPicture]) -> None:
        """Copy these, which are waited for no more; what is lost meanwhile is not there to be copied."""
        if not read:
            return
        if copies := [_copied(stored, body) for stored, body in read if body is not None]:
            with Archive(self._directory, self._clock, recovers=False) as archive:
                archive.store(copies)
        state.executemany("delete from wanted where key = ?", [(stored.key,) for stored, _ in read])

    def _want(self, state: sqlite3.Connection, keys: Iterable[str], now: float) -> None:
        rows = [(key, now + TRIED_FOR_S) for key in keys]
        state.executemany("insert or ignore into wanted values (?, ?)", rows)


def _read_hot(reader: ArchiveReader, found: Iterable[StoredMedium]) -> tuple[list[ReadPicture], list[ColdPicture]]:
    """Those that the disk has, and those that only the bucket has."""
    hot: list[ReadPicture] = []
    cold: list[ColdPicture] = []
    for stored in found:
        body = reader.read_hot(stored, 0, stored.size)
        place = None if body is not None else reader.copy_of(stored)
        if place is None:
            hot.append((stored, body))
        else:
            cold.append((stored, place))
    return hot, cold


def _named(data: Incident) -> Iterator[str]:
    """The pictures that an incident names."""
    with suppress(ValidationError):
        yield from _pictures([*data.media, *_keys.validate_python(data.details.get("last_3_media", []))])


def _pictures(keys: Iterable[str]) -> Iterator[str]:
    for key in keys:
        with suppress(NotAKey):
            if parse_key(key)[0].kind in PICTURES:
                yield key


def _sample(reader: ArchiveReader, site: str, device: str, since: float, closed: float) -> list[str]:
    """Keys of thumbnails: the first, the last, and some between."""
    start, end = moment_of_seconds(since), moment_of_seconds(closed) + timedelta(seconds=1)
    if start >= end:
        return []
    between = [one.key for one in reader.between(site, device, "thumbnail", start, end, SAMPLES + 1)]
    last = reader.between(site, device, "thumbnail", max(start, end - timedelta(seconds=LATE_S)), end)
    return [*between, *(one.key for one in last[-1:])]


def _copied(stored: StoredMedium, body: bytes) -> Medium:
    series, name = parse_key(stored.key)
    media = Media(
        key=Series(series.site, series.device, EVIDENCE).key(name),
        kind=cast("MediaKind", series.kind if series.kind in PICTURES else "capture"),
        content_type=stored.content_type,
        size=stored.size,
        sha256=stored.sha256,
    )
    return media, stored.time, body
