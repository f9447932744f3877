"""What can be asked about alerts, over a read-only connection to their view."""

import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, TypedDict

from pydantic_core import from_json

from bus_schemas.event import iso
from consumers.incidents.questions import RULES

_COLUMNS = (
    "alert_id, site, device, type, level, message, raised, cleared, acknowledged, incident_id, details, media, "
    "rule, rule_version, causes"
)


class Acknowledged(TypedDict):
    by: str
    time: str


class AlertAnswer(TypedDict):
    id: str
    type: str
    level: str
    message: str
    site: str
    device: str
    state: Literal["open", "closed"]
    raised: str
    cleared: str | None
    acknowledged: Acknowledged | None
    details: dict[str, Any]
    incident: str | None
    media: list[str]


class RuleAnswer(TypedDict):
    name: str
    version: int
    text: str


class Why(TypedDict):
    """`causes` are the ids of the events that decided; the journal has them."""

    alert: AlertAnswer
    rule: RuleAnswer
    causes: list[str]
    media: list[str]


@dataclass(frozen=True, slots=True)
class AlertFilter:
    """Which alerts; `start` and `end` bound when one was raised, `after` is the id of the last of the page before."""

    site: str | None = None
    device: str | None = None
    type: str | None = None
    state: Literal["open", "closed"] | None = None
    start: datetime | None = None
    end: datetime | None = None
    after: str | None = None
    limit: int = 50


def alerts(view: sqlite3.Connection, wanted: AlertFilter | None = None) -> list[AlertAnswer]:
    """Newest first."""
    asked = wanted or AlertFilter()
    found = view.execute(
        f"select {_COLUMNS} from alerts where (?1 is null or site = ?1) and (?2 is null or device = ?2) "  # noqa: S608 - ours
        "and (?3 is null or type = ?3) and (?4 is null or (cleared is null) = (?4 = 'open')) "
        "and (?5 is null or raised >= ?5) and (?6 is null or raised < ?6) and (?7 is null or (raised, alert_id) < "
        "(select raised, alert_id from alerts where alert_id = ?7)) order by raised desc, alert_id desc limit ?8",
        (asked.site, asked.device, asked.type, asked.state, _seconds(asked.start), _seconds(asked.end), asked.after,
         asked.limit),
    )  # fmt: skip
    return [_answer(row) for row in found]


def alert(view: sqlite3.Connection, alert_id: str) -> AlertAnswer | None:
    found = _row(view, alert_id)
    return None if found is None else _answer(found)


def count_open(view: sqlite3.Connection, site: str | None = None) -> int:
    query = "select count(*) from alerts where cleared is null and (?1 is null or site = ?1)"
    return int(view.execute(query, (site,)).fetchone()[0])


def why(view: sqlite3.Connection, alert_id: str) -> Why | None:
    """The rule that decided on an alert, the events that made it, and what they looked like."""
    row = _row(view, alert_id)
    if row is None:
        return None
    told, rule, version, causes = _answer(row), str(row[12]), int(row[13]), from_json(row[14])
    text = RULES.get(rule, rule)
    return {
        "alert": told,
        "rule": {"name": rule, "version": version, "text": text},
        "causes": causes,
        "media": told["media"],
    }


def _row(view: sqlite3.Connection, alert_id: str) -> tuple[Any, ...] | None:
    query = f"select {_COLUMNS} from alerts where alert_id = ?"  # noqa: S608 - our own columns
    found: tuple[Any, ...] | None = view.execute(query, (alert_id,)).fetchone()
    return found


def _seconds(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()


def _iso(seconds: float) -> str:
    return iso(datetime.fromtimestamp(seconds, UTC))


def _answer(row: tuple[Any, ...]) -> AlertAnswer:
    return {
        "id": row[0],
        "site": row[1],
        "device": row[2],
        "type": row[3],
        "level": row[4],
        "message": row[5],
        "state": "open" if row[7] is None else "closed",
        "raised": _iso(row[6]),
        "cleared": None if row[7] is None else _iso(row[7]),
        "acknowledged": None if row[8] is None else from_json(row[8]),
        "details": from_json(row[10]),
        "incident": row[9],
        "media": from_json(row[11]),
    }
