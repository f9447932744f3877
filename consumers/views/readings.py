"""The view of what devices measure besides pictures and heat, by the minute: each series is a name of a device."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final
from zoneinfo import ZoneInfo

from bus_schemas.event import Event
from bus_schemas.reading import ReadingEvent
from consumers.engine.projection import Emit, Projection
from consumers.engine.rebuild.time_range import TimeRange, ViewPart
from consumers.store.journal.record import Recorded
from consumers.views.minutes import MinuteValues, minutes_part, prune, touched
from consumers.views.steps import UTC, step_start
from consumers.views.temperatures import Point

MAX_LISTED: Final = 200
"""Readings of a site that are listed."""


class ReadingsProjection(Projection):
    """Least, greatest and mean of each series, and its unit, by event time: the minutes of the last month."""

    name: ClassVar[str] = "readings"
    version: ClassVar[int] = 2
    models: ClassVar[tuple[type[Event], ...]] = (ReadingEvent,)
    schema: ClassVar[str] = """
    create table if not exists minutes (
        site text not null, device text not null, name text not null, unit text not null, minute integer not null,
        low real not null, high real not null, total integer not null, count integer not null,
        primary key (site, device, name, unit, minute)
    ) strict, without rowid;
    create index if not exists minutes_age on minutes (site, device, minute);
    """

    before_floor: ClassVar[Mapping[str, str]] = {"minutes": "minute * 60 <= horizon(site, device)"}

    def part(self, wanted: TimeRange, view: sqlite3.Connection) -> ViewPart | None:
        return minutes_part(wanted)

    def settle_part(self, view: sqlite3.Connection, site: str) -> None:
        prune(view, view.execute("select distinct site, device from minutes where site = ?", (site,)).fetchall())

    def fold(self, view: sqlite3.Connection, batch: Sequence[Recorded], emit: Emit) -> None:
        minutes: dict[tuple[str, str, str, str, int], MinuteValues] = {}
        for record in batch:
            event = record.event if record.model is ReadingEvent else None
            if isinstance(event, ReadingEvent):
                for one in event.data.measurements:
                    key = (*record.where, one.name, one.unit, int(record.time_s // 60))
                    known = minutes.setdefault(key, MinuteValues(one.value, one.value))
                    known.add(one.value, one.value, one.value)
        view.executemany(
            "insert into minutes values (?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict do update set "
            "low = min(low, excluded.low), high = max(high, excluded.high), total = total + excluded.total, "
            "count = count + excluded.count",
            [(*key, one.low, one.high, one.total, one.count) for key, one in minutes.items()],
        )
        prune(view, {key[:2] for key in minutes})


@dataclass(frozen=True, slots=True)
class SeriesName:
    device: str
    name: str
    unit: str


def series_of(view: sqlite3.Connection, site: str) -> list[SeriesName]:
    """All series of a site, in the order of their names."""
    found: list[SeriesName] = []
    after = ("", "", "")
    # Each is one look into the index, however many minutes a series has.
    query = (
        "select device, name, unit from minutes where site = ? and (device, name, unit) > (?, ?, ?)"
        " order by device, name, unit limit 1"
    )
    while len(found) < MAX_LISTED and (row := view.execute(query, (site, *after)).fetchone()) is not None:
        found.append(SeriesName(*row))
        after = row
    return found


def readings(
    view: sqlite3.Connection,
    site: str,
    of: SeriesName,
    start: datetime,
    end: datetime,
    step_s: int = 60,
    zone: ZoneInfo = UTC,
) -> list[Point]:
    """In steps of whole minutes, oldest first; those of hours and days begin by the clock of the zone."""
    begin = step_start("(minute * 60)", step_s, start, end, zone)
    found = view.execute(
        f"select {begin} as start, min(low), max(high), sum(total), sum(count) from minutes"  # noqa: S608 - our own numbers
        " where site = ?1 and device = ?2 and name = ?3 and unit = ?4 and minute >= ?5 and minute < ?6"
        " group by start order by start",
        (site, of.device, of.name, of.unit, *touched(start, end)),
    )
    return [Point(at, low, high, round(total / count / 1000, 3)) for at, low, high, total, count in found]
