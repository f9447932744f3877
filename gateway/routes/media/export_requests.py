"""Asks the hub for an export, and waits until it is listed."""

from datetime import timedelta
from typing import Self

from pydantic import Field, model_validator

from bus_schemas.event import GATEWAY, device_source
from bus_schemas.footage import Export, ExportEvent, ExportForm
from consumers.engine.view_files import NoView
from consumers.upkeep.exports.queue import too_many
from consumers.views.exports import ExportsProjection, export, exports_waiting
from gateway.context import Gateway
from gateway.http.parameters import Instant, Name, SignedBody
from gateway.http.problems import Problem
from gateway.messages.ids import uuid7
from gateway.publishing import publish_until
from gateway.reading.stores import Stores
from gateway.routes.media.export_answers import ExportAnswer, export_answer

MOST_DEVICES = 9
SLOWEST, FASTEST = 4, 120
LONGEST = {
    "mp4": timedelta(hours=24),
    "zip": timedelta(hours=24),
    "grid": timedelta(hours=6),
    "timelapse": timedelta(days=7),
}


class NewExport(SignedBody):
    """`exact` begins at the very frame, otherwise at the keyframe before it; `speed` is of a timelapse."""

    site: Name
    devices: tuple[Name, ...] = Field(min_length=1, max_length=MOST_DEVICES)
    start: Instant
    end: Instant
    form: ExportForm = "mp4"
    exact: bool = False
    speed: int | None = Field(default=None, ge=SLOWEST, le=FASTEST)
    originals: bool = Field(default=False, description="Put the segments into the ZIP as they were recorded.")
    tables: bool = Field(
        default=False,
        description="Put temperatures, detections and alerts into the ZIP, as CSV, and thermal frames as NumPy files. "
        "What was measured is exported also where no video is kept.",
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.end <= self.start:
            raise ValueError("start must be before end")
        if self.end - self.start > LONGEST[self.form]:
            hours = LONGEST[self.form] / timedelta(hours=1)
            raise ValueError(f"an export as {self.form} is of {hours:g} hours at most")
        if len(set(self.devices)) < len(self.devices):
            raise ValueError("a device is named twice")
        if self.form == "mp4" and len(self.devices) > 1:
            raise ValueError("an mp4 is of one device; several are exported as zip, grid or timelapse")
        if (self.form == "timelapse") is not (self.speed is not None):
            raise ValueError("a timelapse needs a speed, and nothing else has one")
        return self


async def require_room(gateway: Gateway, by: str) -> None:
    """Raises a 429 where this person, or all, have asked for as many as the hub takes."""

    def question(stores: Stores) -> tuple[int, int]:
        try:
            return exports_waiting(stores.view(ExportsProjection.name), by)
        except NoView:
            return (0, 0)

    refusal = too_many(gateway.hub.exports, by, *await gateway.ask(question))
    if refusal is not None:
        raise Problem(429, refusal, headers={"Retry-After": "60"})


async def ask_for(gateway: Gateway, site: str, said: Export) -> ExportAnswer:
    event = ExportEvent(id=uuid7(), source=device_source(site, GATEWAY), time=gateway.clock(), data=said)

    def question(stores: Stores) -> ExportAnswer | None:
        try:
            row = export(stores.view(ExportsProjection.name), said.export_id)
        except NoView:
            return None
        is_seen = row is not None and (said.state == "asked" or row.state == said.state)
        return export_answer(stores, row) if row is not None and is_seen else None

    async def seen() -> ExportAnswer | None:
        return await gateway.ask(question)

    return await publish_until(gateway, event, seen, "the request")
