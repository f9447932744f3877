"""The view of temperatures by the minute and by the quarter of an hour, and of the newest thermal event of a device."""

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from pydantic_core import from_json

from bus_schemas.event import Event
from bus_schemas.thermal import ThermalEvent
from consumers.engine.partial import THERMAL, ThermalPart
from consumers.engine.projection import Emit, Projection
from consumers.engine.rebuild.time_range import TimeRange, ViewPart, whole_quarters
from consumers.store.journal.record import DeviceKey, Recorded
from consumers.views.minutes import MinuteValues, prune, touched
from consumers.views.steps import UTC, step_start
from producer.times import iso_of

COMPOSITE = "composite"
FRAME = "frame"
QUARTER_S = 900
_KEPT_QUARTERS = 100 * 24 * 4
"""Longer than the quarter of a year that people look back."""
_ADD = (
    " values (?, ?, ?, ?, ?, ?, ?, ?) on conflict do update set low = min(low, excluded.low), "
    "high = max(high, excluded.high), total = total + excluded.total, count = count + excluded.count"
)

Key = tuple[str, str, str, int]
"""Site, device, region, and the minute or quarter since 1970."""


class TemperaturesProjection(Projection):
    """Least, greatest and mean of each ROI, of the whole frame and of the composite, by event time: minutes of the last
    month, and quarters of an hour of the last hundred days.
    """

    name: ClassVar[str] = "temperatures"
    version: ClassVar[int] = 6
    models: ClassVar[tuple[type[Event], ...]] = (ThermalEvent,)
    schema: ClassVar[str] = """
    create table if not exists minutes (
        site text not null, device text not null, roi text not null, minute integer not null, low real not null,
        high real not null, total integer not null, count integer not null, primary key (site, device, roi, minute)
    ) strict, without rowid;
    create table if not exists quarters (
        site text not null, device text not null, roi text not null, quarter integer not null, low real not null,
        high real not null, total integer not null, count integer not null, primary key (site, device, roi, quarter)
    ) strict, without rowid;
    create index if not exists minutes_age on minutes (site, device, minute);
    create index if not exists quarters_age on quarters (site, device, quarter);
    create table if not exists newest (
        site text not null, device text not null, time text not null, position integer not null, data text not null,
        primary key (site, device)
    ) strict;
    """

    before_floor: ClassVar[Mapping[str, str]] = {
        "minutes": "minute * 60 <= horizon(site, device)",
        "quarters": f"quarter * {QUARTER_S} <= horizon(site, device)",
        "newest": "unixepoch(time) <= horizon(site, device)",
    }

    def part(self, wanted: TimeRange, view: sqlite3.Connection) -> ViewPart | None:
        since, until = whole_quarters(wanted)
        first, last = since.timestamp(), until.timestamp()
        rows = {
            "minutes": ("site = ? and minute >= ? and minute < ?", (wanted.site, first // 60, last // 60)),
            "quarters": (
                "site = ? and quarter >= ? and quarter < ?",
                (wanted.site, first // QUARTER_S, last // QUARTER_S),
            ),
            "newest": ("site = ? and unixepoch(time) >= ? and unixepoch(time) < ?", (wanted.site, first, last)),
        }
        return ViewPart(since, until, rows)

    def settle_part(self, view: sqlite3.Connection, site: str) -> None:
        found = view.execute("select distinct site, device from minutes where site = ?", (site,))
        _prune(view, found.fetchall())

    def fold(self, view: sqlite3.Connection, batch: Sequence[Recorded], emit: Emit) -> None:
        minutes: dict[Key, MinuteValues] = {}
        newest: dict[tuple[str, str], Recorded] = {}
        for record in batch:
            if record.model is ThermalEvent:
                _measure(minutes, record)
                before = newest.setdefault(record.where, record)
                if _milliseconds(record) >= _milliseconds(before):
                    newest[record.where] = record
        _remember(view, newest.values())
        view.executemany(f"insert into minutes{_ADD}", _rows(minutes))
        view.executemany(f"insert into quarters{_ADD}", _rows(_by_quarter(minutes)))
        _prune(view, {key[:2] for key in minutes})


def _rows(values: Mapping[Key, MinuteValues]) -> list[tuple[Any, ...]]:
    return [(*key, each.low, each.high, each.total, each.count) for key, each in values.items()]


def _by_quarter(minutes: Mapping[Key, MinuteValues]) -> dict[Key, MinuteValues]:
    quarters: dict[Key, MinuteValues] = {}
    for (site, device, roi, minute), each in minutes.items():
        key = (site, device, roi, minute * 60 // QUARTER_S)
        known = quarters.get(key)
        if known is None:
            quarters[key] = replace(each)
        else:
            known.low, known.high = min(known.low, each.low), max(known.high, each.high)
            known.total += each.total
            known.count += each.count
    return quarters


def _prune(view: sqlite3.Connection, devices: Collection[DeviceKey]) -> None:
    prune(view, devices)
    prune(view, devices, "quarter", _KEPT_QUARTERS)


def _measure(minutes: dict[Key, MinuteValues], record: Recorded) -> None:
    where, minute, part = record.where, int(record.time_s // 60), record.decode(THERMAL).data
    for roi, low, high, mean in _measured(part):
        key = (*where, roi, minute)
        known = minutes.get(key)
        if known is None:
            known = minutes[key] = MinuteValues(low, high)
        known.add(low, high, mean)


def _measured(part: ThermalPart) -> Iterator[tuple[str, float, float, float]]:
    """Name, least, greatest and mean; the greatest is that of what was measured before filtering, where it is known."""
    stats = part.frame_stats
    yield FRAME, stats.min_temp, _greatest(stats.max_temp, part.peak_temp), stats.avg_temp
    for region in part.regions:
        yield _series_of(region.name), region.min_temp, _greatest(region.max_temp, region.peak_temp), region.avg_temp
    if part.composite_temperature is not None:
        yield COMPOSITE, part.composite_temperature, part.composite_temperature, part.composite_temperature


def _series_of(region: str) -> str:
    """A region may be named like one of our own series, as a composite insulator is."""
    return f"{region} (region)" if region in (FRAME, COMPOSITE) else region


def _greatest(filtered: float, peak: float | None) -> float:
    return filtered if peak is None else round(max(filtered, peak), 2)


def _milliseconds(record: Recorded) -> int:
    """The moment as the view has it: no later than its arrival, or a clock that is ahead would stay the newest."""
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
"""Regions of a sensor that are kept: those with most points."""


def temperatures(
    view: sqlite3.Connection,
    site: str,
    device: str,
    start: datetime,
    end: datetime,
    step_s: int = 60,
    zone: ZoneInfo = UTC,
) -> dict[str, list[Point]]:
    """The series of each ROI, with `frame` for all of it and `composite`; in steps of whole minutes, oldest first.
    Steps of hours and days begin by the clock of the zone.

    All of them: who shows them takes the first `MAX_SERIES` of `most_measured`.
    """
    is_by_quarter = step_s % QUARTER_S == 0
    table, width = ("quarter", QUARTER_S) if is_by_quarter else ("minute", 60)
    first, last = touched(start, end)
    begin = step_start(f"({table} * {width})", step_s, start, end, zone)
    # The key has the region before the time: of each region only the rows of that time are read.
    query = (
        f"with recursive known(name) as (select min(roi) from {table}s where site = ?1 and device = ?2 union all "  # noqa: S608 - our own names
        f"select (select min(roi) from {table}s where site = ?1 and device = ?2 and roi > known.name) from known "
        f"where known.name is not null) select roi, {begin} as start, min(low), max(high), "
        f"sum(total), sum(count) from known cross join {table}s on site = ?1 and device = ?2 and roi = known.name "
        f"and {table} >= ?3 and {table} < ?4 group by roi, start order by roi, start"
    )
    values = (site, device, first * 60 // width, -(-last * 60 // width))
    series: dict[str, list[Point]] = {}
    for roi, at, low, high, total, count in view.execute(query, values):
        series.setdefault(roi, []).append(Point(at, low, high, round(total / count / 1000, 3)))
    return series


def most_measured(series: Mapping[str, Sequence[Point]]) -> list[str]:
    """Their names: the whole frame and the composite, then the regions with most points."""
    return sorted(series, key=lambda name: (name not in (FRAME, COMPOSITE), -len(series[name]), name))


def newest_thermal(view: sqlite3.Connection, site: str, device: str) -> NewestThermalRow | None:
    query = "select time, position, data from newest where site = ? and device = ?"
    found = view.execute(query, (site, device)).fetchone()
    return None if found is None else NewestThermalRow(found[0], found[1], from_json(found[2]))
