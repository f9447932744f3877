"""Folds the journal into incidents, the conditions of devices, and the alerts that people receive."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
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
from bus_schemas.reading import ReadingEvent
from bus_schemas.review import MuteEvent, ReviewEvent
from bus_schemas.thermal import SensorEvent, ThermalEvent
from consumers import site_registry
from consumers.alerting import adoption, conditions, terms
from consumers.alerting.alerts import book as alert_book
from consumers.alerting.alerts.book import AlertBook
from consumers.alerting.alerts.facts import of_incident
from consumers.alerting.incidents import devices, table
from consumers.alerting.incidents.book import IncidentBook
from consumers.alerting.incidents.device_state import Watched
from consumers.alerting.incidents.devices import DeviceTable
from consumers.alerting.incidents.table import IncidentEntry
from consumers.alerting.review import mutes, reviews
from consumers.alerting.rules import RULE_VERSION, AlertRules
from consumers.engine.process_group import ProcessGroup
from consumers.engine.projection import Emit, Projection
from consumers.site_registry import SiteRegistry
from consumers.store.journal.clock_ahead import moment_of
from consumers.store.journal.record import DeviceKey, JournalReader, Recorded

OBSERVED: tuple[type[Event], ...] = (
    CommandEvent, DetectionEvent, FaultEvent, FrameEvent, GapEvent, HealthEvent, HeartbeatEvent, MediaEvent,
    MotionEvent, ReadingEvent, SegmentEvent, SensorEvent, SettingsEvent, StateEvent, ThermalEvent,
)  # fmt: skip
"""The events that decide on incidents."""


class AlertingProjection(Projection):
    """An incident and the alert that it raises are written, and leave, in one transaction."""

    name: ClassVar[str] = "alerting"
    group: ClassVar[ProcessGroup] = ProcessGroup.URGENT
    version: ClassVar[int] = 21
    models: ClassVar[tuple[type[Event], ...]] = (*OBSERVED, AlertEvent, MuteEvent, ReviewEvent, *site_registry.MODELS)
    emits: ClassVar[tuple[type[Event], ...]] = (IncidentEvent, AlertEvent)
    supersedes: ClassVar[tuple[str, ...]] = ("incidents", "alerts")
    pace_s: ClassVar[float] = 0.0
    schema: ClassVar[str] = "".join(
        (
            site_registry.SCHEMA,
            devices.SCHEMA,
            table.SCHEMA,
            conditions.SCHEMA,
            mutes.SCHEMA,
            reviews.SCHEMA,
            alert_book.SCHEMA,
        )
    )
    before_floor: ClassVar[Mapping[str, str]] = {
        **site_registry.BEFORE_FLOOR,
        **mutes.BEFORE_FLOOR,
        **reviews.BEFORE_FLOOR,
    }

    # An open incident of a device that has sent nothing since still holds.
    history: ClassVar[Mapping[str, str]] = {
        "incidents": "(site, device) not in (select site, device from main.watched) or incident_id in (select"
        " incident_id from old.incidents where closed <= horizon(site, iif(type = 'node_offline', null, device)))",
        "watched": "true",
        "watched_hub": "true",
        "nodes": "true",
        "conditions": "(site, device) not in (select site, device from main.watched)",
        "alerts": "alert_id in (select alert_id from old.alerts where cleared <= horizon(site, null))",
        "alert_state": "true",
    }

    def __init__(self, rules: AlertRules | None = None) -> None:
        """`rules` are judged by in place of those that the journal says: for trials."""
        self._rules = rules
        self._memory: _Memory | None = None

    def adopt(self, view: sqlite3.Connection, data: Path, journal: JournalReader) -> None:
        adoption.adopt(view, data, journal)

    def made_with(self) -> object:
        return self._rules

    def is_own_emission(self, event: Event) -> bool:
        """An acknowledgement is an alert event too, but the gateway emits it."""
        is_acknowledged = isinstance(event, AlertEvent) and event.data.state == "acknowledged"
        return super().is_own_emission(event) and not is_acknowledged

    def fold(self, view: sqlite3.Connection, batch: Sequence[Recorded], emit: Emit) -> None:
        """Events before a change of the registry are judged by the registry as it was until then."""
        memory, begin = self._recall(view), 0
        for end, record in enumerate(batch):
            if record.model in site_registry.MODELS:
                self._fold(memory, batch[begin:end], emit)
                self._register(memory, record, emit)
                begin = end + 1
        self._fold(memory, batch[begin:], emit)

    def _recall(self, view: sqlite3.Connection) -> "_Memory":
        """Nothing, where what the last fold wrote may have been taken back, or was written to another view."""
        memory = self._memory
        if memory is None or not memory.is_committed or memory.devices.view is not view:
            memory = self._memory = _Memory(DeviceTable(view))
        memory.is_committed = False
        return memory

    def committed(self) -> None:
        if self._memory is not None:
            self._memory.is_committed = True

    def forget(self) -> None:
        self._memory = None

    def watched(self, where: DeviceKey) -> Watched | None:
        """The state of the rules for a device, as far as it is held in memory."""
        return None if self._memory is None else self._memory.devices.known.get(where)

    def _terms(self, memory: "_Memory") -> terms.Terms:
        if memory.in_force is None:
            found = terms.registered(SiteRegistry(memory.devices.view).now)
            memory.in_force = found if self._rules is None else replace(found, rules=self._rules)
        return memory.in_force

    def _register(self, memory: "_Memory", record: Recorded, emit: Emit) -> None:
        """Take in a change of the registry, and what follows for open incidents and for when devices are missed."""
        changed = SiteRegistry(memory.devices.view).take(record)
        memory.in_force = None
        incidents, alerts = books = self._books(memory, emit)
        alerts.position = record.position
        for setting in changed:
            for entry in incidents.change(setting, record):
                _enter(entry, record, books, emit)
        incidents.save()

    def _books(self, memory: "_Memory", emit: Emit) -> tuple[IncidentBook, AlertBook]:
        in_force = self._terms(memory)
        alerts = AlertBook(memory.devices.view, emit, in_force.rules.cool_down_s, in_force.called)
        return IncidentBook(memory.devices, in_force), alerts

    def _fold(self, memory: "_Memory", batch: Sequence[Recorded], emit: Emit) -> None:
        incidents, alerts = books = self._books(memory, emit)
        for record in batch:
            alerts.position = record.position
            model = record.model
            if (say := _OF_PEOPLE.get(model)) is not None:
                say(memory.devices.view, alerts, record)
                continue
            for entry in incidents.judge(record):
                _enter(entry, record, books, emit)
            if model is HeartbeatEvent and record.source == HUB_SOURCE:
                assert isinstance(record.event, HeartbeatEvent)
                alerts.pass_time(record.event)
        incidents.save()


@dataclass(slots=True)
class _Memory:
    """The state of a view that is held in memory from one fold to the next."""

    devices: DeviceTable
    in_force: terms.Terms | None = None
    is_committed: bool = False


def _enter(entry: IncidentEntry, record: Recorded, books: tuple[IncidentBook, AlertBook], emit: Emit) -> None:
    incidents, alerts = books
    incidents.enter(entry, record)
    event = _event(entry)
    if record.model is not FaultEvent or entry.verdict.type == "storage":
        # Another fault of the hub is in the journal already.
        emit(event)
    alerts.take(of_incident(event.data), event.time, record.received_s)


def _acknowledge(_: sqlite3.Connection, alerts: AlertBook, record: Recorded) -> None:
    event = record.event
    assert isinstance(event, AlertEvent)
    if event.data.state == "acknowledged":
        alerts.acknowledge(event)


_OF_PEOPLE: Mapping[type[Event], Callable[[sqlite3.Connection, AlertBook, Recorded], None]] = {
    AlertEvent: _acknowledge,
    MuteEvent: lambda view, _, record: mutes.take_mute(view, record),
    ReviewEvent: lambda view, _, record: reviews.take_review(view, record),
}
"""By the type of an event that no rule judges, how it is taken."""


def _event(entry: IncidentEntry) -> IncidentEvent:
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


def _moment(entry: IncidentEntry) -> datetime:
    """When it was decided: not before it began."""
    return moment_of(max(entry.at, entry.verdict.since))
