"""Makes a report: a page of HTML that needs nothing else, of the minutes of a time range or around an incident."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from typing import Final

from pydantic_core import from_json

from consumers.alerting.alerts.questions import AlertRow, alerts
from consumers.alerting.incidents.questions import IncidentRow, incident, incidents
from consumers.alerting.projection import AlertingProjection
from consumers.alerting.review.reviews import IncidentReview, reviews_of
from consumers.engine import view_files
from consumers.engine.intervals import IntervalQuery
from consumers.engine.view_files import NoView
from consumers.reports.content import Report, ReportIncident, ReportMinute, ReportPicture
from consumers.reports.page import page
from consumers.store.archive.copies import OutOfReach
from consumers.upkeep.exports.order import CannotExport, ExportOrder, ExportResult
from consumers.upkeep.exports.packing import described
from consumers.views.annotations import AnnotationQuery, AnnotationRow, AnnotationsProjection, annotations
from consumers.views.mosaics.tiles import Tiles
from consumers.views.registry import registered
from producer.times import EPOCH, MINUTE

PICTURES_BYTES: Final = 12_000_000
"""Of all minutes together; of more, those with incidents are shown, and every second, third … of the others."""
PICTURES_PER_INCIDENT: Final = 6
INCIDENT_PICTURES_BYTES: Final = 24_000_000
"""Of all incidents together: a device decides how many it has, and how large its pictures are."""
ROWS: Final = 500
_MINUTES: Final = """
select minute, tile, bytes, incidents > 0, description from tiles
where site = ? and minute between ? and ? order by minute
"""


def report(order: ExportOrder) -> ExportResult:
    """Raises `CannotExport`."""
    found = _collected(order)
    if not found.minutes and not found.incidents:
        raise CannotExport("nothing of it is kept any more")
    path = order.directory / f"{order.site}_{order.export.start:%Y-%m-%dT%H%M%SZ}_report.html"
    path.write_text(page(found), encoding="utf-8")
    return ExportResult(files=(described(path),), incidents=len(found.incidents))


def _collected(order: ExportOrder) -> Report:
    known = registered(order.data)
    every, left_out = _minutes(order)
    names = {one.device: one.name for one in known.devices(order.site)}
    held, raised = _incidents_and_alerts(order)
    notes: list[AnnotationRow] = []
    with _view(order, AnnotationsProjection.name) as view:
        if view is not None:
            asked = order.export
            notes = annotations(view, AnnotationQuery(order.site, None, asked.start, asked.end, limit=ROWS))
    zone = known.zone(order.site)
    return Report(order, known.site_name(order.site), zone, names, every, left_out, held, raised, notes)


def _minutes(order: ExportOrder) -> tuple[list[ReportMinute], int]:
    first, last = _minute_of(order.export.start), _minute_of(order.export.end) - 1
    with _view(order, "mosaics") as view:
        query = (
            "select minute, tile, bytes, state = 2, description from tiles where site = ? and minute between ? and ?"
        )
        rows = [] if view is None else view.execute(f"{query} order by minute", (order.site, first, last)).fetchall()
    total = sum(size for _, _, size, _, _ in rows)
    every = max(1, -(-total // PICTURES_BYTES))
    tiles = Tiles(order.data / "tiles")
    made = []
    for number, (minute, name, _, is_incident, description) in enumerate(reversed(rows)):
        body = tiles.read(name) if is_incident or number % every == 0 else None
        made.append(ReportMinute(minute, from_json(description), None if body is None else ReportPicture(name, body)))
    return made[::-1], sum(minute.picture is None for minute in made)


def _incidents_and_alerts(order: ExportOrder) -> tuple[list[ReportIncident], list[AlertRow]]:
    asked = order.export
    with _view(order, AlertingProjection.name) as view:
        if view is None:
            return [], []
        if asked.incident_id is not None:
            one = incident(view, asked.incident_id)
            rows = [] if one is None else [one]
        else:
            rows = incidents(view, IntervalQuery(order.site, start=asked.start, end=asked.end, limit=ROWS))
        reviews = reviews_of(view, [row["id"] for row in rows])
        wanted = {row["id"] for row in rows}
        raised = alerts(view, IntervalQuery(order.site, start=asked.start, end=asked.end, limit=ROWS))
    read = order.hub.archive().read
    held, room = [], INCIDENT_PICTURES_BYTES
    for row in rows:
        pictures = _pictures(read, row, room)
        room -= sum(len(one.body) for one in pictures)
        held.append(ReportIncident(row, reviews.get(row["id"], IncidentReview()), pictures))
    return held, [one for one in raised if asked.incident_id is None or one["incident"] in wanted]


def _pictures(read: Callable[[str], bytes | None], row: IncidentRow, room: int) -> list[ReportPicture]:
    """As many as there is room for; one that is in a bucket which does not answer is left out."""
    found = []
    for key in row["media"][:PICTURES_PER_INCIDENT] if room > 0 else ():
        with suppress(OutOfReach):
            body = read(key)
            if body is not None and body.startswith(b"\xff\xd8") and len(body) <= room:
                found.append(ReportPicture(key, body))
                room -= len(body)
    return found


@contextmanager
def _view(order: ExportOrder, name: str) -> Iterator[sqlite3.Connection | None]:
    try:
        view = view_files.open_view(order.data, name)
    except NoView:
        yield None
        return
    with closing(view):
        yield view


def _minute_of(moment: datetime) -> int:
    return (moment - EPOCH) // MINUTE
