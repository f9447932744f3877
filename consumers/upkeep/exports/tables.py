"""Writes what was measured, detected and alerted in a range as CSV."""

import csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic_core import to_json

from bus_schemas.alert import AlertEvent
from bus_schemas.camera import DetectionEvent
from bus_schemas.event import Event, iso
from bus_schemas.thermal import ThermalEvent
from consumers.store.journal.record import JournalReader, Recorded
from consumers.upkeep.exports.cells import plain_text

Row = tuple[object, ...]

_MOMENT = ("time_utc", "time_local", "device", "event_id")
TABLES: dict[str, tuple[type[Event], tuple[str, ...]]] = {
    "temperatures.csv": (
        ThermalEvent,
        (*_MOMENT, "region", "min_c", "max_c", "avg_c", "level", "peak_c", "confirmed_c"),
    ),
    "detections.csv": (DetectionEvent, (*_MOMENT, "people", "triggers", "objects")),
    "alerts.csv": (AlertEvent, (*_MOMENT, "alert_id", "type", "state", "level", "message", "by")),
}


class TableRange:
    """The devices of a site, and the time range."""

    def __init__(self, site: str, devices: Sequence[str], start: datetime, end: datetime, zone: ZoneInfo) -> None:
        self.site = site
        self.devices = frozenset(devices)
        self.start, self.end = start, end
        self.zone = zone

    def device_of(self, record: Recorded) -> str | None:
        """The device that an event is about, if it is one of these and happened then."""
        if not self.start.timestamp() <= record.time_s < self.end.timestamp():
            return None
        site, device = record.where
        if isinstance(event := record.event, AlertEvent):
            site, device = event.data.site, event.data.device
        return device if site == self.site and device in self.devices else None


def write_tables(folder: Path, journal: JournalReader, wanted: TableRange) -> dict[str, int]:
    """The number of rows of each file."""
    counts = dict.fromkeys(TABLES, 0)
    with ExitStack() as stack:
        writers = {}
        for name, (model, columns) in TABLES.items():
            file = stack.enter_context((folder / name).open("w", encoding="utf-8", newline=""))
            writer = csv.writer(file)
            writer.writerow(columns)
            writers[model] = (name, writer)
        for record in _records(journal, wanted):
            device = wanted.device_of(record)
            if device is None:
                continue
            name, writer = writers[record.model]
            rows = list(_rows(record, device, wanted.zone))
            writer.writerows(rows)
            counts[name] += len(rows)
    return counts


def _records(journal: JournalReader, wanted: TableRange) -> Iterator[Recorded]:
    span = journal.span(wanted.start, wanted.end)
    if span is None:
        return
    after, last = span[0] - 1, span[1]
    models = [model for model, _ in TABLES.values()]
    while after < last:
        batch = journal.read(after, models)
        yield from (record for record in batch.records if record.position <= last)
        if batch.upto <= after:
            return
        after = batch.upto


def _rows(record: Recorded, device: str, zone: ZoneInfo) -> Iterator[Row]:
    event = record.event
    local = event.time.astimezone(zone).isoformat(timespec="milliseconds")
    moment = (iso(event.time), local, device, event.id)
    for cells in _CELLS[record.model](event):
        yield tuple(plain_text(cell) if isinstance(cell, str) else cell for cell in (*moment, *cells))


def _temperatures(event: Event) -> Iterator[Row]:
    assert isinstance(event, ThermalEvent)
    data, whole = event.data, event.data.frame_stats
    yield "", whole.min_temp, whole.max_temp, whole.avg_temp, "", data.peak_temp, data.confirmed_max_temp
    for one in data.regions:
        yield one.name, one.min_temp, one.max_temp, one.avg_temp, one.alert_level, one.peak_temp, one.confirmed_temp


def _detections(event: Event) -> Iterator[Row]:
    assert isinstance(event, DetectionEvent)
    data = event.data
    yield data.people_count, " ".join(data.event_triggers), to_json(data.objects).decode()


def _alerts(event: Event) -> Iterator[Row]:
    assert isinstance(event, AlertEvent)
    data = event.data
    yield data.alert_id, data.type, data.state, data.level, data.message, data.by or ""


_CELLS: dict[type[Event], Callable[[Event], Iterator[Row]]] = {
    ThermalEvent: _temperatures,
    DetectionEvent: _detections,
    AlertEvent: _alerts,
}
