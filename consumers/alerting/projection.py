"""Folds the journal into incidents, the conditions of devices that they make, and the alerts that people are told."""

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import ClassVar
from uuid import UUID, uuid5

from bus_schemas.alert import AlertEvent, Incident, IncidentEvent, Rule
from bus_schemas.camera import DetectionEvent, FrameEvent, MotionEvent
from bus_schemas.event import HUB, HUB_SOURCE, Event, device_source
from bus_schemas.hub import FaultEvent
from bus_schemas.media import MediaEvent, SegmentEvent
from bus_schemas.node import CommandEvent, GapEvent, HealthEvent, HeartbeatEvent, SettingsEvent, StateEvent
from bus_schemas.thermal import ThermalEvent
from consumers.alerting import adoption, conditions, terms
from consumers.alerting.alerts import book as alert_book
from consumers.alerting.alerts.book import AlertBook
from consumers.alerting.alerts.facts import of_incident
from consumers.alerting.incidents import devices, table
from consumers.alerting.incidents.book import IncidentBook
from consumers.alerting.incidents.devices import Parsed
from consumers.alerting.incidents.table import Entry
from consumers.alerting.rules import RULE_VERSION
from consumers.engine.projection import Emit, Projection
from consumers.hub_config import Hub
from consumers.store.journal.ahead import moment_of
from consumers.store.journal.record import JournalReader, Recorded

OBSERVED: tuple[type[Event], ...] = (
    CommandEvent, DetectionEvent, FaultEvent, FrameEvent, GapEvent, HealthEvent, HeartbeatEvent, MediaEvent,
    MotionEvent, SegmentEvent, SettingsEvent, StateEvent, ThermalEvent,
)  # fmt: skip
"""What incidents are decided by."""


class Alerting(Projection):
    """An incident and the alert that it raises are written, and leave, in one transaction."""

    name: ClassVar[str] = "alerting"
    models: ClassVar[tuple[type[Event], ...]] = (*OBSERVED, AlertEvent)
    emits: ClassVar[tuple[type[Event], ...]] = (IncidentEvent, AlertEvent)
    supersedes: ClassVar[tuple[str, ...]] = ("incidents", "alerts")
    pace_s: ClassVar[float] = 0.0
    schema: ClassVar[str] = "".join((terms.SCHEMA, devices.SCHEMA, table.SCHEMA, conditions.SCHEMA, alert_book.SCHEMA))

    # What is open of a device that was not heard since is still the case.
    history: ClassVar[Mapping[str, str]] = {
        "terms": "true",
        "incidents": "(site, device) not in (select site, device from main.watched) or incident_id in (select"
        " incident_id from old.incidents where closed <= horizon(site, iif(type = 'node_offline', null, device)))",
        "watched": "true",
        "watched_hub": "true",
        "nodes": "true",
        "conditions": "(site, device) not in (select site, device from main.watched)",
        "known": "position < :floor",
        "alerts": "alert_id in (select alert_id from old.alerts where cleared <= horizon(site, null))",
        "alert_state": "true",
    }

    def __init__(self, hub: Hub) -> None:
        self._configured = terms.configured(hub)
        self._parsed: Parsed = {}

    def adopt(self, view: sqlite3.Connection, data: Path, journal: JournalReader) -> None:
        adoption.adopt(view, data, journal)

    def made_with(self) -> object:
        return self._configured

    def has_told(self, event: Event) -> bool:
        """That somebody acknowledged an alert is told by the gateway."""
        is_acknowledged = isinstance(event, AlertEvent) and event.data.state == "acknowledged"
        return super().has_told(event) and not is_acknowledged

    def fold(self, view: sqlite3.Connection, batch: Sequence[Recorded], emit: Emit) -> None:
        in_force = terms.load(view) or self._configured
        incidents, alerts = (
            IncidentBook(view, in_force, self._parsed),
            AlertBook(view, emit, in_force.rules.cool_down_s),
        )
        for record in batch:
            alerts.position = record.position
            model = record.model
            if model is AlertEvent:
                _acknowledge(alerts, record)
                continue
            for entry in incidents.judge(record):
                incidents.enter(entry, record)
                event = _event(entry)
                if model is not FaultEvent or entry.verdict.type == "storage":
                    # Another fault of the hub is in the journal already.
                    emit(event)
                alerts.take(of_incident(event.data), event.time, record.received_us / 1e6)
            if model is HeartbeatEvent and record.source == HUB_SOURCE:
                assert isinstance(record.event, HeartbeatEvent)
                alerts.pass_time(record.event)
        incidents.save()


def _acknowledge(alerts: AlertBook, record: Recorded) -> None:
    event = record.event
    assert isinstance(event, AlertEvent)
    if event.data.state == "acknowledged":
        alerts.acknowledge(event)


def _event(entry: Entry) -> IncidentEvent:
    verdict, (site, device) = entry.verdict, entry.place
    return IncidentEvent(
        id=str(uuid5(UUID(entry.incident_id), "/".join((verdict.turn, *verdict.causes)))),
        source=device_source(site, HUB),
        time=_moment(entry),
        data=Incident(
            incident_id=entry.incident_id,
            site=site,
            device=device,
            type=verdict.type,
            level=entry.level,
            state="closed" if verdict.turn == "closed" else "opened",
            since=moment_of(verdict.since),
            rule=Rule(name=verdict.type, version=RULE_VERSION),
            causes=verdict.causes,
            details=verdict.details,
            media=verdict.media,
        ),
    )


def _moment(entry: Entry) -> datetime:
    """When it was decided: not before it began."""
    return moment_of(max(entry.at, entry.verdict.since))
