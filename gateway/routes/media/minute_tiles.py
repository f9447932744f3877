"""Routes of the tile of a minute: its pictures, and the minute in words."""

from hashlib import sha256
from typing import Annotated, Literal

from pydantic import Field
from starlette.responses import Response

from bus_schemas.condition import Condition
from consumers.views.mosaics.questions import (
    REVISIONS,
    Description,
    Tile,
    description,
    newest_minute,
    slot_minute,
    tile,
)
from consumers.views.mosaics.tiles import Tiles
from gateway.calls import JSON, Call, Operation
from gateway.http.answers import Answer, Time
from gateway.http.parameters import OfSite
from gateway.http.problems import Problem
from gateway.reading.stores import Stores
from gateway.serving.ranges import matches

VIEW = "mosaics"
LAST_MINUTE = 2**32
CLOSED = "private, max-age=86400, immutable"

Slot = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3])[0-5][0-9]$", description="HHMM of UTC.")]
Which = Literal["all", "ok", "ko"]


class OfSlot(OfSite):
    slot: Slot
    minute: int | None = Field(default=None, ge=0, le=LAST_MINUTE, description="Answer only for this minute.")
    revision: int | None = Field(
        default=None, ge=0, lt=REVISIONS, description="Of this minute, modulo 64. What has it is kept by browsers."
    )


class CellAnswer(Answer):
    """Where a device stands in a picture, in pixels."""

    device: str
    x: int
    y: int
    w: int
    h: int
    state: str


class Cells(Answer):
    width: int
    height: int
    bytes: int | None = Field(description="Of the picture; null where there is none, as no device is of the kind.")
    quality: int | None = Field(description="Of the JPEG, the best that holds the budget.")
    cells: list[CellAnswer]


class FreezeComparisonAnswer(Answer):
    """Two pictures that were compared; their names are keys of media."""

    current_frame: str
    previous_frame: str
    difference_percentage: float
    frozen: bool


class AnalysisAnswer(Answer):
    """The analysis of the last frame of the minute; null is what could not be judged. Files are keys of media."""

    timestamp: Time
    filename: str | None
    audio: bool | None
    blackscreen: bool | None
    blackscreen_percentage: float | None
    blackscreen_threshold: float | None
    blackscreen_region: tuple[float, float] | None
    zap: bool | None
    has_bottom_content: bool | None
    bottom_edge_density: float | None
    freeze: bool | None
    freeze_diffs: list[float]
    freeze_threshold: float | None
    freeze_comparisons: list[FreezeComparisonAnswer]
    corrupt_rows: bool | None
    identical_rows: float | None
    identical_rows_threshold: float | None
    macroblocks: bool | None
    block_percentage: float | None
    block_threshold: float | None
    false_colour_percentage: float | None
    last_3_filenames: list[str]
    last_3_thumbnails: list[str]
    volume_percentage: int | None
    mean_volume_db: float | None
    audio_at: Time | None
    quality_score: float | None
    analyzed: bool | None
    skip_reason: str | None
    performance_ms: float | None


class TileDevice(Answer):
    host_name: str
    device_id: str
    device_name: str
    sequence: int
    image_url: str | None
    status: Literal["active", "missing", "undecodable"] = Field(
        description="Whether its picture is in the tile; else whether there is none, or one that cannot be decoded."
    )
    is_placeholder: bool
    state: str
    condition: Condition
    types: list[str]
    analysis_json: AnalysisAnswer | None


class TileJson(Cells):
    """A minute in words. Readers refuse it where `minute` is not the one that they asked for."""

    time_key: str
    timestamp: Time
    minute: int
    site: str
    revision: int = Field(description="How often it was corrected since it closed.")
    state: str
    condition: Condition = Field(description="The worst of its devices; ok only where every device could be judged.")
    types: list[str] = Field(description="Of incidents and bad frames of all devices, those of the worst first.")
    incidents_count: int = Field(description="Devices with any incident.")
    byte_budget: int = Field(description="The most that each picture may take; it grows with the number of devices.")
    unknown_count: int = Field(description="Devices of which nobody knows how they were.")
    hosts_count: int
    ok: Cells = Field(description="The picture of the devices without an incident.")
    ko: Cells = Field(description="The picture of the devices with one.")
    devices: list[TileDevice]


