"""Values by the minute: how they are summed, how long they are kept, and which minutes a partial rebuild covers."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from consumers.engine.rebuild.time_range import TimeRange, ViewPart, whole_minutes
from consumers.store.journal.record import DeviceKey

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


def prune(
    view: sqlite3.Connection, devices: Iterable[DeviceKey], step: str = "minute", kept: int = KEPT_MINUTES
) -> None:
    """Forget the steps that are too far behind the newest of their device, whatever series they are of: one may have
    ended, as that of a region that was renamed. The table has the name of its step, and an index by device and step.
    """
    of_device = f"from {step}s where site = ?1 and device = ?2"
    view.executemany(
        f"delete {of_device} and {step} < (select max({step}) {of_device}) - ?3",
        [(*device, kept) for device in sorted(devices)],
    )


def minutes_part(wanted: TimeRange) -> ViewPart:
    """Whole minutes, each made by the events of that minute alone."""
    since, until = whole_minutes(wanted)
    values = (wanted.site, since.timestamp() // 60, until.timestamp() // 60)
    return ViewPart(since, until, {"minutes": ("site = ? and minute >= ? and minute < ?", values)})


def touched(start: datetime, end: datetime) -> tuple[int, int]:
    """The minutes that a span touches, half open."""
    return int(start.timestamp() // 60), -int(-end.timestamp() // 60)
