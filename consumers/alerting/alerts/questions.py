"""Queries of alerts, over a read-only connection to their view."""

import sqlite3
from typing import Any, NotRequired, TypedDict

from pydantic_core import from_json

from consumers.alerting.alerts.wording import RECOVERED
from consumers.alerting.incidents.questions import rule_text
from consumers.engine.intervals import IntervalQuery, IntervalTable, State, iso_of_seconds
from consumers.engine.versions import FOREVER, NEWEST, STANDS

_OF_INCIDENT = f"(select {{}} from incidents where incidents.incident_id = alerts.incident_id and {STANDS})"  # noqa: S608 - our own words
_ALERTS = IntervalTable(
    table="alerts",
    id="alert_id",
    begun="raised",
    ended="cleared",
    columns="alert_id, site, device, type, level, message, raised, cleared, acknowledged, incident_id, details, media, "
    f"rule, rule_version, causes, cleared_message, {_OF_INCIDENT.format('opened')}, {_OF_INCIDENT.format('closed')}",
    span="begun",
)


class Acknowledged(TypedDict):
    by: str
    time: str
    comment: NotRequired[str]


class AlertRow(TypedDict):
    """`raised` and `cleared` are when people were notified; `since` and `until` when it was the case."""

    id: str
    type: str
    level: str
    message: str
    site: str
    device: str
    state: State
    raised: str
    cleared: str | None
    since: str
    until: str | None
    duration_s: float | None
    cleared_message: str | None
    acknowledged: Acknowledged | None
    details: dict[str, Any]
    incident: str | None
    media: list[str]


class RuleText(TypedDict):
    name: str
    version: int
    text: str


class Why(TypedDict):
    """`causes` are the ids of the events that decided; the journal has them."""

    alert: AlertRow
    rule: RuleText
    causes: list[str]
    media: list[str]


def alerts(view: sqlite3.Connection, wanted: IntervalQuery | None = None) -> list[AlertRow]:
    """Newest first. A span selects those that were raised in it."""
    return [_answer(row) for row in _ALERTS.select(view, wanted or IntervalQuery())]


def alert(view: sqlite3.Connection, alert_id: str, upto: int = NEWEST) -> AlertRow | None:
    found = _ALERTS.one(view, alert_id, upto)
    return None if found is None else _answer(found)


def alert_of_incident(view: sqlite3.Connection, incident_id: str, upto: int = NEWEST) -> str | None:
    """The id of the alert that it raised; that it was over, and a recovery, are not asked for."""
    row = view.execute(
        f"select alert_id from alerts where incident_id = :id and {STANDS} and type != :recovered"  # noqa: S608 - our own words
        " order by raised limit 1",
        {"id": incident_id, "upto": upto, "recovered": RECOVERED},
    ).fetchone()
    return None if row is None else str(row[0])


def last_raised(view: sqlite3.Connection, where: tuple[str, str], rule: str, until: float) -> float | None:
    """When people were last alerted by a rule, up to a time (seconds since 1970); a recovery does not count."""
    (raised,) = view.execute(
        f"select max(raised) from alerts where site = ? and device = ? and rule = ? and raised <= ? and type != ?"  # noqa: S608 - our own words
        f" and until = {FOREVER}",
        (*where, rule, until, RECOVERED),
    ).fetchone()
    return None if raised is None else float(raised)


def count_open(view: sqlite3.Connection, site: str | None = None, upto: int = NEWEST) -> int:
    return _ALERTS.count_open(view, site, upto)


def count_unacknowledged(view: sqlite3.Connection, site: str | None = None, upto: int = NEWEST) -> int:
    """Open alerts that nobody has acknowledged."""
    return _ALERTS.count_open(view, site, upto, "acknowledged is null")


def why(view: sqlite3.Connection, alert_id: str, upto: int = NEWEST) -> Why | None:
    """The rule that decided on an alert, the events that made it, and what they looked like."""
    row = _ALERTS.one(view, alert_id, upto)
    if row is None:
        return None
    found, rule, version, causes = _answer(row), str(row[12]), int(row[13]), from_json(row[14])
    text = rule_text(view, found["incident"] or "", upto) or rule
    return {
        "alert": found,
        "rule": {"name": rule, "version": version, "text": text},
        "causes": causes,
        "media": found["media"],
    }


def _answer(row: tuple[Any, ...]) -> AlertRow:
    since, until = _span(row)
    return {
        "id": row[0],
        "site": row[1],
        "device": row[2],
        "type": row[3],
        "level": row[4],
        "message": row[5],
        "state": "open" if row[7] is None else "closed",
        "raised": iso_of_seconds(row[6]),
        "cleared": None if row[7] is None else iso_of_seconds(row[7]),
        "since": iso_of_seconds(since),
        "until": None if until is None else iso_of_seconds(until),
        "duration_s": None if until is None else round(until - since, 3),
        "cleared_message": row[15],
        "acknowledged": None if row[8] is None else from_json(row[8]),
        "details": from_json(row[10]),
        "incident": row[9],
        "media": from_json(row[11]),
    }


def _span(row: tuple[Any, ...]) -> tuple[float, float | None]:
    """The begin and end of the incident; a recovery is over at once."""
    raised, cleared, opened, closed = row[6], row[7], row[16], row[17]
    if row[3] == RECOVERED or opened is None:
        return raised, cleared
    return opened, None if cleared is None else closed if closed is not None else max(opened, cleared)
