"""Queries of the warehouse rows: the dashboard of a day, people over time, temperatures."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import gcd
from typing import Any
from zoneinfo import ZoneInfo

from bus_schemas.event import iso
from consumers.store.clickhouse.engine import Engine, Parameter
from consumers.views.dashboard import BadQuestion, hour_of, seconds_of_day
from consumers.views.temperatures import MAX_SERIES
from consumers.views.warehouse.day_counts import DayCounts

AT_ONCE_S = 10
"""A camera says at least so often how many people it sees, for as long as there are any."""
DAY_S = 86_400
MAX_STEPS = 10_000

# One question at one moment, so that its parts agree. Put in quarters of an hour, as the summary of the table is kept.
_DAY = """
select cam_name, %s as hour, event_triggers, max(people_count), count()
from camera_events
where site_name = {site:String}
  and toStartOfFifteenMinutes(ts) >= toDateTime({start:Int64}, 'UTC')
  and toStartOfFifteenMinutes(ts) < toDateTime({end:Int64}, 'UTC')
group by cam_name, hour, event_triggers
settings max_threads = 1
"""
_BY_HOUR = _DAY % "toHour(toStartOfFifteenMinutes(ts), {zone:String})"
_BY_QUARTER = _DAY % "toUnixTimestamp(toStartOfFifteenMinutes(ts))"
"""For a day of which an hour is there twice, or not at all; it has four times as many rows."""

_CHANGED = """
select distinct site_name, toUnixTimestamp(toStartOfFifteenMinutes(ts))
from camera_events
where position > {after:UInt64} and position <= {upto:UInt64}
"""

_PEOPLE = """
select cam_name, intDiv(toUnixTimestamp(ts), {step:UInt32}) * {step:UInt32} as bucket, max(people_count)
from camera_events
where site_name = {site:String} and ts >= toDateTime({start:Int64}, 'UTC') and ts < toDateTime({end:Int64}, 'UTC')
group by cam_name, bucket
order by cam_name, bucket
settings max_threads = 1
"""

_PEOPLE_AT_ONCE = """
select intDiv(at, {step:UInt32}) * {step:UInt32} as bucket, max(people)
from (
    select at, sum(peak) as people
    from (
        select cam_name, intDiv(toUnixTimestamp(ts), {once:UInt32}) * {once:UInt32} as at, max(people_count) as peak
        from camera_events
        where site_name = {site:String}
          and ts >= toDateTime({start:Int64}, 'UTC') and ts < toDateTime({end:Int64}, 'UTC')
        group by cam_name, at
    )
    group by at
)
group by bucket
order by bucket
settings max_threads = 1
"""

_TEMPERATURES = """
select scope, roi, intDiv(toUnixTimestamp(ts), {step:UInt32}) * {step:UInt32} as bucket,
       round(toFloat64(min(min_temp)), 2), round(toFloat64(max(max_temp)), 2), round(avg(avg_temp), 2)
from thermal_readings
where site = {site:String} and device = {device:String}
  and ts >= toDateTime({start:Int64}, 'UTC') and ts < toDateTime({end:Int64}, 'UTC')
group by scope, roi, bucket
order by scope, roi, bucket
settings max_threads = 1
"""


@dataclass(frozen=True, slots=True)
class SteppedTimeRange:
    """A time range, half open, and the length of its steps. Raises `BadQuestion` for one that has no answer."""

    start: datetime
    end: datetime
    step_s: int

    def __post_init__(self) -> None:
        if self.step_s < 1 or self.end <= self.start:
            raise BadQuestion("a question over time needs a step of a second or more, and an end after its start")
        if self.start.year < 1971 or self.end.year > 2100:
            raise BadQuestion(f"no rows are kept of {iso(self.start)} to {iso(self.end)}: ask from 1971 to 2100")
        steps = (self.end - self.start) // timedelta(seconds=self.step_s)
        if steps > MAX_STEPS:
            raise BadQuestion(f"steps of {self.step_s} s are {steps} in this span; at most {MAX_STEPS} are given")

    def parameters(self) -> dict[str, Parameter]:
        return {"start": int(self.start.timestamp()), "end": int(self.end.timestamp()), "step": self.step_s}


def dashboard(engine: Engine, site: str, day: date, zone: str, triggers: Iterable[str] = ()) -> dict[str, Any]:
    """The counts of the cameras of a site on a local day; `triggers` are named even where they did not happen."""
    return counts_of_day(engine, site, day, zone).answer(triggers)


def counts_of_day(engine: Engine, site: str, day: date, zone: str) -> DayCounts:
    """Raises `BadQuestion`."""
    local = ZoneInfo(zone)
    start, end = seconds_of_day(day, local)
    counts = DayCounts(site, day, local)
    asked: dict[str, Parameter] = {"site": site, "start": start, "end": end}
    if end - start == DAY_S:
        rows = engine.query(_BY_HOUR, {**asked, "zone": zone})
        counts.add((camera, (hour, False), *rest) for camera, hour, *rest in rows)
    else:
        rows = engine.query(_BY_QUARTER, asked)
        counts.add((camera, hour_of(quarter, local), *rest) for camera, quarter, *rest in rows)
    return counts


def changed_quarters(engine: Engine, after: int, upto: int) -> set[tuple[str, int]]:
    """In which quarters of which sites rows of cameras are whose events have these positions."""
    return {(site, int(quarter)) for site, quarter in engine.query(_CHANGED, {"after": after, "upto": upto})}


def people_over_time(engine: Engine, site: str, span: SteppedTimeRange) -> dict[str, Any]:
    """The most people of each step by camera, and of the site: of all its cameras at once.

    At once is within `AT_ONCE_S`. The maxima of the cameras in a longer step may be of other moments, and who walks
    from one to the next would be counted twice.
    """
    asked: dict[str, Parameter] = {"site": site, **span.parameters()}
    cameras: dict[str, list[tuple[int, int]]] = {}
    for camera, bucket, people in engine.query(_PEOPLE, asked):
        cameras.setdefault(camera, []).append((bucket * 1000, people))
    whole = engine.query(_PEOPLE_AT_ONCE, {**asked, "once": gcd(span.step_s, AT_ONCE_S)})
    return {
        "step_s": span.step_s,
        "cameras": [{"cam_name": camera, "points": points} for camera, points in cameras.items()],
        "site": [(bucket * 1000, people) for bucket, people in whole],
    }


def temperatures(engine: Engine, site: str, device: str, span: SteppedTimeRange) -> dict[str, Any]:
    """°C of a sensor by step: [epoch milliseconds, least, most, mean] for each ROI, the frame and the composite."""
    asked: dict[str, Parameter] = {"site": site, "device": device, **span.parameters()}
    series: dict[tuple[str, str], list[tuple[int, float, float, float]]] = {}
    for scope, roi, bucket, least, most, mean in engine.query(_TEMPERATURES, asked):
        series.setdefault((scope, roi), []).append((bucket * 1000, least, most, mean))
    left_out = len(series) - MAX_SERIES
    if left_out > 0:
        series = dict(sorted(series.items(), key=lambda one: (one[0][0] == "roi", -len(one[1]), one[0]))[:MAX_SERIES])
    if ("roi", "full_frame") in series:
        # A region that is the whole frame was measured with its own emissivity, and is the one that was asked for.
        series.pop(("frame", "full_frame"), None)
    return {
        "step_s": span.step_s,
        "series": [
            {"roi": roi, "scope": scope, "unit": "°C", "points": points} for (scope, roi), points in series.items()
        ],
    }
