"""Routes of exports: recordings of a time range made into files, listed with their progress, handed out and removed."""

from datetime import datetime
from pathlib import Path

from pydantic import Field
from starlette.responses import Response

from bus_schemas.event import iso
from bus_schemas.footage import Export
from consumers.store.archive.radiometric_frames import frames_between
from consumers.upkeep.exports.order import folder_of
from consumers.views.exports import ExportRow, ExportsProjection, ExportState, export, exports
from consumers.views.recordings.questions import segments
from consumers.views.temperatures import temperatures
from gateway.calls import ANY_MEDIA, Call, Operation
from gateway.context import Gateway
from gateway.http.parameters import Key, Name, Parameters, SignedBody
from gateway.http.problems import Problem
from gateway.messages.ids import uuid7
from gateway.reading.absent_recordings import absence
from gateway.reading.stores import Stores
from gateway.routes.lookup import require_devices
from gateway.routes.media.export_answers import PATH, ExportAnswer, ExportsAnswer, export_answer, job_of
from gateway.routes.media.export_requests import NewExport, ask_for, require_room
from gateway.routes.media.media import HARMLESS
from gateway.serving.files import file_answer

RUNNING: tuple[ExportState, ...] = ("waiting", "running")
ANY_BYTES = "application/octet-stream"


class ExportSearch(Parameters):
    """By site, newest first."""

    site: Name | None = None
    limit: int = Field(default=100, ge=1, le=1000)


class OfExport(Parameters):
    id: Key


class OfExportFile(OfExport):
    name: str = Field(min_length=1, max_length=256)


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
    if (reason := await gateway.ask(lambda stores: _why_empty(stores, body))) is not None:
        raise Problem(404, reason)
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
    job = await gateway.ask(lambda stores: job_of(stores, asked.id))
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


def _why_empty(stores: Stores, body: NewExport) -> str | None:
    """Why there is nothing to export; `None` where there is something."""
    if _is_recorded(stores, body) or _is_measured(stores, body):
        return None
    what = "recorded or measured" if body.tables else "recorded"
    never = f"nothing of {', '.join(body.devices)} was {what} then"
    return absence(stores, body.site, body.devices, body.start, body.end, never)


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
    frames = frames_between(stores.archive, site, device, start, end, 1)
    return bool(frames or temperatures(stores.view("temperatures"), site, device, start, end))


async def _row(gateway: Gateway, export_id: str) -> ExportRow:
    found = await gateway.ask(lambda stores: export(stores.view(ExportsProjection.name), export_id))
    if found is None:
        raise Problem(404, f"there is no export {export_id!r}")
    return found


async def _known(gateway: Gateway, export_id: str) -> ExportAnswer:
    row = await _row(gateway, export_id)
    return await gateway.ask(lambda stores: export_answer(stores, row))


OPERATIONS = [
    Operation("GET", PATH, search, ExportsAnswer, ExportSearch),
    Operation("POST", PATH, create, ExportAnswer, body=NewExport, status=202, also=(429,)),
    Operation("GET", f"{PATH}/{{id}}", read, ExportAnswer, OfExport),
    Operation("POST", f"{PATH}/{{id}}/cancel", cancel, ExportAnswer, OfExport, body=SignedBody, also=(409,)),
    Operation("POST", f"{PATH}/{{id}}/remove", remove, ExportAnswer, OfExport, body=SignedBody, also=(409,)),
    Operation("GET", f"{PATH}/{{id}}/files/{{name}}", file, ANY_MEDIA, OfExportFile, also=(206, 304, 416)),
]
