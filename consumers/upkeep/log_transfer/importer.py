"""Imports a range of the log into a new data directory: events in their order, with their times and media.

Written beside any bus: only so the moments of arrival and the ticks of the hub stay what they were, on which folds
depend, and only so the views of the copy are those of the original.
"""

import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from bus_schemas.alert import Retention, RetentionEvent
from bus_schemas.catalogue import short_name
from bus_schemas.codec import to_bytes
from bus_schemas.event import HUB, Event, device_source
from bus_schemas.media import MediaEvent
from bus_schemas.node import Gap, GapEvent
from bus_schemas.speakers import is_gateway_as_hub, violation
from bus_schemas.topics import event_topic
from consumers.store.archive.disk import Archive
from consumers.store.archive.index import NAME
from consumers.store.archive.keys import Series, hour_of, hour_start, parse_key
from consumers.store.journal.clock_ahead import happened_at
from consumers.store.journal.envelope import sequences_of
from consumers.store.journal.lock import journal_lock, owner_in
from consumers.store.journal.store import JournalStore, JournalWriter
from consumers.store.journal.writing import Accepted, Rejected
from consumers.upkeep.log_transfer.export_file import NotALogExport
from consumers.upkeep.log_transfer.log_slice import LogEntry
from producer.times import HOUR, micros, moment

NOT_EXPORTED = "not_exported"
"""The cause of gaps, and the rule of retention events, for what the file does not hold."""

_NAMESPACE = uuid5(NAMESPACE_URL, "watchpost:import")


class NotFresh(ValueError):
    """The data directory has a log of its own."""


@dataclass(slots=True)
class ImportReport:
    events: int = 0
    media: int = 0
    gaps: int = 0
    media_missing: int = 0
    rejected: int = 0


def import_entries(data: Path, journal: JournalStore, entries: Iterable[list[LogEntry]]) -> ImportReport:
    """Into a fresh data directory and a fresh journal, or not at all. Raises `NotFresh` and `NotALogExport`."""
    archive = data / "archive"
    if (archive / NAME).exists() or (data / "views").exists():
        raise NotFresh(f"{data} has a log of its own")
    if journal.exists():
        raise NotFresh(f"{journal.name} has a log of its own")
    with journal_lock(data / "journal"):
        try:
            return _Import(data, journal).take(entries)
        except BaseException:
            journal.erase()
            shutil.rmtree(archive, ignore_errors=True)
            raise


@dataclass(slots=True)
class _MissingMedia:
    """The media of a series and an hour, in figures: a log without their bytes names millions of them."""

    count: int = 0
    bytes: int = 0


@dataclass(slots=True)
class _Import:
    data: Path
    store: JournalStore
    arrived: ImportReport = field(default_factory=ImportReport)
    _now: datetime = field(init=False)
    _marks: dict[tuple[str, str], int] = field(default_factory=dict)
    _missing: dict[tuple[Series, int], _MissingMedia] = field(default_factory=dict)

    def take(self, entries: Iterable[list[LogEntry]]) -> ImportReport:
        pages = (list(some) for page in entries for _, some in groupby(page, key=lambda entry: _day(entry.received)))
        first = next(pages, None)
        if first is None:
            return self.arrived
        # The clock of the writers is that of the log: each event comes into the file of its day.
        self._now = moment(first[0].received)
        with (
            Archive(self.data / "archive", lambda: self._now) as archive,
            self.store.writer(lambda: self._now, owner_in(self.data)) as journal,
        ):
            self._page(first, archive, journal)
            for page in pages:
                self._page(page, archive, journal)
            journal.append([self._accept(event) for event in self._missing_events()])
        return self.arrived

    def _page(self, page: list[LogEntry], archive: Archive, journal: JournalWriter) -> None:
        self._now = max(self._now, moment(page[-1].received))
        rejected = [one for entry in page if (one := _rejected(entry)) is not None]
        self.arrived.rejected += len(rejected)
        if rejected:
            page = [entry for entry in page if _rejected(entry) is None]
        media = []
        for entry in page:
            if isinstance(entry.event, MediaEvent):
                if entry.medium is None:
                    self._miss(entry.event, entry.received)
                else:
                    media.append((entry.event.data, happened_at(entry.event.time, entry.received), entry.medium))
        self.arrived.media += archive.store(media)
        accepted = [one for entry in page for one in self._accepted(entry)]
        try:
            journal.append(accepted, rejected)
        except sqlite3.IntegrityError as error:
            raise NotALogExport("the file holds an event twice, or events out of their order") from error
        self.arrived.events += len(page)

    def _accepted(self, entry: LogEntry) -> Iterator[Accepted]:
        """With a gap before it where the file does not hold what was before."""
        event = entry.event
        if event.sequence is not None and event.epoch is not None:
            key = (event.source, event.epoch)
            first, last = sequences_of(event, event.sequence)
            before = self._marks.get(key, 0)
            if first > before + 1:
                self.arrived.gaps += 1
                gap = _gap(event, before + 1, first - 1, entry.received)
                yield Accepted(gap, to_bytes(gap), entry.received)
            self._marks[key] = last
        yield Accepted(event, entry.body, entry.received)

    def _miss(self, event: MediaEvent, received: int) -> None:
        self.arrived.media_missing += 1
        hour = min(hour_of(event.time), hour_of(moment(received)))
        missing = self._missing.setdefault((parse_key(event.data.key)[0], hour), _MissingMedia())
        missing.count += 1
        missing.bytes += event.data.size

    def _missing_events(self) -> Iterator[RetentionEvent]:
        """Report media that are not there as retention reports deleted ones."""
        for (series, hour), missing in self._missing.items():
            yield RetentionEvent(
                id=str(uuid5(_NAMESPACE, f"{NOT_EXPORTED}/{series}/{hour}")),
                source=device_source(series.site, HUB),
                time=self._now,
                data=Retention(
                    rule=NOT_EXPORTED,
                    kind=series.kind,
                    site=series.site,
                    device=series.device,
                    start=hour_start(hour),
                    end=hour_start(hour) + HOUR,
                    count=missing.count,
                    bytes=missing.bytes,
                ),
            )

    def _accept(self, event: Event) -> Accepted:
        return Accepted(event, to_bytes(event), micros(self._now))


def _rejected(entry: LogEntry) -> Rejected | None:
    """Events that ingest accepts are imported, and those of the gateway from before it had a name of its own."""
    event: Any = entry.event
    reason = violation(event.source, event.type, event.data)
    if reason is None:
        return None
    if event.sequence is None and is_gateway_as_hub(event.source, event.type, event.data):
        return None
    return Rejected(entry.received, event_topic(event.source, short_name(event.type)), reason, entry.body)


def _day(received: int) -> object:
    return moment(received).date()


def _gap(event: Event, first: int, last: int, received: int) -> GapEvent:
    return GapEvent(
        id=str(uuid5(_NAMESPACE, f"{event.source}/{event.epoch}/{first}/{last}")),
        source=event.source,
        time=moment(received),
        epoch=event.epoch,
        sequence=last,
        data=Gap(first=first, last=last, count=last - first + 1, cause=NOT_EXPORTED),
    )
