"""Routes of the timeline: the states of the minutes of a day, and the tile of each."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Annotated, Literal

from pydantic import Field
from starlette.responses import Response

from bus_schemas.condition import Condition
from consumers.engine.view_files import NoView
from consumers.views.mosaics.minute_state import CLASSES
from consumers.views.mosaics.questions import (
    REVISIONS,
    Description,
    MinuteTimeline,
    Tile,
    description,
    newest_minute,
    slot_minute,
    tile,
    timeline,
)
from consumers.views.mosaics.tiles import Tiles
from gateway.calls import JSON, Call, Operation
from gateway.http.answers import Answer, Time
from gateway.http.parameters import OfSite, OnDate
from gateway.http.problems import Problem
from gateway.reading.stores import Stores
from gateway.routes.lookup import zone_of_site
from gateway.serving.ranges import matches
from producer.times import day_bounds

VIEW = "mosaics"
DAY_MINUTES = 1440
LAST_MINUTE = 2**32
CLOSED = "private, max-age=86400, immutable"

Slot = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3])[0-5][0-9]$", description="HHMM of UTC.")]
Which = Literal["all", "ok", "ko"]


class IncidentMinutes(Answer):
    """Minutes in a row with the same incidents."""

    first: int = Field(description="The first of them, counted from the begin of the timeline.")
    minutes: int
    condition: Condition
    types: list[str] = Field(description="Of all devices, those of the worst first.")


class TimelineAnswer(Answer):
    site: str
    start: Time = Field(alias="from")
    end: Time = Field(alias="to")
    newest: int = Field(description="The last minute, counted from 1970.")
    classes: list[str]
    states: str = Field(description="Base64 of states of two bits, four to a byte, the first in the lowest bits.")
    incidents: list[IncidentMinutes] = Field(description="What was the case in the minutes of that state.")
    revisions: str = Field(description="A letter of Base64 for each minute: how often it was corrected, modulo 64.")
    drawn: int = Field(description="The number of the last drawing; frames `minute` of live events go on from it.")


class TimelineDay(OnDate, OfSite):
    """A site and a day of it; without one the last 24 hours up to the newest closed minute."""


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


async def states(call: Call[TimelineDay]) -> TimelineAnswer:
    """The state of each minute of a day, or of the last 24 hours."""
    asked, gateway = call.parameters, call.gateway
    zone = await zone_of_site(gateway, asked.site)
    first, count = None, DAY_MINUTES
    if asked.date is not None:
        start, end = day_bounds(asked.date, zone)
        first, count = _minute(start), (end - start) // timedelta(minutes=1)
    found = await gateway.ask(lambda stores: _timeline(stores, asked.site, first, count))
    if found is None:
        begin = _minute(gateway.clock()) - count if first is None else first
        found = MinuteTimeline(asked.site, begin, begin + count - 1, CLASSES, bytes((count + 3) // 4))
    return TimelineAnswer.model_validate(
        {
            "site": asked.site,
            "from": _moment(found.first),
            "to": _moment(found.newest + 1),
            "newest": found.newest,
            "classes": list(found.classes),
            "states": found.base64,
            "incidents": [span._asdict() for span in found.spans],
            "revisions": found.revision_letters,
            "drawn": found.drawn,
        }
    )


def _timeline(stores: Stores, site: str, first: int | None, count: int) -> MinuteTimeline | None:
    try:
        return timeline(stores.view(VIEW), site, first, count)
    except NoView:
        return None


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


def _minute(moment: datetime) -> int:
    return int(moment.timestamp() // 60)


def _moment(minute: int) -> datetime:
    return datetime.fromtimestamp(minute * 60, UTC)


OPERATIONS = [
    Operation("GET", "/api/v1/timeline/{site}", states, TimelineAnswer, TimelineDay),
    Operation("GET", "/heatmaps/{site}/{slot}_ok.jpg", picture_ok, "image/jpeg", OfSlot, also=(304,)),
    Operation("GET", "/heatmaps/{site}/{slot}_ko.jpg", picture_ko, "image/jpeg", OfSlot, also=(304,)),
    Operation("GET", "/heatmaps/{site}/{slot}.jpg", picture, "image/jpeg", OfSlot, also=(304,)),
    Operation("GET", "/heatmaps/{site}/{slot}.json", words, TileJson, OfSlot, also=(304,)),
]
