"""Decides on alerts within one fold, by comparing the open incidents with the alerts that were last emitted."""

import sqlite3
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import uuid5

from pydantic_core import from_json, to_json

from bus_schemas.alert import Alert, AlertEvent
from bus_schemas.event import HUB, device_source, iso
from bus_schemas.node import HeartbeatEvent
from consumers.alerting.alerts import notification_state
from consumers.alerting.alerts.facts import NAMESPACE, IncidentFacts, acknowledgement, alert_id_of, mute_of
from consumers.alerting.alerts.notification_state import Key, NotificationState, NotificationStates
from consumers.alerting.alerts.wording import RANK, WELL, DeviceNames, Wording, over, recovered, wording
from consumers.alerting.incidents.worst import with_worst
from consumers.alerting.review.mutes import MUTE
from consumers.engine.versions import COLUMNS, Versions
from producer.times import moment_of_seconds

COOL_DOWN = "cool_down"
"""Why an incident raised no alert: another of its kind had been, shortly before."""
_AT_ONCE = frozenset({"hub_deaf"})
"""Types of incidents that are over when they are known."""

SCHEMA = f"""{notification_state.SCHEMA}
    create table if not exists alerts (
        alert_id text not null, {COLUMNS}, site text not null, device text not null, type text not null,
        level text not null, message text not null, cleared_message text, raised real not null, cleared real,
        acknowledged text, incident_id text, rule text, rule_version integer, details text not null,
        causes text not null, media text not null, primary key (alert_id, until)
    ) strict;
    create index if not exists alerts_raised on alerts (raised, alert_id, position, until);
    create index if not exists alerts_open on alerts (until, position) where cleared is null;
    """


