"""Routes of thumbnails in a time range: sampled to as many as a page can show, or all of an hour."""

from datetime import datetime, timedelta
from typing import Literal

from pydantic import Field

from consumers.store.archive.copies import Tier
from consumers.store.archive.radiometric_frames import frames_between
from consumers.store.archive.reader import StoredMedium
from gateway.calls import Call, Operation
from gateway.http.answers import Answer, Time
from gateway.http.parameters import Day, DeviceTimeRange, OfDevice
from gateway.http.problems import Problem
from gateway.reading.calendar import newest_hour, utc_hour
from gateway.reading.stores import Stores
from gateway.routes.lookup import require_device
from gateway.serving.media_links import media_url

KIND = "thumbnail"


class Thumbnail(Answer):
    time: Time
    key: str
    url: str
    tier: Tier = Field(description="Where its bytes are.")

    @classmethod
    def of(cls, stored: StoredMedium, tier: Tier) -> "Thumbnail":
        return cls(time=stored.time, key=stored.key, url=media_url(stored.key), tier=tier)


class Thumbnails(Answer):
    count: int
    thumbnails: list[Thumbnail] = Field(description="Oldest first.")


class HourOfThumbnails(Answer):
    hour: int
    count: int
    thumbnails: list[str] = Field(description="Addresses, oldest first.")


class Sampling(DeviceTimeRange):
    kind: Literal["thumbnail", "thermal"] = Field(
        default="thumbnail",
        description="Small pictures, or frames of a thermal sensor; `thermal.jpg` shows them.",
    )
    max: int = Field(default=120, ge=1, le=2000, description="At most so many, spread evenly over the time.")


class ThumbnailsHour(OfDevice):
    hour: int = Field(ge=0, le=23, description="Of UTC.")
    date: Day | None = Field(default=None, description="The UTC day; default the newest on which this hour began.")


async def sample(call: Call[Sampling]) -> Thumbnails:
    """Thumbnails of a time range, spread evenly where there are too many."""
    asked, gateway = call.parameters, call.gateway
    await require_device(gateway, asked.site, asked.device)
    start, end = asked.bounds(gateway.clock(), timedelta(hours=1))
    found = await gateway.ask(lambda stores: _sampled(stores, asked, start, end))
    return Thumbnails(
        count=len(found), thumbnails=[Thumbnail.of(stored, gateway.cold.tier(stored)) for stored in found]
    )


def _sampled(stores: Stores, asked: Sampling, start: datetime, end: datetime) -> list[StoredMedium]:
    if asked.kind == "thermal":
        return frames_between(stores.archive, asked.site, asked.device, start, end, asked.max)
    return stores.archive.between(asked.site, asked.device, asked.kind, start, end, asked.max)


async def of_hour(call: Call[ThumbnailsHour]) -> HourOfThumbnails:
    """All thumbnails of an hour; a 404 where there are none."""
    asked, gateway = call.parameters, call.gateway
    await require_device(gateway, asked.site, asked.device)
    day = asked.date or newest_hour(asked.hour, gateway.clock())
    start, end = utc_hour(day, asked.hour)
    found = await gateway.ask(lambda stores: stores.archive.between(asked.site, asked.device, KIND, start, end))
    if not found:
        raise Problem(404, f"Hour folder not found: there are no thumbnails of {day} {asked.hour:02d}:00 UTC")
    return HourOfThumbnails(hour=asked.hour, count=len(found), thumbnails=[media_url(stored.key) for stored in found])


OPERATIONS = [
    Operation("GET", "/api/v1/sites/{site}/devices/{device}/thumbnails", sample, Thumbnails, Sampling),
    Operation(
        "GET", "/api/v1/sites/{site}/devices/{device}/thumbnails/{hour}", of_hour, HourOfThumbnails, ThumbnailsHour
    ),
]
