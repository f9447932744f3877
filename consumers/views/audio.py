"""The view of loudness by the minute."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

from bus_schemas.camera import FrameEvent
from bus_schemas.event import Event
from consumers.engine.partial import VOLUME
from consumers.engine.projection import Emit, Projection
from consumers.engine.rebuild.time_range import TimeRange, ViewPart
from consumers.store.journal.record import Recorded
from consumers.views.minutes import MinuteValues, minutes_part, prune, touched
from consumers.views.steps import UTC, step_start


class AudioProjection(Projection):
    """Mean loudness by minute. Frames without a sound level are not counted."""

    name: ClassVar[str] = "audio"
    version: ClassVar[int] = 2
    models: ClassVar[tuple[type[Event], ...]] = (FrameEvent,)
    schema: ClassVar[str] = """
    create table if not exists minutes (
        site text not null, device text not null, minute integer not null, low real not null, high real not null,
        total integer not null, count integer not null, percent integer not null,
        primary key (site, device, minute)
    ) strict, without rowid;
    """

    before_floor: ClassVar[Mapping[str, str]] = {"minutes": "minute * 60 <= horizon(site, device)"}

    def part(self, wanted: TimeRange, view: sqlite3.Connection) -> ViewPart | None:
        return minutes_part(wanted)

    def settle_part(self, view: sqlite3.Connection, site: str) -> None:
        found = view.execute("select distinct site, device from minutes where site = ?", (site,))
        prune(view, found.fetchall())

    def fold(self, view: sqlite3.Connection, batch: Sequence[Recorded], emit: Emit) -> None:
        minutes: dict[tuple[str, str, int], tuple[MinuteValues, list[int]]] = {}
        for record in batch:
            if record.model is not FrameEvent:
                continue
            part = record.decode(VOLUME).data
            level = part.mean_volume_db
            if level is None:
                continue
            key = (*record.where, int(record.time_s // 60))
            minute, percents = minutes.setdefault(key, (MinuteValues(level, level), []))
            minute.add(level, level, level)
            percents.append(part.volume_percentage or 0)
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
        prune(view, {key[:2] for key in minutes})


@dataclass(frozen=True, slots=True)
class LoudnessPoint:
    start: int
    mean_db: float
    volume_percent: float


def loudness(
    view: sqlite3.Connection,
    site: str,
    device: str,
    start: datetime,
    end: datetime,
    step_s: int = 60,
    zone: ZoneInfo = UTC,
) -> list[LoudnessPoint]:
    """In steps of whole minutes, oldest first; those of hours and days begin by the clock of the zone."""
    begin = step_start("(minute * 60)", step_s, start, end, zone)
    found = view.execute(
        f"select {begin} as start, sum(total), sum(percent), sum(count) from minutes "  # noqa: S608 - our own numbers
        "where site = ?1 and device = ?2 and minute >= ?3 and minute < ?4 group by start order by start",
        (site, device, *touched(start, end)),
    )
    return [
        LoudnessPoint(at, round(total / count / 1000, 2), round(percent / count, 1))
        for at, total, percent, count in found
    ]
