"""Values by the minute: how they are summed, how long they are kept, and which minutes a partial rebuild covers."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from consumers.engine.rebuild.time_range import TimeRange, ViewPart, whole_minutes

KEPT_MINUTES = 31 * 24 * 60


@dataclass(slots=True)
class MinuteValues:
    """The values of one minute. The total is in whole thousandths, because integers have the same sum in any order."""

    low: float
    high: float
    total: int = 0
    count: int = 0

    def add(self, low: float, high: float, mean: float) -> None:
        self.low, self.high = min(self.low, low), max(self.high, high)
        self.total += round(mean * 1000)
        self.count += 1


def prune(view: sqlite3.Connection, table: str, keys: set[tuple[str, ...]], columns: str) -> None:
    """Forget the minutes of a series that are too far behind its newest."""
    where = " and ".join(f"{column} = ?{number}" for number, column in enumerate(columns.split(), 1))
    query = f"from {table} where {where}"
    view.executemany(
        f"delete {query} and minute < (select max(minute) {query}) - {KEPT_MINUTES}",
        sorted(keys),
    )


def minutes_part(wanted: TimeRange) -> ViewPart:
    """Whole minutes, each made by the events of that minute alone."""
    since, until = whole_minutes(wanted)
    values = (wanted.site, since.timestamp() // 60, until.timestamp() // 60)
    return ViewPart(since, until, {"minutes": ("site = ? and minute >= ? and minute < ?", values)})


def touched(start: datetime, end: datetime) -> tuple[int, int]:
    """The minutes that a span touches, half open."""
    return int(start.timestamp() // 60), -int(-end.timestamp() // 60)
