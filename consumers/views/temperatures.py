"""The view of temperatures by the minute, and of the newest thermal event of each device."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar

from pydantic_core import from_json

from bus_schemas.event import Event
from bus_schemas.thermal import ThermalEvent
from consumers.engine.partial import THERMAL
from consumers.engine.projection import Emit, Projection
from consumers.engine.rebuild.time_range import TimeRange, ViewPart
from consumers.store.journal.record import Recorded
from consumers.views.minutes import MinuteValues, minutes_part, prune, touched
from producer.times import iso_of

COMPOSITE = "composite"
FRAME = "frame"


class TemperaturesProjection(Projection):
    """Least, greatest and mean of each ROI, of the whole frame and of the composite, by minute of event time."""

    name: ClassVar[str] = "temperatures"
    version: ClassVar[int] = 3
    models: ClassVar[tuple[type[Event], ...]] = (ThermalEvent,)
    schema: ClassVar[str] = """
    create table if not exists minutes (
        site text not null, device text not null, roi text not null, minute integer not null, low real not null,
        high real not null, total integer not null, count integer not null, primary key (site, device, roi, minute)
    ) strict, without rowid;
    create table if not exists newest (
        site text not null, device text not null, time text not null, position integer not null, data text not null,
        primary key (site, device)
    ) strict;
    """

    before_floor: ClassVar[Mapping[str, str]] = {
        "minutes": "minute * 60 <= horizon(site, device)",
        "newest": "unixepoch(time) <= horizon(site, device)",
    }

    def part(self, wanted: TimeRange, view: sqlite3.Connection) -> ViewPart | None:
        part = minutes_part(wanted)
        values = (wanted.site, part.since.timestamp(), part.until.timestamp())
        newest = ("site = ? and unixepoch(time) >= ? and unixepoch(time) < ?", values)
        return replace(part, rows={**part.rows, "newest": newest})

    def settle_part(self, view: sqlite3.Connection, site: str) -> None:
        found = view.execute("select distinct site, device, roi from minutes where site = ?", (site,))
        prune(view, "minutes", set(found.fetchall()), "site device roi")

    def fold(self, view: sqlite3.Connection, batch: Sequence[Recorded], emit: Emit) -> None:
        minutes: dict[tuple[str, str, str, int], MinuteValues] = {}
        newest: dict[tuple[str, str], Recorded] = {}
        for record in batch:
            if record.model is ThermalEvent:
                _measure(minutes, record)
                before = newest.setdefault(record.where, record)
                if _milliseconds(record) >= _milliseconds(before):
                    newest[record.where] = record
        _remember(view, newest.values())
        view.executemany(
            "insert into minutes values (?, ?, ?, ?, ?, ?, ?, ?) on conflict do update set "
            "low = min(low, excluded.low), high = max(high, excluded.high), total = total + excluded.total, "
            "count = count + excluded.count",
            [(*key, each.low, each.high, each.total, each.count) for key, each in minutes.items()],
        )
        prune(view, "minutes", {key[:3] for key in minutes}, "site device roi")


def _measure(minutes: dict[tuple[str, str, str, int], MinuteValues], record: Recorded) -> None:
    where, minute, part = record.where, int(record.time_s // 60), record.decode(THERMAL).data
    stats = part.frame_stats
    measured = [(FRAME, stats.min_temp, stats.max_temp, stats.avg_temp)]
    measured += [(region.name, region.min_temp, region.max_temp, region.avg_temp) for region in part.regions]
    if part.composite_temperature is not None:
        measured.append((COMPOSITE, *(part.composite_temperature,) * 3))
    for roi, low, high, mean in measured:
        key = (*where, roi, minute)
        known = minutes.get(key)
        if known is None:
            known = minutes[key] = MinuteValues(low, high)
        known.add(low, high, mean)


def _milliseconds(record: Recorded) -> int:
    """What the view holds of a moment: none later than its arrival, or a clock that is ahead would stay the newest."""
    return record.known_us // 1000


def _remember(view: sqlite3.Connection, newest: Iterable[Recorded]) -> None:
    view.executemany(
        "insert into newest values (?, ?, ?, ?, ?) on conflict do update set time = excluded.time, "
        "position = excluded.position, data = excluded.data where excluded.time >= time",
        [(*one.where, iso_of(one.known_us), one.position, _data(one)) for one in newest],
    )


def _data(record: Recorded) -> str:
    assert isinstance(record.event, ThermalEvent)
    return record.event.data.model_dump_json()


@dataclass(frozen=True, slots=True)
class Point:
    """A step of a trend; `start` in seconds since 1970, values in °C or dB."""

    start: int
    low: float
    high: float
    mean: float


@dataclass(frozen=True, slots=True)
class NewestThermalRow:
    """The newest thermal event of a device: when, where in the journal, and its data."""

    time: str
    position: int
    data: dict[str, Any]


MAX_SERIES = 50
"""Of a sensor, those with most points."""


def temperatures(
    view: sqlite3.Connection, site: str, device: str, start: datetime, end: datetime, step_s: int = 60
) -> dict[str, list[Point]]:
    """The series of each ROI, with `frame` for all of it and `composite`; in steps of whole minutes, oldest first.

    All of them: who shows them takes the first `MAX_SERIES` of `most_measured`.
    """
    step = max(1, step_s // 60)
    found = view.execute(
        "select roi, minute / ?5 * ?5 * 60 as start, min(low), max(high), sum(total), sum(count) from minutes "
        "where site = ?1 and device = ?2 and minute >= ?3 and minute < ?4 group by roi, start order by roi, start",
        (site, device, *touched(start, end), step),
    )
    series: dict[str, list[Point]] = {}
    for roi, at, low, high, total, count in found:
        series.setdefault(roi, []).append(Point(at, low, high, round(total / count / 1000, 3)))
    return series


def most_measured(series: Mapping[str, Sequence[Point]]) -> list[str]:
    """Their names: the whole frame and the composite, then the regions with most points."""
    return sorted(series, key=lambda name: (name not in (FRAME, COMPOSITE), -len(series[name]), name))


def newest_thermal(view: sqlite3.Connection, site: str, device: str) -> NewestThermalRow | None:
    query = "select time, position, data from newest where site = ? and device = ?"
    found = view.execute(query, (site, device)).fetchone()
    return None if found is None else NewestThermalRow(found[0], found[1], from_json(found[2]))
