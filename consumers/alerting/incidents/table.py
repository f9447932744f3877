"""The tables of incidents and of the conditions of their devices."""

import sqlite3
from dataclasses import dataclass
from uuid import NAMESPACE_URL, uuid5

from pydantic_core import from_json, to_json

from bus_schemas.alert import AlertLevelName
from consumers.alerting.conditions import ConditionTable
from consumers.alerting.incidents.device_state import Watched
from consumers.alerting.incidents.verdict import Open, Verdict
from consumers.alerting.incidents.worst import with_worst
from consumers.alerting.rules import RULE_VERSION
from consumers.alerting.terms import Terms
from consumers.engine.versions import COLUMNS, Versions
from consumers.store.journal.record import DeviceKey

_NAMESPACE = uuid5(NAMESPACE_URL, "watchpost:incident")

SCHEMA = f"""
    create table if not exists incidents (
        incident_id text not null, {COLUMNS}, site text not null, device text not null, type text not null,
        level text not null, opened real not null, closed real check (closed is null or closed >= opened),
        under text, suppressed text, mute_id text, rule text not null, rule_version integer not null,
        rule_text text not null, details text not null, causes text not null, media text not null,
        primary key (incident_id, until)
    ) strict;
    create index if not exists incidents_opened on incidents (opened, incident_id, position, until);
    create index if not exists incidents_open on incidents (until, position) where closed is null;
    create index if not exists incidents_muted on incidents (mute_id, until) where mute_id is not null;
    """


@dataclass(slots=True)
class IncidentEntry:
    """A decision, of whom, and where it is kept what of them is open."""

    place: DeviceKey
    verdict: Verdict
    open: dict[str, Open]
    watched: Watched | None = None
    at: float = 0.0
    incident_id: str = ""
    level: AlertLevelName = "warning"
    late_s: float | None = None


class IncidentTable:
    """The incidents as a fold writes them."""

    def __init__(self, view: sqlite3.Connection, terms: Terms) -> None:
        self._terms = terms
        self._incidents = Versions(view, "incidents", "incident_id")
        self.conditions = ConditionTable(view, terms)

    def enter(self, entry: IncidentEntry, position: int) -> None:
        """Write what was decided. The same decision on the same event has the same ids."""
        verdict = entry.verdict
        if entry.late_s is not None and verdict.turn in ("opened", "renewed"):
            entry.verdict = verdict = verdict._replace(details={**verdict.details, "late_s": round(entry.late_s, 1)})
        is_as_before = verdict.turn in ("worsened", "closed")
        entry.level = entry.open[verdict.key].level if is_as_before else verdict.level
        if verdict.turn == "opened":
            entry.incident_id = verdict.incident_id or _incident_id(entry.place, verdict)
            reason = verdict.details.get("reason")
            entry.open[verdict.key] = Open(
                entry.incident_id, verdict.level, verdict.since, reason if isinstance(reason, str) else None
            )
            self._open(position, entry)
        else:
            entry.incident_id = entry.open[verdict.key].id
            self._turn(position, entry)
        if verdict.turn == "closed":
            del entry.open[verdict.key]
        if entry.watched is not None:
            ended = verdict.since if verdict.turn == "closed" else 0.0
            self.conditions.update(position, entry.place, entry.watched, ended)

    def _open(self, position: int, entry: IncidentEntry) -> None:
        verdict, is_agents = entry.verdict, entry.watched is None or entry.watched.is_agents
        row = {
            "incident_id": entry.incident_id,
            "site": entry.place[0],
            "device": entry.place[1],
            "type": verdict.type,
            "level": verdict.level,
            "opened": verdict.since,
            "closed": None,
            "under": verdict.details.get("under"),
            "suppressed": None,
            "mute_id": None,
            "rule": verdict.type,
            "rule_version": RULE_VERSION,
            "rule_text": self._terms.sentence(verdict.type, entry.place, is_agents=is_agents),
            "details": to_json(verdict.details).decode(),
            "causes": to_json(verdict.causes).decode(),
            "media": to_json(verdict.media).decode(),
        }
        self._incidents.put(position, row)

    def _turn(self, position: int, entry: IncidentEntry) -> None:
        row, verdict = self._incidents.newest(entry.incident_id), entry.verdict
        assert row is not None, "what is open was opened"
        if verdict.turn == "closed":
            row["closed"] = max(row["opened"], verdict.since)
            known = with_worst(from_json(row["details"]), verdict.details)
            row["details"] = to_json({**known, "closed_by": verdict.causes}).decode()
        elif verdict.turn == "worsened":
            known = with_worst(from_json(row["details"]), verdict.details)
            row["details"] = to_json(known).decode()
            entry.verdict = verdict._replace(details=known)
        else:
            # What decided now is what shows how it is; what it began with is kept in front.
            causes = dict.fromkeys([*from_json(row["causes"])[:1], *verdict.causes])
            row |= {
                "level": verdict.level,
                "under": verdict.details.get("under"),
                "details": to_json(verdict.details).decode(),
                "causes": to_json(list(causes)).decode(),
            }
            if verdict.media:
                row["media"] = to_json(verdict.media).decode()
            entry.open[verdict.key].level = verdict.level
        self._incidents.put(position, row)


def _incident_id(where: DeviceKey, verdict: Verdict) -> str:
    return str(uuid5(_NAMESPACE, "/".join((*where, verdict.type, *verdict.causes))))
