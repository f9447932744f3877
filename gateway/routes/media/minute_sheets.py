"""Route of sheets of minutes: the mosaics of half an hour in one picture, for whoever moves along the timeline."""

from asyncio import to_thread
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
from gateway.serving.ranges import matches
from gateway.serving.sprites import SheetLayout

VIEW = "mosaics"
LAST_MINUTE = 2**32
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

    def question(stores: Stores) -> tuple[str, bytes | None, dict[int, bytes]]:
        names = tile_names(stores.view(VIEW), asked.site, asked.first, MINUTES)
        name = sha256("".join(names.values()).encode()).hexdigest()[:32]
        known = gateway.sprites.get(name) if names else None
        read = {} if known is not None else {at - asked.first: tiles.read(one) for at, one in names.items()}
        return name, known, {number: body for number, body in read.items() if body is not None}

    name, known, pictures = await gateway.ask(question)
    if known is None and not pictures:
        raise Problem(404, f"there are no mosaics of {asked.site} in the {MINUTES} minutes from {asked.first}")
    headers = {"ETag": f'"{name}"', "Cache-Control": "private, no-cache"}
    if matches(call.request.headers.get("if-none-match"), f'"{name}"'):
        return Response(None, 304, headers)
    if known is None:
        known = await to_thread(_drawn, pictures)
        gateway.sprites.put(name, known)
    return Response(known, 200, headers, "image/jpeg")


def _drawn(pictures: Mapping[int, bytes]) -> bytes:
    from gateway.serving.sprite_drawing import fitted, sprite_sheet  # with numpy, where somebody moves along

    width, height = fitted(pictures[max(pictures)], WIDTH, HEIGHT)
    return sprite_sheet(pictures, SheetLayout(COLUMNS, ROWS, width, height))


OPERATIONS = [
    Operation("GET", "/heatmaps/{site}/sheets/{first}.jpg", sheet, "image/jpeg", OfSheet, also=(304,)),
]
