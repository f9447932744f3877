"""Routes of sprite sheets: the small pictures of an hour in one picture, and where each of them stands."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256

from pydantic import Field
from starlette.responses import Response

from consumers.store.archive.copies import ObjectRange
from consumers.store.archive.reader import StoredMedium
from gateway.calls import Call, Operation
from gateway.context import Gateway
from gateway.http.answers import Answer, Time
from gateway.http.parameters import Day, Key, OfDevice
from gateway.http.problems import Problem
from gateway.reading.calendar import utc_hour
from gateway.reading.stores import Stores
from gateway.routes.lookup import require_device
from gateway.routes.media.thumbnails import KIND
from gateway.serving.ranges import IMMUTABLE, matches
from gateway.serving.sprites import COLUMNS, HEIGHT, ROWS, TILE_S, WIDTH

TILES = COLUMNS * ROWS


class SpriteHour(OfDevice):
    date: Day = Field(description="Of UTC.")
    hour: int = Field(ge=0, le=23, description="Of UTC.")


class SheetOfHour(SpriteHour):
    of: Key | None = Field(default=None, description="The name of what is on it: an address with it never changes.")
    or_none: bool = Field(
        default=False, description="A 204 in place of a 404 where there are none: browsers report that as an error."
    )


class TileAnswer(Answer):
    number: int = Field(description="Its place in the sheet, row by row, counted from 0.")
    time: Time


class SpriteAnswer(Answer):
    url: str = Field(description="The sheet, a JPEG.")
    columns: int
    rows: int
    tile_width: int
    tile_height: int
    tile_s: float = Field(description="Each tile stands for so many seconds of the hour.")
    tiles: list[TileAnswer] = Field(description="Those that there are; of other times there is no picture.")


@dataclass(frozen=True, slots=True)
class TilePictures:
    """The pictures of a sheet by the number of their tile, and where those are that only cold storage has."""

    hot: dict[int, bytes] = field(default_factory=dict)
    cold: dict[int, ObjectRange] = field(default_factory=dict)


async def index(call: Call[SpriteHour]) -> SpriteAnswer:
    """Which pictures the sheet of an hour holds."""
    asked = call.parameters
    await require_device(call.gateway, asked.site, asked.device)
    found = await call.gateway.ask(lambda stores: _tiles(stores, asked))
    return SpriteAnswer(
        url=f"/api/v1/sites/{asked.site}/devices/{asked.device}/sprites/{asked.date}/{asked.hour:02d}.jpg"
        f"?of={_name(found.values())}",
        columns=COLUMNS,
        rows=ROWS,
        tile_width=WIDTH,
        tile_height=HEIGHT,
        tile_s=TILE_S,
        tiles=[TileAnswer(number=number, time=stored.time) for number, stored in found.items()],
    )


def _drawn(pictures: Mapping[int, bytes]) -> bytes:
    from gateway.serving.sprite_drawing import sprite_sheet  # with numpy, where somebody moves along the time bar

    return sprite_sheet(pictures)


async def sheet(call: Call[SheetOfHour]) -> Response:
    """The small pictures of an hour, one of each minute; a 404 where there is none. `X-Tile-Times` has their times, in
    seconds after the begin of the hour: that of the picture in place 5 is from 300 to below 360.
    """
    asked, gateway = call.parameters, call.gateway
    await require_device(gateway, asked.site, asked.device)

    tiles = await gateway.ask(lambda stores: _tiles(stores, asked))
    if not tiles:
        return _nothing(asked)
    name = _name(tiles.values())
    kept = IMMUTABLE if asked.of == name else "private, no-cache"
    headers = {"ETag": f'"{name}"', "Cache-Control": kept, "X-Tile-Times": _times(asked, tiles.values())}
    if matches(call.request.headers.get("if-none-match"), f'"{name}"'):
        return Response(None, 304, headers)
    known = gateway.sprites.get(name)
    if known is None:
        known = await gateway.shared.drawn(name, lambda: _made(gateway, tiles))
        if known is None:
            return _nothing(asked)
        gateway.sprites.put(name, known)
    return Response(known, 200, headers, "image/jpeg")


def _nothing(asked: SheetOfHour) -> Response:
    if asked.or_none:
        return Response(None, 204, {"Cache-Control": "private, no-cache"})
    raise Problem(404, f"there are no small pictures of {asked.date} {asked.hour:02d}:00 UTC")


def _times(asked: SpriteHour, tiles: Iterable[StoredMedium]) -> str:
    start, _ = utc_hour(asked.date, asked.hour)
    return ", ".join(f"{(stored.time - start).total_seconds():g}" for stored in tiles)


async def _made(gateway: Gateway, tiles: Mapping[int, StoredMedium]) -> bytes | None:
    """`None` where all of them were dropped meanwhile."""
    pictures = await gateway.ask(lambda stores: _pictures(stores, tiles))
    if not (pictures.hot or pictures.cold):
        return None
    bodies = pictures.hot | await gateway.cold.read_all(pictures.cold)
    return await gateway.shared.in_thread(_drawn, dict(sorted(bodies.items())))


def _tiles(stores: Stores, asked: SpriteHour) -> dict[int, StoredMedium]:
    """The first small picture of each minute that has one."""
    start, end = utc_hour(asked.date, asked.hour)
    found = stores.archive.between(asked.site, asked.device, KIND, start, end, TILES)
    tiles: dict[int, StoredMedium] = {}
    for stored in found:
        tiles.setdefault((stored.time - start) // timedelta(seconds=TILE_S), stored)
    return tiles


def _pictures(stores: Stores, tiles: Mapping[int, StoredMedium]) -> TilePictures:
    found = TilePictures()
    for number, stored in tiles.items():
        body = stores.archive.read_hot(stored, 0, stored.size)
        if body is not None:
            found.hot[number] = body
        elif (copy := stores.archive.copy_of(stored)) is not None:
            found.cold[number] = copy
    return found


def _name(tiles: Iterable[StoredMedium]) -> str:
    """Says what is on a sheet, also where pictures came late or were dropped."""
    return sha256("".join(stored.sha256 for stored in tiles).encode()).hexdigest()[:32]


OPERATIONS = [
    Operation(
        "GET", "/api/v1/sites/{site}/devices/{device}/sprites/{date}/{hour}.json", index, SpriteAnswer, SpriteHour
    ),
    Operation(
        "GET",
        "/api/v1/sites/{site}/devices/{device}/sprites/{date}/{hour}.jpg",
        sheet,
        "image/jpeg",
        SheetOfHour,
        also=(204, 304),
    ),
]
