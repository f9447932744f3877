"""Routes of the mosaics of past days: of which minutes there is one, and its picture."""

from pydantic import Field
from starlette.responses import Response

from consumers.engine.view_files import NoView
from consumers.views.mosaics.past_tiles import PastTiles, past_minutes, past_tile
from gateway.calls import Call, Operation
from gateway.http.answers import Answer
from gateway.http.parameters import OfSite
from gateway.http.problems import Problem
from gateway.reading.stores import Stores
from gateway.routes.media.minute_tiles import LAST_MINUTE, VIEW
from gateway.serving.ranges import matches


class MinuteSeries(Answer):
    """Minutes in equal steps."""

    first: int = Field(description="Counted from 1970.")
    count: int


class PastTilesAnswer(Answer):
    site: str
    every_minutes: int = Field(description="The step between two minutes of a series.")
    series: list[MinuteSeries] = Field(description="The minutes of past days of which there is a mosaic, oldest first.")


class OfPastMinute(OfSite):
    minute: int = Field(ge=0, le=LAST_MINUTE, description="The minute since 1970.")


async def minutes(call: Call[OfSite]) -> PastTilesAnswer:
    """The minutes older than 24 hours of which there is a mosaic of all devices."""
    site, every = call.parameters.site, call.gateway.hub.mosaic.past_every_minutes
    found = await call.gateway.ask(lambda stores: _minutes(stores, site))
    series: list[MinuteSeries] = []
    for minute in found:
        last = series[-1] if series else None
        if last is not None and minute == last.first + last.count * every:
            series[-1] = MinuteSeries(first=last.first, count=last.count + 1)
        else:
            series.append(MinuteSeries(first=minute, count=1))
    return PastTilesAnswer(site=site, every_minutes=every, series=series)


def _minutes(stores: Stores, site: str) -> list[int]:
    try:
        return past_minutes(stores.view(VIEW), site)
    except NoView:
        return []


async def picture(call: Call[OfPastMinute]) -> Response:
    """The mosaic of a past minute; a 404 where there is none."""
    asked, gateway = call.parameters, call.gateway
    tiles = PastTiles(gateway.hub.data / "tiles")

    def question(stores: Stores) -> tuple[str, bytes] | None:
        name = past_tile(stores.view(VIEW), asked.site, asked.minute)
        body = None if name is None else tiles.read(name)
        return None if name is None or body is None else (name, body)

    found = await gateway.ask(question)
    if found is None:
        raise Problem(404, f"there is no mosaic of {asked.site} of the minute {asked.minute} of a past day")
    name, body = found
    tag = f'"{name.rpartition("/")[2][:-4]}"'
    headers = {"ETag": tag, "Cache-Control": "private, max-age=86400"}
    if matches(call.request.headers.get("if-none-match"), tag):
        return Response(None, 304, headers)
    return Response(body, 200, headers, "image/jpeg")


OPERATIONS = [
    Operation("GET", "/api/v1/timeline/{site}/past", minutes, PastTilesAnswer, OfSite),
    Operation("GET", "/heatmaps/{site}/past/{minute}.jpg", picture, "image/jpeg", OfPastMinute, also=(304,)),
]
