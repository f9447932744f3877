"""What can be asked about incidents, over a read-only connection to their view."""

import sqlite3
from typing import Any, TypedDict

from pydantic_core import from_json

from consumers.engine.intervals import Lasting, State, Wanted, told_at
from consumers.engine.versions import NEWEST

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
    "storage": "The disk is used by 85 % or more (critical from 95 %), or cannot be written. Over when it falls 2 % "
    "below, and can be written.",
    "clock": "The device said a time more than 5 minutes ahead of the hub's. "
    "Over when what arrived of it for 30 s said right times.",
    "system_error": "A part of the hub reports that it does not work as it should, or reports nothing for 30 s. "
    "Over when it works again.",
    "database_error": "A database of the hub, or its journal, cannot be read or written. Over when it can be.",
    "storage_unwritable": "A disk of the hub cannot be written. Over when it can be.",
    "write_failed": "Something could not be written to the archive. Over when it can be.",
}
"""The rules in words, with their default numbers; the numbers that decided are in an incident's details."""


class IncidentAnswer(TypedDict):
    id: str
    site: str
    device: str
    type: str
    state: State
    opened: str
    closed: str | None
    duration_s: float | None
    details: dict[str, Any]
    rule: str
    rule_version: int
    causes: list[str]
    media: list[str]


_INCIDENTS = Lasting(
    table="incidents",
    id="incident_id",
    begun="opened",
    ended="closed",
    columns="incident_id, site, device, type, opened, closed, rule, rule_version, details, causes, media",
    span="held",
)


def incidents(view: sqlite3.Connection, wanted: Wanted | None = None) -> list[IncidentAnswer]:
    """Newest first. A span selects those that held at some moment of it."""
    return [_answer(row) for row in _INCIDENTS.select(view, wanted or Wanted())]


def incident(view: sqlite3.Connection, incident_id: str, upto: int = NEWEST) -> IncidentAnswer | None:
    found = _INCIDENTS.one(view, incident_id, upto)
    return None if found is None else _answer(found)


def open_incidents(view: sqlite3.Connection, site: str | None = None, upto: int = NEWEST) -> list[IncidentAnswer]:
    return incidents(view, Wanted(site=site, state="open", limit=10_000, upto=upto))


def _answer(row: tuple[Any, ...]) -> IncidentAnswer:
    incident_id, site, device, kind, opened, closed, rule, rule_version, details, causes, media = row
    return {
        "id": incident_id,
        "site": site,
        "device": device,
        "type": kind,
        "state": "open" if closed is None else "closed",
        "opened": told_at(opened),
        "closed": None if closed is None else told_at(closed),
        "duration_s": None if closed is None else round(closed - opened, 3),
        "details": from_json(details),
        "rule": rule,
        "rule_version": rule_version,
        "causes": from_json(causes),
        "media": from_json(media),
    }
