"""The dashboard of a local day of a site: how it is made of counts, wherever those were counted."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from producer.times import day_bounds

MAX_TRIGGERS = 50
"""The most frequent triggers of a day are counted by name; the others are counted together under `others`."""
MAX_ZONES = 200
"""The cameras with most events of a day have a zone each; the others share one, whose name no camera can have."""
OTHER_ZONES = "(others)"
QUARTER_S = 900
"""Events are counted by quarters: hours of every zone consist of whole quarters of UTC hours."""

Hour = tuple[int, bool]
"""An hour of a local day, and whether it is the second of that name, after the clocks were set back."""


class BadQuestion(ValueError):
    """The question cannot be answered as it was put; the message says why."""


@dataclass(slots=True)
class DayTotals:
    """The counts of a day. `zones` are by camera: the most people at once, and events; `hours` are the most
    people that one camera saw at once; `triggers` are the events that had each.
    """

    zones: dict[str, tuple[int, int]] = field(default_factory=dict)
    hours: dict[Hour, int] = field(default_factory=dict)
    triggers: dict[str, int] = field(default_factory=dict)
    events: int = 0


def seconds_of_day(day: date, zone: ZoneInfo) -> tuple[int, int]:
    """At which a local day begins and ends, since 1970. Raises `BadQuestion`."""
    if not 1972 <= day.year <= 2100:
        raise BadQuestion(f"no rows are kept of {day}: a date from 1972 to 2100 is needed")
    start, end = day_bounds(day, zone)
    return int(start.timestamp()), int(end.timestamp())


@lru_cache(maxsize=4096)
def hour_of(quarter_s: int, zone: ZoneInfo) -> Hour:
    """The hour of the local day in which a quarter is, that begins so many seconds after 1970."""
    local = datetime.fromtimestamp(quarter_s, UTC).astimezone(zone)
    return local.hour, bool(local.fold)


def dashboard_of(site: str, day: date, totals: DayTotals, named: Iterable[str] = ()) -> dict[str, Any]:
    """The answer. Triggers that are named are in it even where they did not happen."""
    named = tuple(named)
    critical = {**dict.fromkeys(named, 0), **totals.triggers}
    return {
        "site_name": site,
        "date": day.isoformat(),
        "zones": {
            camera: {"peak": peak, "events": events, "intensity": intensity(peak)}
            for camera, (peak, events) in _busiest(totals.zones)
        },
        "hourly": [
            {"hour": hour, "repeated": is_second, "count": count, "intensity": intensity(count)}
            for (hour, is_second), count in sorted(totals.hours.items())
        ],
        "critical_events": {**_most_frequent(critical, named), "total_events": totals.events},
    }


def intensity(people: int) -> str:
    if people >= 7:
        return "high"
    return "medium" if people >= 4 else "low"


def _busiest(zones: Mapping[str, tuple[int, int]]) -> list[tuple[str, tuple[int, int]]]:
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