class AlertBook:
    """A raise waits out the cool-down after the one before, unless it is worse. An incident that is still open when it
    ends is raised then; one that is over by then is never raised. A mute withholds a raise in the same way. A clear
    comes at once.
    """

    def __init__(
        self,
        view: sqlite3.Connection,
        emit: Callable[[AlertEvent], None],
        cool_down_s: float,
        called: DeviceNames,
    ) -> None:
        self.position = 0
        """The position of the event that is folded."""
        self._view = view
        self._alerts = Versions(view, "alerts", "alert_id")
        self._incidents = Versions(view, "incidents", "incident_id")
        self._emit = emit
        self._cool_down_s = cool_down_s
        self._states = NotificationStates(view)
        self._called = called

    def take(self, incident: IncidentFacts, at: datetime, received: float) -> None:
        key = (incident.site, incident.device, incident.subject)
        if incident.type in _AT_ONCE:
            if incident.state == "opened" and incident.is_for_people:
                self._emit_at_once(incident, at, received)
            return
        if incident.state == "closed":
            self._end(key, incident, at)
            return
        if not incident.is_for_people:
            return
        state = self._states.find(key) or NotificationState()
        state.incident = incident.model_dump_json()
        if not self._is_withheld(state, incident, received):
            if state.notified == incident.incident_id:
                self._raise(state, incident, at, state.notified_at or received)
            elif state.notified is None and (self._has_cooled_down(state, received) or state.is_exceeded_by(incident)):
                self._mark_suppressed(incident.incident_id, None)
                self._raise(state, incident, at, received)
            else:
                self._mark_suppressed(incident.incident_id, COOL_DOWN)
        self._states.save(key, state)

    def pass_time(self, tick: HeartbeatEvent) -> None:
        """Raise what was deferred and is still the case."""
        at = tick.time.timestamp()
        for key, state in self._states.deferred(at, self._cool_down_s):
            self._raise_deferred(state, IncidentFacts.model_validate_json(state.incident or ""), tick)
            self._states.save(key, state)

    def _raise_deferred(self, state: NotificationState, incident: IncidentFacts, tick: HeartbeatEvent) -> None:
        at = tick.time.timestamp()
        if self._is_withheld(state, incident, at):
            return
        if state.notified is None and not self._has_cooled_down(state, at):
            self._mark_suppressed(incident.incident_id, COOL_DOWN)
            return
        self._mark_suppressed(incident.incident_id, None)
        self._raise(state, incident, tick.time, at if state.notified is None else state.notified_at or at)

    def _has_cooled_down(self, state: NotificationState, now: float) -> bool:
        """A notification that is yet to come is of a clock that was set back: nobody knows how long ago that was."""
        return state.notified_at is None or abs(now - state.notified_at) >= self._cool_down_s

    def _is_withheld(self, state: NotificationState, incident: IncidentFacts, at: float) -> bool:
        """Whether a mute holds what there is to say of it; what is worse than what people know waits as well."""
        mute_id = mute_of(self._view, incident, at)
        state.muted = int(mute_id is not None)
        if mute_id is None:
            return False
        if state.notified is None:
            self._mark_suppressed(incident.incident_id, MUTE, mute_id)
        return True

    def _mark_suppressed(self, incident_id: str, why: str | None, mute_id: str | None = None) -> None:
        row = self._incidents.newest(incident_id)
        if row is not None and (row["suppressed"], row["mute_id"]) != (why, mute_id):
            self._incidents.put(self.position, {**row, "suppressed": why, "mute_id": mute_id})

    def _end(self, key: Key, incident: IncidentFacts, at: datetime) -> None:
        state = self._states.find(key)
        if state is None:
            return
        notified = state.notified
        state.incident, state.muted, state.notified = None, 0, None
        self._states.save(key, state)
        if notified is None:
            return
        self._clear(alert_id_of(notified), incident, at)
        if incident.type in WELL and incident.details.get("recovered", True) and not self._states.is_unwell(key):
            self._recover(incident, at)

    def _clear(self, alert_id: str, incident: IncidentFacts, at: datetime) -> None:
        known = self._alerts.newest(alert_id)
        if known is None or known["cleared"] is not None:
            return
        details = with_worst(from_json(known["details"]), incident.details)
        since = details.get("since")
        begun = known["raised"] if since is None else datetime.fromisoformat(since).timestamp()
        words = over(incident, self._called, known["type"], max(0.0, incident.since.timestamp() - begun))
        cleared = max(known["raised"], at.timestamp())
        row = {**known, "cleared": cleared, "cleared_message": words.message, "details": to_json(details).decode()}
        self._alerts.put(self.position, row)
        self._emit_alert("cleared", alert_id, words, incident, at)

    def _recover(self, incident: IncidentFacts, at: datetime) -> None:
        """A recovery is news, and over at once."""
        facts = incident.model_copy(update={"details": {"previous_status": incident.type}})
        words = recovered((incident.site, incident.device), self._called)
        self._emit_once(f"{incident.incident_id}/recovered", words, facts, at)

    def _emit_at_once(self, incident: IncidentFacts, at: datetime, received: float) -> None:
        mute_id = mute_of(self._view, incident, received)
        if mute_id is not None:
            self._mark_suppressed(incident.incident_id, MUTE, mute_id)
            return
        self._emit_once(incident.incident_id, wording(incident, self._called), incident, at)

    def _emit_once(self, name: str, words: Wording, facts: IncidentFacts, at: datetime) -> None:
        alert_id = alert_id_of(name)
        self._enter(alert_id, words, facts, at, is_over=True)
        self._emit_alert("raised", alert_id, words, facts, at)

    def _raise(self, state: NotificationState, incident: IncidentFacts, at: datetime, notified_at: float) -> None:
        """Raise an alert, or raise it once more when the incident got worse."""
        alert_id, words = alert_id_of(incident.incident_id), wording(incident, self._called)
        before = self._alerts.newest(alert_id)
        if before is not None and RANK[before["level"]] >= RANK[words.level]:
            self._note_worst(before, incident)
            return
        state.notified, state.notified_at, state.notified_level = incident.incident_id, notified_at, words.level
        self._enter(alert_id, words, incident, at)
        self._emit_alert("raised", alert_id, words, incident, at)

    def _note_worst(self, row: dict[str, Any], incident: IncidentFacts) -> None:
        """The details of when it was raised stay; how bad it has become since stands beside them."""
        known = from_json(row["details"])
        if (details := with_worst(known, incident.details)) != known:
            self._alerts.put(self.position, {**row, "details": to_json(details).decode()})

    def _enter(
        self, alert_id: str, words: Wording, incident: IncidentFacts, at: datetime, *, is_over: bool = False
    ) -> None:
        details = {**incident.details, "since": self._begun(incident)}
        row = self._alerts.newest(alert_id) or {
            "alert_id": alert_id,
            "site": incident.site,
            "device": incident.device,
            "raised": at.timestamp(),
            "cleared": None,
            "cleared_message": None,
            "acknowledged": None,
            "incident_id": incident.incident_id,
            "rule": incident.rule.name,
            "rule_version": incident.rule.version,
            "causes": "[]",
            "media": "[]",
        }
        if is_over:
            row["cleared"] = row["raised"]
        # The sentence is about what decided now, and nobody has acknowledged that.
        row["acknowledged"] = None
        causes = dict.fromkeys([*from_json(row["causes"])[:1], *incident.causes])
        row |= {**words._asdict(), "details": to_json(details).decode(), "causes": to_json(list(causes)).decode()}
        if incident.media:
            row["media"] = to_json(incident.media).decode()
        self._alerts.put(self.position, row)

    def _begun(self, incident: IncidentFacts) -> str:
        """When the incident was opened, which may have got worse since."""
        row = self._incidents.newest(incident.incident_id)
        return iso(incident.since if row is None else moment_of_seconds(row["opened"]))

    def _emit_alert(self, state: Any, alert_id: str, words: Wording, incident: IncidentFacts, at: datetime) -> None:
        level = words.level if state == "raised" else "over"
        event_id = uuid5(NAMESPACE, "/".join((alert_id, state, level, *incident.causes)))
        self._emit(
            AlertEvent(
                id=str(event_id),
                source=device_source(incident.site, HUB),
                time=at,
                data=Alert(
                    alert_id=alert_id,
                    site=incident.site,
                    device=incident.device,
                    device_name=self._called.name((incident.site, incident.device)),
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
        """The first one who says so, until it is withdrawn."""
        known = self._alerts.newest(event.data.alert_id)
        if known is None or (known["acknowledged"] is None) is event.data.withdrawn:
            return
        acknowledged = None if event.data.withdrawn else to_json(acknowledgement(event)).decode()
        self._alerts.put(self.position, {**known, "acknowledged": acknowledged})
