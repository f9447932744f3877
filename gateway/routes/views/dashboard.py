"""Routes of the dashboard: counts of the cameras of a site on a local day, and over time."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from pydantic import Field
from starlette.responses import Response

from consumers.views.dashboard import BadQuestion
from consumers.views.warehouse.questions import SteppedTimeRange
from consumers.views.warehouse.reader import WarehouseReader
from gateway.calls import JSON, Call, Operation
from gateway.context import Gateway
from gateway.http import parameters
from gateway.http.answers import Answer
from gateway.http.parameters import OfSite, OnDate
from gateway.http.problems import Problem
from gateway.reading.calendar import today
from gateway.reading.dashboards import Encoded, counted
from gateway.routes.lookup import require_site, zone_of_site
from gateway.serving.ranges import matches

OVER_FOR_S = 300
"""So long a browser shows a day that is over without asking again."""


class BusyZone(Answer):
    peak: int
    events: int
    intensity: str


class Hour(Answer):
    hour: int = Field(ge=0, le=23)
    repeated: bool = Field(description="Whether it is the second of that name, after the clocks were set back.")
    count: int = Field(description="The most people that one camera saw at once in this hour.")
    intensity: str


class Dashboard(Answer):
    """Its keys are those that dashboards of before know."""

    site_name: str
    date: str
    zones: dict[str, BusyZone] = Field(description="By camera. Of more than 200 the busiest, and one `(others)`.")
    hourly: list[Hour] = Field(
        description="In their order, those in which something was counted. An hour may be there twice on a day "
        "on which the clocks of the site were set back."
    )
    critical_events: dict[str, int] = Field(
        description="By trigger, and `total_events`: all rows of the day. Of more than 50 triggers those that happened "
        "most often, then `others`, the events of the others, and `other_triggers`, how many those are."
    )


class CameraCounts(Answer):
    cam_name: str
    points: list[tuple[int, int]] = Field(description="Milliseconds since 1970, and people.")


class People(Answer):
    step_s: int
    cameras: list[CameraCounts]
    site: list[tuple[int, int]] = Field(description="All cameras at once, that is within ten seconds.")


class SiteDay(OnDate, OfSite):
    """A site and a day."""


class OverTime(parameters.TimeRangeParameters, OfSite):
    step: int = Field(default=60, ge=1, le=86_400, description="Seconds.")


async def dashboard(call: Call[SiteDay]) -> Response:
    """People by camera and by hour, and triggers, on one day of the site."""
    gateway, site = call.gateway, call.parameters.site
    zone = await zone_of_site(gateway, site)
    # One reading of the clock: the rows and the label are of the same day, also at midnight.
    now = today(gateway.clock(), zone)
    day = call.parameters.date or now
    made = await _counted(gateway, site, day, zone)
    # A day that is over only changes by what comes late.
    fresh = f"private, max-age={OVER_FOR_S}" if day < now else "private, no-cache"
    headers = {"ETag": made.tag, "Cache-Control": fresh}
    if matches(call.request.headers.get("if-none-match"), made.tag):
        return Response(None, 304, headers)
    return Response(made.body, 200, headers, JSON)


async def _counted(gateway: Gateway, site: str, day: date, zone: ZoneInfo) -> Encoded:
    """From the view where that holds all of the day, else from the rows."""
    key, now = (site, day, zone.key), gateway.dashboards.stamp()
    made = gateway.dashboards.get(key, now)
    if made is not None:
        return made
    try:
        made = await gateway.ask_together(
            ("dashboard", *key), lambda stores: counted(stores, site, day, zone, gateway.hub.triggers)
        )
    except BadQuestion as bad:
        raise Problem(400, str(bad)) from bad
    if made is None:
        return await gateway.rows.dashboard(site, day, zone.key)
    gateway.dashboards.put(key, made, now)
    return made


async def people(call: Call[OverTime]) -> People:
    """The most people of each step, by camera and for the site."""
    gateway, asked = call.gateway, call.parameters
    await require_site(gateway, asked.site)
    start, end = asked.bounds(gateway.clock(), timedelta(hours=24))

    def question(warehouse: WarehouseReader) -> People:
        return People(**warehouse.people_over_time(asked.site, SteppedTimeRange(start, end, asked.step)))

    return await gateway.rows.ask(question)


OPERATIONS = [
    Operation("GET", "/api/v1/dashboard/{site}", dashboard, Dashboard, SiteDay, also=(304,)),
    Operation("GET", "/api/v1/sites/{site}/people", people, People, OverTime),
]
