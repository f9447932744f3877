"""Routes of exports: recordings of a time range made into files, listed with their progress, handed out and removed."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator
from starlette.responses import Response

from bus_schemas.event import GATEWAY, device_source, iso
from bus_schemas.footage import Export, ExportEvent, ExportForm
from consumers.engine.view_files import NoView
from consumers.upkeep.exports.order import folder_of
from consumers.upkeep.exports.queue import exports_before, too_many
from consumers.upkeep.exports.sink import ExportSink
from consumers.views.exports import (
    ExportJob,
    ExportRow,
    ExportsProjection,
    ExportState,
    export,
    export_job,
    exports,
    exports_waiting,
)
from consumers.views.recordings.questions import segments
from consumers.views.temperatures import temperatures
from gateway.calls import Call, Operation
from gateway.context import Gateway
from gateway.http.answers import Answer, Time
from gateway.http.parameters import Instant, Key, Name, Parameters, SignedBody
from gateway.http.problems import Problem
from gateway.messages.ids import uuid7
from gateway.publishing import publish_until
from gateway.reading.stores import Stores
from gateway.routes.lookup import require_devices
from gateway.routes.media.media import HARMLESS
from gateway.serving.files import file_answer

MOST_DEVICES = 9
SLOWEST, FASTEST = 4, 120
LONGEST = {
    "mp4": timedelta(hours=24),
    "zip": timedelta(hours=24),
    "grid": timedelta(hours=6),
    "timelapse": timedelta(days=7),
}
RUNNING: tuple[ExportState, ...] = ("waiting", "running")
ANY_BYTES = "application/octet-stream"


class ExportFileAnswer(Answer):
    name: str
    url: str


class ExportAnswer(Answer):
    id: str
    site: str
    devices: list[str]
    start: Time
    end: Time
    form: ExportForm
    exact: bool
    speed: int
    originals: bool
    tables: bool
    by: str
    asked: Time
    state: ExportState
    before: int | None = Field(description="How many exports are made before it, while it waits.")
    progress: float = Field(description="The share that is done, from 0 to 1.")
    ended: Time | None
    detail: str | None = Field(description="Why it failed, or what of it is not in the export.")
    size: int | None
    sha256: str | None
    files: list[ExportFileAnswer] = Field(description="The first is the export itself.")


class ExportsAnswer(Answer):
    exports: list[ExportAnswer]


class ExportSearch(Parameters):
    """By site, newest first."""

    site: Name | None = None
    limit: int = Field(default=100, ge=1, le=1000)


class OfExport(Parameters):
    id: Key


class OfExportFile(OfExport):
    name: str = Field(min_length=1, max_length=256)


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


async def search(call: Call[ExportSearch]) -> ExportsAnswer:
    """Exports, newest first, with their progress."""
    asked = call.parameters

    def question(stores: Stores) -> list[ExportAnswer]:
        found = exports(stores.view(ExportsProjection.name), asked.site, asked.limit)
        return [export_answer(stores, one) for one in found]

    return ExportsAnswer(exports=await call.gateway.ask(question))


async def read(call: Call[OfExport]) -> ExportAnswer:
    """One export: how far it is, or what became of it."""
    return await _known(call.gateway, call.parameters.id)


async def create(call: Call[Parameters]) -> ExportAnswer:
    """Ask for an export. It is made by the hub, one after the other; ask for it again to see how far it is."""
    body = await call.body(NewExport)
    gateway = call.gateway
    if body.end > gateway.clock():
        raise Problem(400, f"the body does not fit: end {iso(body.end)} has not come yet")
    await require_devices(gateway, body.site, body.devices)
    if not await gateway.ask(lambda stores: _is_recorded(stores, body) or _is_measured(stores, body)):
        what = "recorded or measured" if body.tables else "recorded"
        raise Problem(404, f"nothing of {', '.join(body.devices)} was {what} then")
    await require_room(gateway, body.by)
    said = Export(export_id=uuid7(), state="asked", **{**body.model_dump(exclude={"site"}), "speed": body.speed or 1})
    return await ask_for(gateway, body.site, said)


async def cancel(call: Call[OfExport]) -> ExportAnswer:
    """Stop an export that is not ready yet; doing it twice changes nothing."""
    return await _end(call, "cancelled")


async def remove(call: Call[OfExport]) -> ExportAnswer:
    """Delete the files of an export that is ready; doing it twice changes nothing."""
    return await _end(call, "removed")


async def _end(call: Call[OfExport], state: ExportState) -> ExportAnswer:
    body = await call.body(SignedBody)
    known = await _row(call.gateway, call.parameters.id)
    if known.state == state:
        return await _known(call.gateway, known.export_id)
    if (state == "cancelled") is not (known.state in RUNNING):
        raise Problem(409, f"the export is {known.state}: it cannot be {state}")
    said = known.export.model_copy(update={"state": state, "by": body.by})
    return await ask_for(call.gateway, known.site, said)


async def file(call: Call[OfExportFile]) -> Response:
    """A file of an export, whole or in part."""
    asked, gateway = call.parameters, call.gateway
    await _row(gateway, asked.id)
    job = await gateway.ask(lambda stores: _job(stores, asked.id))
    if job is None or asked.name not in job.files:
        raise Problem(404, f"the export {asked.id!r} has no file {asked.name[:60]!r}; it may have been deleted")
    path = folder_of(gateway.hub.data, asked.id) / asked.name
    headers = {**HARMLESS, "Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="{path.name}"'}
    try:
        return file_answer(path, call.request.headers, f'"{asked.id}"', _media_type(path), headers)
    except FileNotFoundError as gone:
        raise Problem(404, f"the file {asked.name!r} was deleted") from gone


def _media_type(path: Path) -> str:
    known = {".mp4": "video/mp4", ".zip": "application/zip", ".json": "application/json", ".py": "text/x-python"}
    return known.get(path.suffix, ANY_BYTES)


def _is_recorded(stores: Stores, body: NewExport) -> bool:
    view = stores.view("recordings")
    return any(segments(view, body.site, device, body.start, body.end, 1) for device in body.devices)


def _is_measured(stores: Stores, body: NewExport) -> bool:
    """Whether its tables have temperatures, which are kept longer than video."""
    if not body.tables or body.form not in ("mp4", "zip"):
        return False
    asked = body.site, body.start, body.end
    return any(_has_heat(stores, device, *asked) for device in body.devices)


def _has_heat(stores: Stores, device: str, site: str, start: datetime, end: datetime) -> bool:
    frames = stores.archive.between(site, device, "thermal", start, end, 1)
    return bool(frames or temperatures(stores.view("temperatures"), site, device, start, end))


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


async def _row(gateway: Gateway, export_id: str) -> ExportRow:
    found = await gateway.ask(lambda stores: export(stores.view(ExportsProjection.name), export_id))
    if found is None:
        raise Problem(404, f"there is no export {export_id!r}")
    return found


async def _known(gateway: Gateway, export_id: str) -> ExportAnswer:
    row = await _row(gateway, export_id)
    return await gateway.ask(lambda stores: export_answer(stores, row))


def _job(stores: Stores, export_id: str) -> ExportJob | None:
    try:
        return export_job(stores.view(ExportSink.name), export_id)
    except NoView:
        return None


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


def _before(stores: Stores) -> dict[str, int]:
    try:
        return exports_before(stores.view(ExportSink.name))
    except NoView:
        return {}


def export_answer(stores: Stores, row: ExportRow) -> ExportAnswer:
    """The present work of the hub is known a moment before the event that says so."""
    job, before = _job(stores, row.export_id), _before(stores)
    is_running = row.state == "waiting" and job is not None and job.state == "running"
    data = row.export
    files = job.files if job is not None and row.state == "done" else ()
    return ExportAnswer(
        id=row.export_id,
        site=row.site,
        devices=list(data.devices),
        start=data.start,
        end=data.end,
        form=data.form,
        exact=data.exact,
        speed=data.speed,
        originals=data.originals,
        tables=data.tables,
        by=row.by,
        asked=row.asked,
        state="running" if is_running else row.state,
        before=before.get(row.export_id) if row.state == "waiting" and not is_running else None,
        progress=1.0 if row.state == "done" else job.progress if job is not None else 0.0,
        ended=row.ended,
        detail=data.detail,
        size=data.size,
        sha256=data.sha256,
        files=[ExportFileAnswer(name=name, url=f"{PATH}/{row.export_id}/files/{name}") for name in files],
    )


PATH = "/api/v1/exports"
OPERATIONS = [
    Operation("GET", PATH, search, ExportsAnswer, ExportSearch),
    Operation("POST", PATH, create, ExportAnswer, body=NewExport, status=202, also=(429,)),
    Operation("GET", f"{PATH}/{{id}}", read, ExportAnswer, OfExport),
    Operation("POST", f"{PATH}/{{id}}/cancel", cancel, ExportAnswer, OfExport, body=SignedBody, also=(409,)),
    Operation("POST", f"{PATH}/{{id}}/remove", remove, ExportAnswer, OfExport, body=SignedBody, also=(409,)),
    Operation("GET", f"{PATH}/{{id}}/files/{{name}}", file, ANY_BYTES, OfExportFile, also=(206, 304, 416)),
]
