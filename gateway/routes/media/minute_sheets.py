"""Route of sheets of minutes: the mosaics of half an hour in one picture, for whoever moves along the timeline."""

from collections.abc import Mapping
from hashlib import sha256

from pydantic import Field, field_validator
from starlette.responses import Response

from consumers.views.mosaics.questions import tile_names
from consumers.views.mosaics.tiles import Tiles
from gateway.calls import Call, Operation
from gateway.http.parameters import OfSite
from gateway.http.problems import Problem
from gateway.reading.stores import Stores
from gateway.routes.media.minute_tiles import LAST_MINUTE, VIEW
from gateway.serving.ranges import matches
from gateway.serving.sprites import SheetLayout

COLUMNS, ROWS = 5, 6
MINUTES = COLUMNS * ROWS
WIDTH, HEIGHT = 480, 360
"""Room for one mosaic; a place has the shape of the newest one on the sheet."""


class OfSheet(OfSite):
    first: int = Field(ge=0, le=LAST_MINUTE, description=f"The first minute since 1970, a multiple of {MINUTES}.")
    n: int | None = Field(
        default=None, ge=0, description="Changes nothing; another number is another address, which a page loads again."
    )

    @field_validator("first")
    @classmethod
    def _whole(cls, first: int) -> int:
        if first % MINUTES:
            raise ValueError(f"a multiple of {MINUTES} is needed")
        return first


async def sheet(call: Call[OfSheet]) -> Response:
    """The mosaics of half an hour, one of each minute in its place, row by row; a 404 where there is none."""
    asked, gateway = call.parameters, call.gateway
    tiles = Tiles(gateway.hub.data / "tiles")

    def question(stores: Stores) -> dict[int, str]:
        return tile_names(stores.view(VIEW), asked.site, asked.first, MINUTES)

    names = {at - asked.first: name for at, name in (await gateway.ask(question)).items()}
    missing = Problem(404, f"there are no mosaics of {asked.site} in the {MINUTES} minutes from {asked.first}")
    if not names:
        raise missing
    name = sha256("".join(names.values()).encode()).hexdigest()[:32]
    headers = {"ETag": f'"{name}"', "Cache-Control": "private, no-cache"}
    if matches(call.request.headers.get("if-none-match"), f'"{name}"'):
        return Response(None, 304, headers)
    known = gateway.sprites.get(name)
    if known is None:
        known = await gateway.shared.drawn(name, lambda: gateway.shared.in_thread(_drawn, tiles, names))
        if known is None:
            raise missing
        gateway.sprites.put(name, known)
    return Response(known, 200, headers, "image/jpeg")


def _drawn(tiles: Tiles, names: Mapping[int, str]) -> bytes | None:
    """`None` where the files of all of them are gone."""
    pictures = {number: body for number, name in names.items() if (body := tiles.read(name)) is not None}
    if not pictures:
        return None
    from gateway.serving.sprite_drawing import fitted, sprite_sheet  # with numpy, where somebody moves along

    width, height = fitted(pictures[max(pictures)], WIDTH, HEIGHT)
    return sprite_sheet(pictures, SheetLayout(COLUMNS, ROWS, width, height))


OPERATIONS = [
    Operation("GET", "/heatmaps/{site}/sheets/{first}.jpg", sheet, "image/jpeg", OfSheet, also=(304,)),
]
