"""Folds incidents into alerts: what is the case against what was told last."""

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar
from uuid import NAMESPACE_URL, uuid5

from pydantic_core import from_json, to_json

from bus_schemas.alert import Alert, AlertEvent, IncidentEvent
from bus_schemas.event import HUB, HUB_SOURCE, Event, device_source
from bus_schemas.hub import FaultEvent
from bus_schemas.node import HeartbeatEvent
from consumers.alerting.alerts.facts import IncidentFacts, of_fault, of_incident
from consumers.alerting.alerts.wording import RANK, WELL, Wording, recovered, wording
from consumers.alerting.incidents.hub import is_of_disk
from consumers.engine.projection import Emit, Projection
from consumers.engine.versions import COLUMNS, Versions
from consumers.hub_config import Hub
from consumers.store.journal.record import Recorded

_NAMESPACE = uuid5(NAMESPACE_URL, "watchpost:alert")

Key = tuple[str, str, str]
"""Site, device, and the type of incident."""


class Alerts(Projection):
    """A desk holds for each (site, device, type of incident) which incident is the case, and which was told.

    A raise waits out the cool-down after the one before; what is still the case at its end is told then, and what
    is over by then was never told. A clear follows a raise at once.
    """

    name: ClassVar[str] = "alerts"
    models: ClassVar[tuple[type[Event], ...]] = (IncidentEvent, FaultEvent, AlertEvent, HeartbeatEvent)
    emits: ClassVar[tuple[type[Event], ...]] = (AlertEvent,)
    version: ClassVar[int] = 3
    pace_s: ClassVar[float] = 0.0
    schema: ClassVar[str] = f"""
    create table if not exists desk (
        site text not null, device text not null, type text not null, now text, told text, told_at real,
        primary key (site, device, type)
    ) strict;
    create table if not exists alerts (
        alert_id text not null, {COLUMNS}, site text not null, device text not null, type text not null,
        level text not null, message text not null, raised real not null, cleared real, acknowledged text,
        incident_id text, rule text, rule_version integer, details text not null, causes text not null,
        media text not null, primary key (alert_id, until)
    ) strict;
    create index if not exists alerts_raised on alerts (raised, alert_id, position, until);
    create index if not exists alerts_open on alerts (until, position) where cleared is null;
    """

    history: ClassVar[Mapping[str, str]] = {
        "alerts": "alert_id in (select alert_id from old.alerts where cleared <= horizon(site, null))",
        "desk": "true",
    }

    def __init__(self, hub: Hub) -> None:
        self._cool_down_s = hub.rules.cool_down_s

    def made_with(self) -> object:
        return self._cool_down_s

    def has_told(self, event: Event) -> bool:
        """That somebody acknowledged an alert is told by the gateway."""
        return super().has_told(event) and isinstance(event, AlertEvent) and event.data.state != "acknowledged"

    def fold(self, view: sqlite3.Connection, batch: Sequence[Recorded], emit: Emit) -> None:
        desk = _Desk(view, emit, self._cool_down_s)
        for record in batch:
            event = record.event
            desk.position = record.position
            match event:
                case IncidentEvent():
                    desk.take(of_incident(event.data), event.time, record.received.timestamp())
                case FaultEvent() if event.source == HUB_SOURCE and not is_of_disk(event.data):
                    desk.take(of_fault(event), event.time, record.received.timestamp())
                case AlertEvent() if event.data.state == "acknowledged":
                    desk.acknowledge(event)
                case HeartbeatEvent() if event.source == HUB_SOURCE:
                    desk.pass_time(event)


