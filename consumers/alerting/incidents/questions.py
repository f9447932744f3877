"""Queries of incidents, over a read-only connection to their view."""

import sqlite3
from typing import Any, TypedDict

from pydantic_core import from_json

from bus_schemas.alert import AlertLevelName
from consumers.engine.intervals import IntervalQuery, IntervalTable, State, iso_of_seconds
from consumers.engine.versions import NEWEST, STANDS


class IncidentRow(TypedDict):
    id: str
    site: str
    device: str
    type: str
    level: AlertLevelName
    state: State
    opened: str
    closed: str | None
    duration_s: float | None
    under: str | None
    suppressed: str | None
    details: dict[str, Any]
    rule: str
    rule_version: int
    causes: list[str]
    media: list[str]


_INCIDENTS = IntervalTable(
    table="incidents",
    id="incident_id",
    begun="opened",
    ended="closed",
    columns="incident_id, site, device, type, level, opened, closed, under, suppressed, rule, rule_version, details,"
    " causes, media",
    span="held",
)


def incidents(view: sqlite3.Connection, wanted: IntervalQuery | None = None) -> list[IncidentRow]:
    """Newest first. A span selects those that held at some moment of it."""
    return [_answer(row) for row in _INCIDENTS.select(view, wanted or IntervalQuery())]


def rule_text(view: sqlite3.Connection, incident_id: str, upto: int = NEWEST) -> str | None:
    """The sentence of the rule that decided on an incident, with the values that were in force."""
    row = view.execute(
        f"select rule_text from incidents where incident_id = :id and {STANDS}",  # noqa: S608 - our own words
        {"id": incident_id, "upto": upto},
    ).fetchone()
    return None if row is None else str(row[0])


def incident(view: sqlite3.Connection, incident_id: str, upto: int = NEWEST) -> IncidentRow | None:
    found = _INCIDENTS.one(view, incident_id, upto)
    return None if found is None else _answer(found)


def open_incidents(view: sqlite3.Connection, site: str | None = None, upto: int = NEWEST) -> list[IncidentRow]:
    return incidents(view, IntervalQuery(site=site, state="open", limit=10_000, upto=upto))


def _answer(row: tuple[Any, ...]) -> IncidentRow:
    incident_id, site, device, kind, level, opened, closed, under, suppressed, *rest = row
    rule, rule_version, details, causes, media = rest
    return {
        "id": incident_id,
        "site": site,
        "device": device,
        "type": kind,
        "level": level,
        "state": "open" if closed is None else "closed",
        "opened": iso_of_seconds(opened),
        "closed": None if closed is None else iso_of_seconds(closed),
        "duration_s": None if closed is None else round(closed - opened, 3),
        "under": under,
        "suppressed": suppressed,
        "details": from_json(details),
        "rule": rule,
        "rule_version": rule_version,
        "causes": from_json(causes),
        "media": from_json(media),
    }
