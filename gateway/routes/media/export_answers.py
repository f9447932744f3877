"""What is answered of an export: what was asked for, and how far it is."""

from typing import Final

from pydantic import Field

from bus_schemas.footage import ExportForm
from consumers.engine.view_files import NoView
from consumers.upkeep.exports.queue import exports_before
from consumers.upkeep.exports.sink import ExportSink
from consumers.views.exports import ExportJob, ExportRow, ExportState, export_job
from gateway.http.answers import Answer, Time
from gateway.reading.stores import Stores

PATH = "/api/v1/exports"
BEGUN: Final = frozenset({"running", "done", "failed"})
"""The states of the hub's work while the event that it has ended is on its way: it does not wait again."""


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


def export_answer(stores: Stores, row: ExportRow) -> ExportAnswer:
    """The present work of the hub is known a moment before the event that says so."""
    job, before = job_of(stores, row.export_id), _before(stores)
    is_running = row.state == "waiting" and job is not None and job.state in BEGUN
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


def job_of(stores: Stores, export_id: str) -> ExportJob | None:
    try:
        return export_job(stores.view(ExportSink.name), export_id)
    except NoView:
        return None


def _before(stores: Stores) -> dict[str, int]:
    try:
        return exports_before(stores.view(ExportSink.name))
    except NoView:
        return {}