class _Desk:
    """Decides, writes and tells, within one fold."""

    def __init__(self, view: sqlite3.Connection, emit: Emit, cool_down_s: float) -> None:
        self.position = 0
        """Of the event that is taken in."""
        self._view = view
        self._alerts = Versions(view, "alerts", "alert_id")
        self._emit = emit
        self._cool_down_s = cool_down_s

    def take(self, incident: IncidentFacts, at: datetime, received: float) -> None:
        key = (incident.site, incident.device, incident.subject)
        self._view.execute("insert or ignore into desk (site, device, type) values (?, ?, ?)", key)
        _, told, told_at = self._state(key)
        if incident.state == "closed":
            self._end(key, incident, told, at)
            return
        self._set(key, now=incident.model_dump_json())
        if told == incident.incident_id:
            self._raise(key, incident, at, told_at or received)
        elif told is None and (told_at is None or received - told_at >= self._cool_down_s):
            self._raise(key, incident, at, received)

    def pass_time(self, tick: HeartbeatEvent) -> None:
        """Tell what was put off and is still the case."""
        at = tick.time.timestamp()
        due = self._view.execute(
            "select site, device, type, now from desk where now is not null and told is null and told_at <= ?",
            (at - self._cool_down_s,),
        ).fetchall()
        for *key, now in due:
            site, device, kind = key
            self._raise((site, device, kind), IncidentFacts.model_validate_json(now), tick.time, at)

    def _end(self, key: Key, incident: IncidentFacts, told: str | None, at: datetime) -> None:
        self._set(key, now=None)
        if told is None:
            return
        self._set(key, told=None)
        alert_id = _alert_id(told)
        known = self._alerts.newest(alert_id)
        if known is not None and known["cleared"] is None:
            self._alerts.put(self.position, {**known, "cleared": max(known["raised"], at.timestamp())})
        words = Wording(known["type"], known["level"], known["message"]) if known else wording(incident)
        self._tell("cleared", alert_id, words, incident, at)
        if incident.type in WELL and not self._is_unwell(key):
            self._recover(incident, at)

    def _is_unwell(self, key: Key) -> bool:
        rows = self._view.execute("select type from desk where site = ? and device = ? and now is not null", key[:2])
        return any(kind in WELL for (kind,) in rows)

    def _recover(self, incident: IncidentFacts, at: datetime) -> None:
        """A recovery is news, and over at once."""
        alert_id = str(uuid5(_NAMESPACE, f"{incident.incident_id}/recovered"))
        told = incident.model_copy(update={"details": {"previous_status": incident.type}})
        words = recovered(incident.device)
        self._enter(alert_id, words, told, at, is_over=True)
        self._tell("raised", alert_id, words, told, at)

    def _raise(self, key: Key, incident: IncidentFacts, at: datetime, told_at: float) -> None:
        """Tell of the incident, or once more when it got worse."""
        alert_id, words = _alert_id(incident.incident_id), wording(incident)
        before = self._alerts.newest(alert_id)
        if before is not None and RANK[before["level"]] >= RANK[words.level]:
            return
        self._set(key, told=incident.incident_id, told_at=told_at)
        self._enter(alert_id, words, incident, at)
        self._tell("raised", alert_id, words, incident, at)

    def _enter(
        self, alert_id: str, words: Wording, incident: IncidentFacts, at: datetime, *, is_over: bool = False
    ) -> None:
        details = {**incident.details, "since": incident.model_dump(mode="json")["since"]}
        row = self._alerts.newest(alert_id) or {
            "alert_id": alert_id,
            "site": incident.site,
            "device": incident.device,
            "raised": at.timestamp(),
            "cleared": None,
            "acknowledged": None,
            "incident_id": incident.incident_id,
            "rule": incident.rule.name,
            "rule_version": incident.rule.version,
            "causes": to_json(incident.causes).decode(),
            "media": to_json(incident.media).decode(),
        }
        if is_over:
            row["cleared"] = row["raised"]
        self._alerts.put(self.position, {**row, **words._asdict(), "details": to_json(details).decode()})

    def _tell(self, state: Any, alert_id: str, words: Wording, incident: IncidentFacts, at: datetime) -> None:
        event_id = uuid5(_NAMESPACE, "/".join((alert_id, state, words.level, *incident.causes)))
        self._emit(
            AlertEvent(
                id=str(event_id),
                source=device_source(incident.site, HUB),
                time=at,
                data=Alert(
                    alert_id=alert_id,
                    site=incident.site,
                    device=incident.device,
                    type=words.type,
                    state=state,
                    level=words.level,
                    message=words.message,
                    incident_id=incident.incident_id,
                    rule=incident.rule,
                    causes=incident.causes,
                    details=incident.details,
                    media=incident.media,
                ),
            )
        )

    def acknowledge(self, event: AlertEvent) -> None:
        """The first one who says so."""
        by = {"by": event.data.by or "somebody", "time": event.model_dump(mode="json")["time"]}
        known = self._alerts.newest(event.data.alert_id)
        if known is not None and known["acknowledged"] is None:
            self._alerts.put(self.position, {**known, "acknowledged": to_json(by).decode()})

    def _state(self, key: Key) -> tuple[str | None, str | None, float | None]:
        """The incident that is the case, the one that was told of, and when one was told of last."""
        found = self._view.execute(
            "select now, told, told_at from desk where site = ? and device = ? and type = ?", key
        ).fetchone()
        now, told, told_at = found
        return None if now is None else from_json(now)["incident_id"], told, told_at

    def _set(self, key: Key, **columns: str | float | None) -> None:
        named = ", ".join(f"{column} = ?" for column in columns)
        self._view.execute(
            f"update desk set {named} where site = ? and device = ? and type = ?",  # noqa: S608 - our own columns
            (*columns.values(), *key),
        )


def _alert_id(incident_id: str) -> str:
    return str(uuid5(_NAMESPACE, incident_id))
