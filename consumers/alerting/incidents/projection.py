"""Folds the journal into incidents, and tells of each that opens or closes."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import ClassVar
from uuid import NAMESPACE_URL, UUID, uuid5

from pydantic_core import from_json, to_json

from bus_schemas.alert import Incident, IncidentEvent, Rule
from bus_schemas.camera import DetectionEvent, FrameEvent, MotionEvent
from bus_schemas.event import HUB, HUB_SOURCE, RESERVED, Event, device_source
from bus_schemas.hub import FaultEvent
from bus_schemas.media import MediaEvent, SegmentEvent
from bus_schemas.node import CommandEvent, GapEvent, HealthEvent, HeartbeatEvent, SettingsEvent, StateEvent
from bus_schemas.thermal import ThermalEvent
from consumers.alerting.incidents.device import Verdict, Watched, watched_json
from consumers.alerting.incidents.hub import fault_of
from consumers.alerting.rules import RULE_VERSION, AlertRules
from consumers.engine.partial import BEAT
from consumers.engine.projection import Emit, Projection
from consumers.engine.versions import COLUMNS, Versions
from consumers.hub_config import Hub
from consumers.store.journal.ahead import moment_of
from consumers.store.journal.record import Place, Recorded
from producer.times import moment

_NAMESPACE = uuid5(NAMESPACE_URL, "watchpost:incident")


class Incidents(Projection):
    name: ClassVar[str] = "incidents"
    models: ClassVar[tuple[type[Event], ...]] = (
        CommandEvent, DetectionEvent, FaultEvent, FrameEvent, GapEvent, HealthEvent, HeartbeatEvent, MediaEvent,
        MotionEvent, SegmentEvent, SettingsEvent, StateEvent, ThermalEvent,
    )  # fmt: skip
    emits: ClassVar[tuple[type[Event], ...]] = (IncidentEvent,)
    version: ClassVar[int] = 6
    pace_s: ClassVar[float] = 0.0
    schema: ClassVar[str] = f"""
    create table if not exists watched (
        site text not null, device text not null, state text not null, primary key (site, device)
    ) strict;
    create table if not exists incidents (
        incident_id text not null, {COLUMNS}, site text not null, device text not null, type text not null,
        opened real not null, closed real check (closed is null or closed >= opened), rule text not null,
        rule_version integer not null, details text not null, causes text not null, media text not null,
        primary key (incident_id, until)
    ) strict;
    create index if not exists incidents_opened on incidents (opened, incident_id, position, until);
    create index if not exists incidents_open on incidents (until, position) where closed is null;
    """

    # What is open of a device that was not heard since is still the case.
    history: ClassVar[Mapping[str, str]] = {
        "incidents": "(site, device) not in (select site, device from main.watched) or incident_id in"
        " (select incident_id from old.incidents where closed <= horizon(site, device))",
        "watched": "true",
    }

    def __init__(self, hub: Hub) -> None:
        self._rules = hub.rules
        self._expected = hub.devices()

    def made_with(self) -> object:
        return self._rules, self._expected

    def fold(self, view: sqlite3.Connection, batch: Sequence[Recorded], emit: Emit) -> None:
        ledger = _Ledger(view, self._rules, self._expected)
        for record in batch:
            for where, verdict in ledger.judge(record):
                ledger.enter(where, verdict, record, emit)
        ledger.save()


class _Ledger:
    """The devices as the rules see them, each read when a fold first needs it, and written at its end if it changed."""

    def __init__(self, view: sqlite3.Connection, rules: AlertRules, expected: Iterable[Place]) -> None:
        self._view = view
        self._incidents = Versions(view, "incidents", "incident_id")
        self._rules = rules
        self._touched: dict[Place, Watched] = {}
        self._known: dict[Place, Watched] = {}
        self._has_read_all = False
        self._expected = set(expected)

    def save(self) -> None:
        rows = [(*where, watched_json.dump_json(it).decode()) for where, it in sorted(self._touched.items())]
        self._view.executemany("insert or replace into watched values (?, ?, ?)", rows)

    def judge(self, record: Recorded) -> Iterable[tuple[Place, Verdict]]:
        """Each decision is to be entered before the next is asked for."""
        where = record.where
        if where[1] in RESERVED:
            return self._judge_hub(record)
        watched = self._touched.get(where) or self._watched(where)
        watched.hear(record)
        if record.model is StateEvent and isinstance(record.event, StateEvent) and not record.event.data.online:
            return self._lose(where, watched, record, record.event.data.reason)
        found = watched.judge(record, self._rules)
        return [(where, verdict) for verdict in found if self._is_first_of_disk(where, verdict)] if found else ()

    def _judge_hub(self, record: Recorded) -> Iterable[tuple[Place, Verdict]]:
        if record.model is HeartbeatEvent and record.source == HUB_SOURCE:
            return self._pass_time(record)
        fault = fault_of(record)
        if fault is None:
            return ()
        return [((HUB, HUB), verdict) for verdict in self._watched((HUB, HUB)).judge_fault(fault)]

    def _is_first_of_disk(self, where: Place, verdict: Verdict) -> bool:
        """Whoever shares a full disk with the hub, or with a device that has said so, has nothing to add."""
        if (verdict.type, verdict.turn) != ("storage", "opened"):
            return True
        everyone = self._all()
        mine = everyone[where]
        hub = everyone.get((HUB, HUB))
        if hub is not None and mine.disk_id is not None and hub.disk_id == mine.disk_id:
            return False
        return not any("storage" in it.open and _is_same_disk(it, mine) for at, it in everyone.items() if at[1] != HUB)

    def _watched(self, where: Place) -> Watched:
        """The state of a device that is about to change."""
        known = self._known.get(where)
        if known is None:
            query = "select state from watched where site = ? and device = ?"
            found = None if self._has_read_all else self._view.execute(query, where).fetchone()
            known = self._known[where] = Watched() if found is None else watched_json.validate_json(found[0])
        self._touched[where] = known
        return known

    def _all(self) -> dict[Place, Watched]:
        """What was read already may have changed since, and stays as it is."""
        if not self._has_read_all:
            for site, device, state in self._view.execute("select site, device, state from watched"):
                if (site, device) not in self._known:
                    self._known[site, device] = watched_json.validate_json(state)
            self._has_read_all = True
        return self._known

    def _lose(self, where: Place, lost: Watched, record: Recorded, why: str | None) -> Iterator[tuple[Place, Verdict]]:
        """The connection is that of an outbox: with it all devices of the same epoch are gone."""
        reason = why or "connection lost"
        for other, watched in sorted(self._all().items()):
            if other == where or (lost.epoch is not None and watched.epoch == lost.epoch and watched.is_device):
                self._touched[other] = watched
                for verdict in watched.miss(reason, record.received_us / 1e6, (record.id,)):
                    yield other, verdict

    def _pass_time(self, tick: Recorded) -> Iterator[tuple[Place, Verdict]]:
        now, hub = tick.time_s, self._watched((HUB, HUB))
        started = max(now - tick.told(BEAT).data.uptime_s, hub.listens_since(now))
        for verdict in hub.judge_disk(tick, self._rules):
            yield (HUB, HUB), verdict
        if now - started <= self._rules.silent_after_s:
            return
        for where in self._silent_since(now - self._rules.silent_after_s):
            yield from self._miss_silent(where, tick, started)
        yield from self._miss_expected(tick, started)

    def _silent_since(self, latest: float) -> list[Place]:
        everyone = self._all().items()
        return sorted(where for where, it in everyone if it.heard < latest and it.is_device and it.absent is None)

    def _miss_silent(self, where: Place, tick: Recorded, started: float) -> Iterator[tuple[Place, Verdict]]:
        watched = self._watched(where)
        causes = tuple(filter(None, (watched.heard_id, tick.id)))
        since = max(watched.heard, started)
        for verdict in watched.miss(f"nothing received for {tick.time_s - since:.0f} s", since, causes):
            yield where, verdict

    def _miss_expected(self, tick: Recorded, started: float) -> Iterator[tuple[Place, Verdict]]:
        """A device that was down before the hub began to listen is missed as well as one that goes."""
        for where in sorted(self._expected):
            self._expected.discard(where)
            known = self._all().get(where)
            if known is not None and known.is_device:
                continue
            watched = self._watched(where)
            watched.is_device, watched.status = True, "not_started"
            for verdict in watched.miss("never heard of since the hub started", started, (tick.id,)):
                yield where, verdict

    def enter(self, where: Place, verdict: Verdict, record: Recorded, emit: Emit) -> None:
        """Write what was decided, and tell of it. The same decision on the same event has the same ids."""
        watched = self._watched(where)
        if verdict.turn == "opened":
            incident = verdict.incident_id or _incident_id(where, verdict)
            watched.open[verdict.key] = incident
            self._open(record.position, incident, where, verdict)
        else:
            incident = watched.open[verdict.key]
            self._turn(record.position, incident, verdict)
        if verdict.turn == "closed":
            del watched.open[verdict.key]
        if record.model is not FaultEvent or verdict.type == "storage":
            # Another fault of the hub is in the journal already, for whoever raises alerts.
            emit(self._event(incident, where, verdict, moment(record.time_us)))

    def _open(self, position: int, incident: str, where: Place, verdict: Verdict) -> None:
        row = {
            "incident_id": incident,
            "site": where[0],
            "device": where[1],
            "type": verdict.type,
            "opened": verdict.since,
            "closed": None,
            "rule": verdict.type,
            "rule_version": RULE_VERSION,
            "details": to_json(verdict.details).decode(),
            "causes": to_json(verdict.causes).decode(),
            "media": to_json(verdict.media).decode(),
        }
        self._incidents.put(position, row)

    def _turn(self, position: int, incident: str, verdict: Verdict) -> None:
        row = self._incidents.newest(incident)
        assert row is not None, "what is open was opened"
        if verdict.turn == "closed":
            row["closed"] = max(row["opened"], verdict.since)
            details = {**from_json(row["details"]), "closed_by": verdict.causes}
        else:
            details = verdict.details
        self._incidents.put(position, {**row, "details": to_json(details).decode()})

    @staticmethod
    def _event(incident: str, where: Place, verdict: Verdict, at: datetime) -> IncidentEvent:
        return IncidentEvent(
            id=str(uuid5(UUID(incident), "/".join((verdict.turn, *verdict.causes)))),
            source=device_source(where[0], HUB),
            time=at,
            data=Incident(
                incident_id=incident,
                site=where[0],
                device=where[1],
                type=verdict.type,
                state="closed" if verdict.turn == "closed" else "opened",
                since=moment_of(verdict.since),
                rule=Rule(name=verdict.type, version=RULE_VERSION),
                causes=verdict.causes,
                details=verdict.details,
                media=verdict.media,
            ),
        )


def _incident_id(where: Place, verdict: Verdict) -> str:
    return str(uuid5(_NAMESPACE, "/".join((*where, verdict.type, *verdict.causes))))


def _is_same_disk(one: Watched, other: Watched) -> bool:
    """Older agents do not name their disk; what shares an outbox shares a disk."""
    if one.disk_id is not None or other.disk_id is not None:
        return one.disk_id == other.disk_id
    return one.epoch is not None and one.epoch == other.epoch