async def picture(call: Call[OfSlot]) -> Response:
    """The tile of a minute: all devices."""
    return await _picture(call, "all")


async def picture_ok(call: Call[OfSlot]) -> Response:
    """The tile of a minute: devices without an incident."""
    return await _picture(call, "ok")


async def picture_ko(call: Call[OfSlot]) -> Response:
    """The tile of a minute: devices with an incident."""
    return await _picture(call, "ko")


async def _picture(call: Call[OfSlot], which: Which) -> Response:
    asked, gateway = call.parameters, call.gateway
    tiles = Tiles(gateway.hub.data / "tiles")

    def question(stores: Stores) -> tuple[str, bytes, bool] | None:
        minute = _wanted(stores, asked)
        found = None if minute is None else tile(stores.view(VIEW), asked.site, minute, which)
        body = None if found is None else tiles.read(found.name)
        if found is None or body is None:
            return None
        return found.name, body, _is_closed(stores, asked, found)

    found = await gateway.ask(question)
    if found is None:
        raise _nothing(asked)
    name, body, is_closed = found
    return _cached(call, body, name, "image/jpeg", is_closed=is_closed)


async def words(call: Call[OfSlot]) -> Response:
    """A minute in words: each device, its analysis, and where it stands in the picture."""
    asked = call.parameters

    def question(stores: Stores) -> tuple[bytes, bool] | None:
        minute = _wanted(stores, asked)
        found = None if minute is None else description(stores.view(VIEW), asked.site, minute)
        return None if found is None else (found.json, _is_closed(stores, asked, found))

    found = await call.gateway.ask(question)
    if found is None:
        raise _nothing(asked)
    body, is_closed = found
    return _cached(call, body, sha256(body).hexdigest(), JSON, is_closed=is_closed)


def _wanted(stores: Stores, asked: OfSlot) -> int | None:
    """The minute that the slot holds now; None where that is not the one that was asked for."""
    slot = int(asked.slot[:2]) * 60 + int(asked.slot[2:])
    held = slot_minute(stores.view(VIEW), asked.site, slot)
    return held if asked.minute is None or asked.minute == held else None


def _is_closed(stores: Stores, asked: OfSlot, found: Tile | Description) -> bool:
    """Whether this address means these bytes for a day: it names minute and revision, and the minute is not the newest,
    which is still corrected often.
    """
    if asked.minute is None or asked.revision != found.revision % REVISIONS:
        return False
    return found.minute != newest_minute(stores.view(VIEW), asked.site)


def _nothing(asked: OfSlot) -> Problem:
    which = f"the minute {asked.minute}" if asked.minute is not None else "a minute"
    return Problem(404, f"the slot {asked.slot} of {asked.site} does not hold {which}")


def _cached(call: Call[OfSlot], body: bytes, name: str, media_type: str, *, is_closed: bool) -> Response:
    """A tile that was asked for by its minute alone may be corrected by late events, so it too is asked for again."""
    tag = f'"{name.rpartition("/")[2][-40:]}"'
    headers = {"ETag": tag, "Cache-Control": CLOSED if is_closed else "private, no-cache"}
    if matches(call.request.headers.get("if-none-match"), tag):
        return Response(None, 304, headers)
    return Response(body, 200, headers, media_type)


OPERATIONS = [
    Operation("GET", "/heatmaps/{site}/{slot}_ok.jpg", picture_ok, "image/jpeg", OfSlot, also=(304,)),
    Operation("GET", "/heatmaps/{site}/{slot}_ko.jpg", picture_ko, "image/jpeg", OfSlot, also=(304,)),
    Operation("GET", "/heatmaps/{site}/{slot}.jpg", picture, "image/jpeg", OfSlot, also=(304,)),
    Operation("GET", "/heatmaps/{site}/{slot}.json", words, TileJson, OfSlot, also=(304,)),
]
