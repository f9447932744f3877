"""Folds what events say of a device into a byte a minute, faults into bits, and incidents into the times they held."""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import ClassVar

from bus_schemas.alert import IncidentEvent
from bus_schemas.condition import NOT_OF_DEVICES
from bus_schemas.event import RESERVED, Event
from consumers.engine.projection import Emit, Projection
from consumers.store.journal.record import Recorded
from consumers.views import minute_evidence
from consumers.views.condition_minutes import KEPT_DAYS
from consumers.views.minute_evidence import MinuteEvidence, evidence_of
from consumers.views.mosaics import incident_times

KEPT_HOURS = KEPT_DAYS * 24
_MINUTE_US = 60_000_000

DeviceHour = tuple[str, int, str]
"""Site, hour since 1970, device."""


class _Hour:
    """The evidence in a batch on an hour of a device: a byte for each minute, and by fault a bit for each."""

    def __init__(self) -> None:
        self.minutes = bytearray(60)
        self.faults: dict[str, int] = {}

    def take(self, minute: int, evidence: MinuteEvidence, wrong: Sequence[str]) -> None:
        self.minutes[minute] = max(self.minutes[minute], evidence)
        for fault in wrong:
            self.faults[fault] = self.faults.get(fault, 0) | 1 << minute


class ConditionMinutesProjection(Projection):
    """The same minutes as those of the mosaics, for longer: what arrives days late counts in its minute too.

    Evidence, faults and incidents are kept apart, and put together when somebody asks: then none of them depends on
    the order in which events arrive.
    """

    name: ClassVar[str] = "condition_minutes"
    version: ClassVar[int] = 2
    models: ClassVar[tuple[type[Event], ...]] = (*minute_evidence.MODELS, IncidentEvent)
    schema: ClassVar[str] = (
        """
    create table if not exists hours (
        site text not null, hour integer not null, device text not null, minutes blob not null,
        primary key (site, hour, device)
    ) strict, without rowid;
    create table if not exists faults (
        site text not null, hour integer not null, device text not null, type text not null, minutes integer not null,
        primary key (site, hour, device, type)
    ) strict, without rowid;
    """
        + incident_times.SCHEMA
    )

    before_floor: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("hours", "faults"), "hour * 3600 <= horizon(site, device)"
    )
    history: ClassVar[Mapping[str, str]] = {"held": "true"}
    whole_because: ClassVar[str] = "incidents that began before may still have lasted"

    def fold(self, view: sqlite3.Connection, batch: Sequence[Recorded], emit: Emit) -> None:
        found: dict[DeviceHour, _Hour] = {}
        sites: set[str] = set()
        for record in batch:
            if record.model is IncidentEvent:
                _enter(view, record, sites)
            elif record.model in minute_evidence.MODELS and record.where[1] not in RESERVED:
                site, device = record.where
                hour, minute = divmod(record.time_us // _MINUTE_US, 60)
                found.setdefault((site, hour, device), _Hour()).take(minute, *evidence_of(record))
                sites.add(site)
        for key in sorted(found):
            _merge(view, key, found[key])
        for site in sorted(sites):
            _prune(view, site)


def _enter(view: sqlite3.Connection, record: Recorded, sites: set[str]) -> None:
    event = record.event
    assert isinstance(event, IncidentEvent)
    if event.data.type not in NOT_OF_DEVICES and RESERVED.isdisjoint((event.data.site, event.data.device)):
        incident_times.enter(view, event)
        sites.add(event.data.site)


def _merge(view: sqlite3.Connection, key: DeviceHour, hour: _Hour) -> None:
    known = view.execute("select minutes from hours where site = ? and hour = ? and device = ?", key).fetchone()
    both = bytes(hour.minutes if known is None else map(max, known[0], hour.minutes))
    if known is None or both != known[0]:
        view.execute("insert or replace into hours values (?, ?, ?, ?)", (*key, both))
    view.executemany(
        "insert into faults values (?, ?, ?, ?, ?) on conflict do update set minutes = minutes | excluded.minutes",
        [(*key, fault, minutes) for fault, minutes in sorted(hour.faults.items())],
    )


def _prune(view: sqlite3.Connection, site: str) -> None:
    """Forget the hours of a site that are too far behind its newest."""
    newest = view.execute("select max(hour) from hours where site = ?", (site,)).fetchone()[0]
    if newest is not None:
        for table in ("hours", "faults"):
            query = f"delete from {table} where site = ? and hour < ?"  # noqa: S608 - our own names
            view.execute(query, (site, newest - KEPT_HOURS))
        incident_times.forget(view, site, (newest - KEPT_HOURS) * 3600)
