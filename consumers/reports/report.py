"""Makes a report: a page of HTML that needs nothing else, of the minutes of a time range or around an incident."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from typing import Final

from consumers.alerting.alerts.questions import AlertRow, alerts
from consumers.alerting.incidents.questions import IncidentRow, incident, incidents
from consumers.alerting.projection import AlertingProjection
from consumers.alerting.review.reviews import IncidentReview, reviews_of
from consumers.engine import view_files
from consumers.engine.intervals import IntervalQuery
from consumers.engine.view_files import NoView
from consumers.reports.content import Report, ReportIncident, ReportPicture
from consumers.reports.incident_pictures import PicturePart, pictures_of
from consumers.reports.minutes import MinuteCollector, picture_of
from consumers.reports.page import page
from consumers.store.archive.reader import ArchiveReader
from consumers.upkeep.exports.order import CannotExport, ExportOrder, ExportResult
from consumers.upkeep.exports.packing import described
from consumers.views.annotations import AnnotationQuery, AnnotationRow, AnnotationsProjection, annotations
from consumers.views.registry import registered

PICTURES_PER_INCIDENT: Final = 6
INCIDENT_PICTURES_BYTES: Final = 24_000_000
"""The bound of all incidents together: a device decides how many it has, and how large its pictures are."""
ROWS: Final = 500
PARTS: Final[tuple[PicturePart, ...]] = ("decided", "first", "last", "sample")
"""The parts of an incident that pictures show, those that a report needs most first."""


def report(order: ExportOrder) -> ExportResult:
    """Raises `CannotExport`."""
    found = _collected(order)
    if not found.shown.minutes and not found.incidents:
        raise CannotExport("nothing of it is kept any more")
    path = order.directory / f"{order.site}_{order.export.start:%Y-%m-%dT%H%M%SZ}_report.html"
    path.write_text(page(found), encoding="utf-8")
    return ExportResult(files=(described(path),), incidents=len(found.incidents))


def _collected(order: ExportOrder) -> Report:
    known = registered(order.data)
    names = {one.device: one.name for one in known.devices(order.site)}
    asked, archive = order.export, order.archive()
    held, raised, all_rows = _incidents_and_alerts(order, archive)
    shown = MinuteCollector(order, archive, names, all_rows).collect()
    notes: list[AnnotationRow] = []
    with _view(order, AnnotationsProjection.name) as view:
        if view is not None:
            notes = annotations(view, AnnotationQuery(order.site, None, asked.start, asked.end, limit=ROWS))
    zone = known.zone(order.site)
    return Report(order, known.site_name(order.site), zone, names, shown, held, raised, notes)


def _incidents_and_alerts(
    order: ExportOrder, archive: ArchiveReader
) -> tuple[list[ReportIncident], list[AlertRow], list[IncidentRow]]:
    """Those of the report, and all incidents of its time."""
    asked = order.export
    with _view(order, AlertingProjection.name) as view:
        if view is None:
            return [], [], []
        every = incidents(view, IntervalQuery(order.site, start=asked.start, end=asked.end, limit=ROWS))
        one = None if asked.incident_id is None else incident(view, asked.incident_id)
        rows = every if asked.incident_id is None else [] if one is None else [one]
        reviews = reviews_of(view, [row["id"] for row in rows])
        wanted = {row["id"] for row in rows}
        raised = alerts(view, IntervalQuery(order.site, start=asked.start, end=asked.end, limit=ROWS))
    held, room = [], INCIDENT_PICTURES_BYTES
    for row in rows:
        pictures = _pictures(archive, row, order.asked, room)
        room -= sum(len(one.body) for one in pictures)
        held.append(ReportIncident(row, reviews.get(row["id"], IncidentReview()), pictures))
    return held, [one for one in raised if asked.incident_id is None or one["incident"] in wanted], every


def _pictures(archive: ArchiveReader, row: IncidentRow, now: datetime, room: int) -> list[ReportPicture]:
    """As many pictures as there is room for: those that decided first, then the first, the last, and some between."""
    parts = sorted(pictures_of(archive, row, now), key=lambda one: PARTS.index(one.part))
    found: list[ReportPicture] = []
    for part in parts:
        if len(found) == PICTURES_PER_INCIDENT:
            break
        picture = picture_of(archive.read, part.key)
        if picture is not None and len(picture.body) <= room:
            found.append(picture)
            room -= len(picture.body)
    order = {part.key: part.time for part in parts}
    return sorted(found, key=lambda one: order[one.name])


@contextmanager
def _view(order: ExportOrder, name: str) -> Iterator[sqlite3.Connection | None]:
    try:
        view = view_files.open_view(order.data, name)
    except NoView:
        yield None
        return
    with closing(view):
        yield view
