"""The counts of one site on one local day: queried from the rows once, then updated with each insert."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from consumers.store.clickhouse.engine import Columns
from consumers.views.warehouse.tables import CAMERA_EVENTS
from producer.times import day_bounds

MAX_TRIGGERS = 50
"""The most frequent triggers of a day are counted by name; the others are counted together under `others`."""
MAX_ZONES = 200
"""The cameras with most events of a day have a zone each; the others share one, whose name no camera can have."""
OTHER_ZONES = "(others)"
QUARTER_S = 900

Hour = tuple[int, bool]
"""An hour of a local day, and whether it is the second of that name, after the clocks were set back."""
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

    def hour_of(self, quarter_s: int) -> Hour:
        """The hour of the local day in which a quarter is."""
        return _hour(quarter_s, self._zone)

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
                self._add((camera, _hour(quarter, self._zone), tuple(triggers)), people, 1)

    def answer(self, named: Iterable[str] = ()) -> dict[str, Any]:
        """The dashboard. Triggers that are named are in it even where they did not happen."""
        zones: dict[str, tuple[int, int]] = {}
        hours: dict[Hour, int] = {}
        named = tuple(named)
        critical = dict.fromkeys(named, 0)
        total = 0
        for (camera, hour, triggers), (peak, events) in self._counts.items():
            before = zones.get(camera, (0, 0))
            zones[camera] = (max(before[0], peak), before[1] + events)
            hours[hour] = max(hours.get(hour, 0), peak)
            total += events
            for trigger in triggers:
                critical[trigger] = critical.get(trigger, 0) + events
        return {
            "site_name": self._site,
            "date": self._day.isoformat(),
            "zones": {
                camera: {"peak": peak, "events": events, "intensity": intensity(peak)}
                for camera, (peak, events) in _busiest(zones)
            },
            "hourly": [
                {"hour": hour, "count": count, "intensity": intensity(count)}
                for (hour, _), count in sorted(hours.items())
            ],
            "critical_events": {**_most_frequent(critical, named), "total_events": total},
        }


def intensity(people: int) -> str:
    if people >= 7:
        return "high"
    return "medium" if people >= 4 else "low"


def quarter_of(time_ms: int) -> int:
    """In seconds since 1970. Rows are asked by quarters: hours of every zone consist of whole quarters of UTC hours."""
    return time_ms // 1000 // QUARTER_S * QUARTER_S


def quarters_of(columns: Columns) -> set[tuple[str, int]]:
    """In which quarters of which sites rows of cameras are."""
    sites, times = columns[_COLUMNS[0]], columns[_COLUMNS[2]]
    return {(site, quarter_of(time_ms)) for site, time_ms in zip(sites, times, strict=True)}


@lru_cache(maxsize=4096)
def _hour(quarter_s: int, zone: ZoneInfo) -> Hour:
    local = datetime.fromtimestamp(quarter_s, UTC).astimezone(zone)
    return local.hour, bool(local.fold)


def _busiest(zones: dict[str, tuple[int, int]]) -> list[tuple[str, tuple[int, int]]]:
    """By name; where they are too many, only those with most events, and one for all others."""
    if len(zones) <= MAX_ZONES:
        return sorted(zones.items())
    by_events = sorted(zones.items(), key=lambda zone: (-zone[1][1], zone[0]))
    shown, others = by_events[:MAX_ZONES], [zone for _, zone in by_events[MAX_ZONES:]]
    return [*sorted(shown), (OTHER_ZONES, (max(peak for peak, _ in others), sum(events for _, events in others)))]


def _most_frequent(counts: dict[str, int], named: Iterable[str]) -> dict[str, int]:
    """Those that are named always, and the most frequent of the rest.

    `others` are the events of what is left out, and `other_triggers` how many triggers that is; no trigger has such a
    name.
    """
    if len(counts) <= MAX_TRIGGERS:
        return counts
    always = {name: counts[name] for name in named}
    rest = sorted((name for name in counts if name not in always), key=lambda name: (-counts[name], name))
    room = max(0, MAX_TRIGGERS - len(always))
    shown, others = rest[:room], rest[room:]
    others_named = {"others": sum(counts[name] for name in others), "other_triggers": len(others)} if others else {}
    return {**always, **{name: counts[name] for name in shown}, **others_named}
