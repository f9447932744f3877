"""What can be asked about incidents, over a read-only connection to their view."""

import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, TypedDict

from pydantic_core import from_json

from bus_schemas.event import iso

RULES: dict[str, str] = {
    "offline": "The connection of the device was lost, its capture stopped, or nothing of it was received for 30 s "
    "while the hub was listening. Over as soon as something of it is received.",
    "degraded": "The device reports failing attempts to reach its source. Over when it reports another status.",
    "stale": "The device runs, but has had no frame for more than 30 s. Over when it reports another status.",
    "blackscreen": "At least 80 % of the frames of 30 s were black. Over after 10 s without a black frame.",
    "freeze": "At least 80 % of the frames of 30 s were frozen. Over after 10 s without a frozen frame.",
    "audio_loss": "At least 80 % of the frames of 30 s had no audio; unknown audio does not count. "
    "Over after 10 s with audio.",
    "hot_spot": "A frame reached a warning threshold: of an ROI, or for a hot spot anywhere. "
    "Over after 30 s below the threshold by 2 °C.",
    "storage": "The disk is used by 85 % or more (critical from 95 %). Over when it falls 2 % below.",
}
"""The rules in words, with their default numbers; the numbers that decided are in an incident's details."""


class IncidentAnswer(TypedDict):
    id: str
    site: str
    device: str
    type: str
    state: Literal["open", "closed"]
    opened: str
    closed: str | None
    duration_s: float | None
    details: dict[str, Any]
    rule: str
    rule_version: int
    causes: list[str]
    media: list[str]


@dataclass(frozen=True, slots=True)
class IncidentFilter:
    """Which incidents; `start` and `end` select those that held at some moment of the span."""

    site: str | None = None
    device: str | None = None
    type: str | None = None
    state: Literal["open", "closed"] | None = None
    start: datetime | None = None
    end: datetime | None = None
    limit: int = 100


def incidents(view: sqlite3.Connection, wanted: IncidentFilter | None = None) -> list[IncidentAnswer]:
    """Newest first."""
    asked = wanted or IncidentFilter()
    found = view.execute(
        "select * from incidents where (?1 is null or site = ?1) and (?2 is null or device = ?2) "
        "and (?3 is null or type = ?3) and (?4 is null or (closed is null) = (?4 = 'open')) "
        "and (?5 is null or closed is null or closed >= ?5) and (?6 is null or opened < ?6) "
        "order by opened desc, incident_id limit ?7",
        (asked.site, asked.device, asked.type, asked.state, _seconds(asked.start), _seconds(asked.end), asked.limit),
    )
    return [_answer(row) for row in found]


def incident(view: sqlite3.Connection, incident_id: str) -> IncidentAnswer | None:
    found = view.execute("select * from incidents where incident_id = ?", (incident_id,)).fetchone()
    return None if found is None else _answer(found)


def open_incidents(view: sqlite3.Connection, site: str | None = None) -> list[IncidentAnswer]:
    return incidents(view, IncidentFilter(site=site, state="open", limit=10_000))


def _seconds(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()


def _iso(seconds: float) -> str:
    return iso(datetime.fromtimestamp(seconds, UTC))


def _answer(row: tuple[Any, ...]) -> IncidentAnswer:
    incident_id, site, device, kind, opened, closed, rule, rule_version, details, causes, media = row
    return {
        "id": incident_id,
        "site": site,
        "device": device,
        "type": kind,
        "state": "open" if closed is None else "closed",
        "opened": _iso(opened),
        "closed": None if closed is None else _iso(closed),
        "duration_s": None if closed is None else round(closed - opened, 3),
        "details": from_json(details),
        "rule": rule,
        "rule_version": rule_version,
        "causes": from_json(causes),
        "media": from_json(media),
    }
