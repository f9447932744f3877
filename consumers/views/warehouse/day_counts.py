"""The counts of one site on one local day: queried from the rows once, then updated with each insert."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from consumers.store.clickhouse.engine import Columns
from consumers.views.dashboard import QUARTER_S, DayTotals, Hour, dashboard_of, hour_of
from consumers.views.warehouse.tables import CAMERA_EVENTS
from producer.times import day_bounds

Counted = tuple[str, Hour, Sequence[str], int, int]
"""Camera, hour, triggers, most people at once, events."""

_COLUMNS = [CAMERA_EVENTS.column_names.index(name) for name in
            ("site_name", "cam_name", "ts", "people_count", "event_triggers")]  # fmt: skip


class DayCounts:
    """Most people and events by camera, hour and triggers."""

    def __init__(self, site: str, day: date, zone: ZoneInfo) -> None:
        self._site, self._day, self._zone = site, day, zone
        self._start_s, self._end_s = (int(moment.timestamp()) for moment in day_bounds(day, zone))
        self._counts: dict[tuple[str, Hour, tuple[str, ...]], tuple[int, int]] = {}

    def add(self, counted: Iterable[Counted]) -> None:
        for camera, hour, triggers, peak, events in counted:
            self._add((camera, hour, tuple(triggers)), peak, events)

    def _add(self, key: tuple[str, Hour, tuple[str, ...]], peak: int, events: int) -> None:
        before = self._counts.get(key, (0, 0))
        self._counts[key] = (max(before[0], peak), before[1] + events)

    def __len__(self) -> int:
        return len(self._counts)

    def is_in(self, quarters: Iterable[tuple[str, int]]) -> bool:
        """Whether any of these quarters of a site is of this day."""
        return any(site == self._site and self._start_s <= quarter < self._end_s for site, quarter in quarters)

    def take(self, columns: Columns) -> None:
        """Count the rows of this day among rows of cameras."""
        for site, camera, time_ms, people, triggers in zip(*(columns[index] for index in _COLUMNS), strict=True):
            quarter = quarter_of(time_ms)
            if site == self._site and self._start_s <= quarter < self._end_s:
                self._add((camera, hour_of(quarter, self._zone), tuple(triggers)), people, 1)

    def answer(self, named: Iterable[str] = ()) -> dict[str, Any]:
        """The dashboard. Triggers that are named are in it even where they did not happen."""
        totals = DayTotals()
        zones, hours, critical = totals.zones, totals.hours, totals.triggers
        for (camera, hour, triggers), (peak, events) in self._counts.items():
            before = zones.get(camera, (0, 0))
            zones[camera] = (max(before[0], peak), before[1] + events)
            hours[hour] = max(hours.get(hour, 0), peak)
            totals.events += events
            for trigger in triggers:
                critical[trigger] = critical.get(trigger, 0) + events
        return dashboard_of(self._site, self._day, totals, named)


def quarter_of(time_ms: int) -> int:
    """In seconds since 1970."""
    return time_ms // 1000 // QUARTER_S * QUARTER_S


def quarters_of(columns: Columns) -> set[tuple[str, int]]:
    """In which quarters of which sites rows of cameras are."""
    sites, times = columns[_COLUMNS[0]], columns[_COLUMNS[2]]
    return {(site, quarter_of(time_ms)) for site, time_ms in zip(sites, times, strict=True)}
