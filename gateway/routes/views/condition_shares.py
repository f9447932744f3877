"""Route of the longer timeline: for how long each device of a site was in which condition, by buckets of time."""

from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from consumers.engine.view_files import NoView
from consumers.views.condition_minutes import KEPT_DAYS
from consumers.views.condition_minutes.codes import CODES
from gateway.calls import Call, Operation
from gateway.http.answers import Answer, Time
from gateway.http.parameters import OfSite, TimeRangeParameters
from gateway.http.problems import Problem
from gateway.reading.stores import Stores
from gateway.routes.lookup import zone_of_site
from producer.times import DAY, EPOCH, HOUR, MINUTE, day_bounds, moment_of_seconds

VIEW = "condition_minutes"
MOST_BUCKETS = 400
CLOSING = timedelta(seconds=10)
"""A minute counts once everything that was seen in it may have arrived."""

Step = Literal["minute", "quarter", "hour", "day"]
_LENGTHS = {"minute": MINUTE, "quarter": 15 * MINUTE, "hour": HOUR}


class DeviceSharesAnswer(Answer):
    device: str
    minutes: list[list[int]] = Field(
        description="For each bucket, how many of its minutes the device was in each of the conditions."
    )
    worst: list[str | None] = Field(
        description="For each bucket the worst type of incident or fault, of equally bad ones that of most minutes."
    )


class ConditionShares(Answer):
    site: str
    step: Step
    conditions: list[str] = Field(
        description="From the least to the most urgent; `no_data` where nothing was received."
    )
    edges: list[Time] = Field(description="Where the buckets begin, and at last the end. A day has 23 to 25 hours.")
    devices: list[DeviceSharesAnswer] = Field(description="Those of which anything is known in this time, by name.")


class OfShares(TimeRangeParameters, OfSite):
    """A time range, widened to whole buckets; what has not happened yet is left out."""

    step: Step = Field(default="hour", description="Of `day`: a calendar day in the site's zone.")


async def condition_shares(call: Call[OfShares]) -> ConditionShares:
    """For how many minutes each device was in which condition, by buckets of the last 90 days."""
    asked, gateway = call.parameters, call.gateway
    zone = await zone_of_site(gateway, asked.site)
    now = gateway.clock()
    edges = edges_of(asked, zone, now - CLOSING)
    found = await gateway.ask(lambda stores: _shares(stores, asked.site, edges)) if edges else []
    return ConditionShares(
        site=asked.site,
        step=asked.step,
        conditions=list(CODES),
        edges=[moment_of_seconds(minute * 60) for minute in edges],
        devices=found,
    )


def edges_of(asked: OfShares, zone: ZoneInfo, now: datetime) -> list[int]:
    """In minutes since 1970; none where no bucket has begun. Raises a 400 for too many."""
    start, end = asked.bounds(now)
    start, end = max(start, now - (KEPT_DAYS + 1) * DAY), min(end, now)
    if start >= end:
        return []
    edges = _days(start, end, zone) if asked.step == "day" else _even(start, end, _LENGTHS[asked.step])
    newest = (now - EPOCH) // MINUTE
    begun = [edge for edge in edges[:-1] if edge < newest]
    return [*begun, min(edges[-1], newest)] if begun else []


def _even(start: datetime, end: datetime, length: timedelta) -> list[int]:
    first, last = (start - EPOCH) // length, -((EPOCH - end) // length)
    if last - first > MOST_BUCKETS:
        raise Problem(400, f"these are {last - first} buckets; ask for a longer step, or for at most {MOST_BUCKETS}")
    return [number * (length // MINUTE) for number in range(first, last + 1)]


def _days(start: datetime, end: datetime, zone: ZoneInfo) -> list[int]:
    """A day that a zone has left out is no bucket."""
    day = start.astimezone(zone).date()
    moments = [day_bounds(day, zone)[0]]
    while moments[-1] < end:
        day += DAY
        moments.append(day_bounds(day, zone)[0])
    return sorted({(moment - EPOCH) // MINUTE for moment in moments})


def _shares(stores: Stores, site: str, edges: list[int]) -> list[DeviceSharesAnswer]:
    from consumers.views.condition_minutes.shares import shares

    try:
        found = shares(stores.view(VIEW), site, edges)
    except NoView:
        return []
    return [DeviceSharesAnswer.model_validate(one) for one in found]


OPERATIONS = [
    Operation("GET", "/api/v1/timeline/{site}/conditions", condition_shares, ConditionShares, OfShares),
]
