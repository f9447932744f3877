"""Routes of reports: pages of a minute, an hour or an incident, kept under their own id, and their history."""

from datetime import datetime, timedelta
from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, model_validator
from starlette.responses import Response

from bus_schemas.complaints import check_text
from bus_schemas.event import iso
from bus_schemas.footage import Export
from bus_schemas.limits import MAX_DEVICES
from consumers.alerting.incidents.questions import incident
from consumers.engine.view_files import NoView
from consumers.reports.page import POLICY
from consumers.upkeep.exports.order import folder_of
from consumers.views.exports import ExportsProjection, export, exports
from gateway.calls import Call, Operation
from gateway.context import Gateway
from gateway.http.answers import Answer, Time
from gateway.http.parameters import Instant, Key, Name, Parameters, SignedBody
from gateway.http.problems import Problem
from gateway.messages.ids import uuid7
from gateway.reading.stores import Stores
from gateway.routes.lookup import require_site
from gateway.routes.media.export_answers import ExportAnswer, export_answer
from gateway.routes.media.export_requests import ask_for, require_room
from gateway.serving.files import file_answer

LONGEST: Final = timedelta(hours=1)
AROUND: Final = timedelta(minutes=1)
PATH: Final = "/api/v1/reports"
WAITING_COMPARED: Final = 200


class ReportAnswer(Answer):
    id: str
    site: str
    name: str
    start: Time
    end: Time
    incident: str | None
    by: str
    asked: Time
    state: str = Field(description="waiting, running, done, failed, cancelled, removed or expired.")
    detail: str | None = Field(description="Why it failed.")
    devices: int | None = Field(
        description=f"How many; null where it is of all of a site with more than {MAX_DEVICES}."
    )
    incidents: int | None = Field(description="How many are in it; null until it is made.")
    url: str | None = Field(description="Where the page is, once it is made.")


class ReportsAnswer(Answer):
    reports: list[ReportAnswer]


class ReportSearch(Parameters):
    """By site, newest first."""

    site: Name | None = None
    limit: int = Field(default=10, ge=1, le=100)


class OfReport(Parameters):
    id: Key


class NewReport(SignedBody):
    """A report of a time range of up to an hour, or of an incident, whose time it has then."""

    site: Name
    name: Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S"), AfterValidator(check_text)] = Field(
        default="Report", description="As people find it in the history."
    )
    start: Instant | None = None
    end: Instant | None = None
    incident: Key | None = None

    @model_validator(mode="after")
    def _of_something(self) -> Self:
        if (self.start is None) is not (self.end is None) or (self.start is None) is (self.incident is None):
            raise ValueError("give either start and end, or an incident")
        if self.start is not None and self.end is not None and not timedelta() < self.end - self.start <= LONGEST:
            raise ValueError("start must be before end, and at most an hour")
        return self


async def search(call: Call[ReportSearch]) -> ReportsAnswer:
    """The history of reports, newest first."""
    asked = call.parameters

    def question(stores: Stores) -> list[ReportAnswer]:
        found = exports(stores.view(ExportsProjection.name), asked.site, asked.limit, reports=True)
        return [_answer(one.export, export_answer(stores, one)) for one in found]

    return ReportsAnswer(reports=await call.gateway.ask(question))


async def create(call: Call[Parameters]) -> ReportAnswer:
    """Ask for a report. It is made by the hub as exports are; ask for the history to see when it is there. One that
    waits already, of the same time with the same name, is made once for all who ask.
    """
    body = await call.body(NewReport)
    gateway = call.gateway
    await require_site(gateway, body.site)
    start, end = await _range(gateway, body)
    if end > gateway.clock():
        raise Problem(400, f"the body does not fit: end {iso(end)} has not come yet")
    devices = await gateway.ask(lambda stores: _devices(stores, body.site))
    said = Export(
        export_id=uuid7(),
        state="asked",
        by=body.by,
        start=start,
        end=end,
        devices=devices if len(devices) <= MAX_DEVICES else (),
        form="zip",
        report=body.name,
        incident_id=body.incident,
    )

    async def ask() -> ReportAnswer:
        same = await gateway.ask(lambda stores: _waiting(stores, body.site, said))
        if same is not None:
            return same
        await require_room(gateway, body.by)
        return _answer(said, await ask_for(gateway, body.site, said))

    return await gateway.shared.drawn(("report", body.site, _content(said)), ask)


def _content(said: Export) -> str:
    """Two with the same have the same in them."""
    return said.model_dump_json(exclude={"export_id", "by"})


def _waiting(stores: Stores, site: str, said: Export) -> ReportAnswer | None:
    """The same report, which somebody has asked for and nobody has made yet."""
    try:
        found = exports(stores.view(ExportsProjection.name), site, WAITING_COMPARED, reports=True)
    except NoView:
        return None
    waiting = (one for one in found if one.state == "waiting" and _content(one.export) == _content(said))
    same = next(waiting, None)
    return None if same is None else _answer(same.export, export_answer(stores, same))


async def read(call: Call[OfReport]) -> Response:
    """The page of a report."""
    gateway, report_id = call.gateway, call.parameters.id

    def question(stores: Stores) -> ExportAnswer | None:
        row = export(stores.view(ExportsProjection.name), report_id)
        return None if row is None or row.export.report is None else export_answer(stores, row)

    found = await gateway.ask(question)
    if found is None or not found.files:
        why = "there is none of this id" if found is None else f"it is {found.state}"
        raise Problem(404, f"the report {report_id!r} cannot be shown: {why}")
    path = folder_of(gateway.hub.data, report_id) / found.files[0].name
    headers = {"Cache-Control": "private, no-cache", "Content-Security-Policy": f"{POLICY}; sandbox"}
    headers["X-Content-Type-Options"] = "nosniff"
    try:
        return file_answer(path, call.request.headers, f'"{report_id}"', "text/html; charset=utf-8", headers)
    except FileNotFoundError as gone:
        raise Problem(404, f"the report {report_id!r} was deleted") from gone


async def _range(gateway: Gateway, body: NewReport) -> tuple[datetime, datetime]:
    if body.start is not None and body.end is not None:
        return body.start, body.end
    assert body.incident is not None
    known = body.incident
    row = await gateway.ask(lambda stores: incident(stores.view("alerting"), known))
    if row is None or row["site"] != body.site:
        raise Problem(404, f"there is no incident {known!r} of {body.site}")
    opened = datetime.fromisoformat(row["opened"])
    closed = gateway.clock() if row["closed"] is None else datetime.fromisoformat(row["closed"])
    start = opened - AROUND
    return start, max(min(closed + AROUND, start + LONGEST, gateway.clock()), start + timedelta(seconds=1))


def _devices(stores: Stores, site: str) -> tuple[str, ...]:
    known = stores.registered().devices(site)
    return tuple(one.device for one in known if not one.is_retired)


def _answer(data: Export, made: ExportAnswer) -> ReportAnswer:
    return ReportAnswer(
        id=made.id,
        site=made.site,
        name=data.report or "",
        start=made.start,
        end=made.end,
        incident=data.incident_id,
        by=made.by,
        asked=made.asked,
        state=made.state,
        detail=made.detail,
        devices=len(made.devices) or None,
        incidents=data.incidents,
        url=f"{PATH}/{made.id}" if made.files else None,
    )


OPERATIONS = [
    Operation("GET", PATH, search, ReportsAnswer, ReportSearch),
    Operation("POST", PATH, create, ReportAnswer, body=NewReport, status=202, also=(429,)),
    Operation("GET", f"{PATH}/{{id}}", read, "text/html", OfReport, also=(206, 304, 416)),
]
