"""Temperatures and loudness by the minute, the newest thermal frame, and what was detected of late."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar

from pydantic_core import from_json

from bus_schemas.camera import DetectionEvent, FrameEvent
from bus_schemas.event import Event, iso
from bus_schemas.thermal import ThermalEvent
from consumers.journal.record import Recorded
from consumers.projection import Emit, Projection
from consumers.rebuilding.stretch import Part, Stretch, whole_minutes
from consumers.told import MEASURED, VOLUME

COMPOSITE = "composite"
FRAME = "frame"
KEPT_MINUTES = 31 * 24 * 60
KEPT_DETECTIONS = 5000


@dataclass(slots=True)
class _Minute:
    """What was measured in a minute. The total is in whole thousandths: integers add up alike in any order."""

    low: float
    high: float
    total: int = 0
    count: int = 0

    def add(self, low: float, high: float, mean: float) -> None:
        self.low, self.high = min(self.low, low), max(self.high, high)
        self.total += round(mean * 1000)
        self.count += 1


def _prune(view: sqlite3.Connection, table: str, keys: set[tuple[str, ...]], columns: str) -> None:
    """Forget the minutes of a series that are too far behind its newest."""
    where = " and ".join(f"{column} = ?{number}" for number, column in enumerate(columns.split(), 1))
    query = f"from {table} where {where}"
    view.executemany(
        f"delete {query} and minute < (select max(minute) {query}) - {KEPT_MINUTES}",
        sorted(keys),
    )


def _part(wanted: Stretch) -> Part:
    """Whole minutes, each made by the events of that minute alone."""
    since, until = whole_minutes(wanted)
    values = (wanted.site, since.timestamp() // 60, until.timestamp() // 60)
    return Part(since, until, {"minutes": ("site = ? and minute >= ? and minute < ?", values)})


class Temperatures(Projection):
    """Least, greatest and mean of each ROI, of the whole frame and of the composite, by minute of event time."""

    name: ClassVar[str] = "temperatures"
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

    def part(self, wanted: Stretch) -> Part | None:
        part = _part(wanted)
        values = (wanted.site, part.since.timestamp(), part.until.timestamp())
        newest = ("site = ? and unixepoch(time) >= ? and unixepoch(time) < ?", values)
        return replace(part, rows={**part.rows, "newest": newest})

    def settle_part(self, view: sqlite3.Connection, site: str) -> None:
        found = view.execute("select distinct site, device, roi from minutes where site = ?", (site,))
        _prune(view, "minutes", set(found.fetchall()), "site device roi")

    def fold(self, view: sqlite3.Connection, batch: Sequence[Recorded], emit: Emit) -> None:
        minutes: dict[tuple[str, str, str, int], _Minute] = {}
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
        _prune(view, "minutes", {key[:3] for key in minutes}, "site device roi")


def _measure(minutes: dict[tuple[str, str, str, int], _Minute], record: Recorded) -> None:
    where, minute, told = record.where, int(record.time_s // 60), record.told(MEASURED).data
    stats = told.frame_stats
    measured = [(FRAME, stats.min_temp, stats.max_temp, stats.avg_temp)]
    measured += [(region.name, region.min_temp, region.max_temp, region.avg_temp) for region in told.regions]
    if told.composite_temperature is not None:
        measured.append((COMPOSITE, *(told.composite_temperature,) * 3))
    for roi, low, high, mean in measured:
        key = (*where, roi, minute)
        known = minutes.get(key)
        if known is None:
            known = minutes[key] = _Minute(low, high)
        known.add(low, high, mean)


def _milliseconds(record: Recorded) -> int:
    """What the view holds of a moment."""
    return record.time_us // 1000


def _remember(view: sqlite3.Connection, newest: Iterable[Recorded]) -> None:
    view.executemany(
        "insert into newest values (?, ?, ?, ?, ?) on conflict do update set time = excluded.time, "
        "position = excluded.position, data = excluded.data where excluded.time >= time",
        [(*one.where, iso(one.event.time), one.position, _data(one)) for one in newest],
    )


def _data(record: Recorded) -> str:
    assert isinstance(record.event, ThermalEvent | DetectionEvent)
    return record.event.data.model_dump_json()


class Loudness(Projection):
    """Mean loudness by minute; what nobody could hear is not counted."""

    name: ClassVar[str] = "audio"
    models: ClassVar[tuple[type[Event], ...]] = (FrameEvent,)
    schema: ClassVar[str] = """
    create table if not exists minutes (
        site text not null, device text not null, minute integer not null, low real not null, high real not null,
        total integer not null, count integer not null, percent integer not null,
        primary key (site, device, minute)
    ) strict, without rowid;
    """

    before_floor: ClassVar[Mapping[str, str]] = {"minutes": "minute * 60 <= horizon(site, device)"}

    def part(self, wanted: Stretch) -> Part | None:
        return _part(wanted)

    def settle_part(self, view: sqlite3.Connection, site: str) -> None:
        found = view.execute("select distinct site, device from minutes where site = ?", (site,))
        _prune(view, "minutes", set(found.fetchall()), "site device")

    def fold(self, view: sqlite3.Connection, batch: Sequence[Recorded], emit: Emit) -> None:
        minutes: dict[tuple[str, str, int], tuple[_Minute, list[int]]] = {}
        for record in batch:
            if record.model is not FrameEvent:
                continue
            told = record.told(VOLUME).data
            level = told.mean_volume_db
            if level is None:
                continue
            key = (*record.where, int(record.time_s // 60))
            minute, percents = minutes.setdefault(key, (_Minute(level, level), []))
            minute.add(level, level, level)
            percents.append(told.volume_percentage or 0)
        view.executemany(
            "insert into minutes values (?, ?, ?, ?, ?, ?, ?, ?) on conflict do update set "
            "low = min(low, excluded.low), high = max(high, excluded.high), total = total + excluded.total, "
            "count = count + excluded.count, "
            "percent = percent + excluded.percent",
            [
                (*key, minute.low, minute.high, minute.total, minute.count, sum(percents))
                for key, (minute, percents) in minutes.items()
            ],
        )
        _prune(view, "minutes", {key[:2] for key in minutes}, "site device")


class Detections(Projection):
    """The detections of each device, as many of the newest as are kept."""

    name: ClassVar[str] = "detections"
    models: ClassVar[tuple[type[Event], ...]] = (DetectionEvent,)
    schema: ClassVar[str] = """
    create table if not exists detections (
        position integer primary key, site text not null, device text not null, at real not null, data text not null
    ) strict;
    create index if not exists detections_at on detections (site, device, at, position);
    """

    before_floor: ClassVar[Mapping[str, str]] = {"detections": "at <= horizon(site, device)"}

    def part(self, wanted: Stretch) -> Part | None:
        values = (wanted.site, wanted.since.timestamp(), wanted.until.timestamp())
        return Part(wanted.since, wanted.until, {"detections": ("site = ? and at >= ? and at < ?", values)})

    def settle_part(self, view: sqlite3.Connection, site: str) -> None:
        _keep_newest(
            view, view.execute("select distinct site, device from detections where site = ?", (site,)).fetchall()
        )

    def fold(self, view: sqlite3.Connection, batch: Sequence[Recorded], emit: Emit) -> None:
        found = [record for record in batch if record.model is DetectionEvent]
        view.executemany(
            "insert into detections values (?, ?, ?, ?, ?)",
            [(one.position, *one.where, one.time_s, _data(one)) for one in found],
        )
        _keep_newest(view, {one.where for one in found})


def _keep_newest(view: sqlite3.Connection, devices: Iterable[tuple[str, str]]) -> None:
    view.executemany(
        "delete from detections where site = ?1 and device = ?2 and (at, position) < (select at, position "
        "from detections where site = ?1 and device = ?2 order by at desc, position desc limit 1 offset ?3)",
        [(*device, KEPT_DETECTIONS - 1) for device in sorted(devices)],
    )


# Questions


@dataclass(frozen=True, slots=True)
class Point:
    """A stretch of a trend; `start` in seconds since 1970, values in °C or dB."""

    start: int
    low: float
    high: float
    mean: float


@dataclass(frozen=True, slots=True)
class LoudnessPoint:
    start: int
    mean_db: float
    volume_percent: float


@dataclass(frozen=True, slots=True)
class NewestThermal:
    """The newest thermal event of a device: when, where in the journal, and its data."""

    time: str
    position: int
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class DetectionAnswer:
    time: float
    position: int
    data: dict[str, Any]


def temperatures(
    view: sqlite3.Connection, site: str, device: str, start: datetime, end: datetime, step_s: int = 60
) -> dict[str, list[Point]]:
    """The series of each ROI, with `frame` for all of it and `composite`; in steps of whole minutes, oldest first."""
    step = max(1, step_s // 60)
    found = view.execute(
        "select roi, minute / ?5 * ?5 * 60 as start, min(low), max(high), sum(total), sum(count) from minutes "
        "where site = ?1 and device = ?2 and minute >= ?3 and minute < ?4 group by roi, start order by roi, start",
        (site, device, *_minutes(start, end), step),
    )
    series: dict[str, list[Point]] = {}
    for roi, at, low, high, total, count in found:
        series.setdefault(roi, []).append(Point(at, low, high, round(total / count / 1000, 3)))
    return series


def loudness(
    view: sqlite3.Connection, site: str, device: str, start: datetime, end: datetime, step_s: int = 60
) -> list[LoudnessPoint]:
    """In steps of whole minutes, oldest first."""
    step = max(1, step_s // 60)
    found = view.execute(
        "select minute / ?5 * ?5 * 60 as start, sum(total), sum(percent), sum(count) from minutes "
        "where site = ?1 and device = ?2 and minute >= ?3 and minute < ?4 group by start order by start",
        (site, device, *_minutes(start, end), step),
    )
    return [
        LoudnessPoint(at, round(total / count / 1000, 2), round(percent / count, 1))
        for at, total, percent, count in found
    ]


def newest_thermal(view: sqlite3.Connection, site: str, device: str) -> NewestThermal | None:
    query = "select time, position, data from newest where site = ? and device = ?"
    found = view.execute(query, (site, device)).fetchone()
    return None if found is None else NewestThermal(found[0], found[1], from_json(found[2]))


def detections(
    view: sqlite3.Connection, site: str, device: str, start: datetime, end: datetime, limit: int = 100
) -> list[DetectionAnswer]:
    """Newest first."""
    found = view.execute(
        "select at, position, data from detections where site = ? and device = ? and at >= ? and at < ? "
        "order by at desc, position desc limit ?",
        (site, device, start.timestamp(), end.timestamp(), limit),
    )
    return [DetectionAnswer(at, position, from_json(data)) for at, position, data in found]


def _minutes(start: datetime, end: datetime) -> tuple[int, int]:
    """The minutes that a span touches, half open."""
    return int(start.timestamp() // 60), -int(-end.timestamp() // 60)
