"""Folds what events say of a device into one byte a minute, and incidents into the times in which they held."""

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
from consumers.views.condition_minutes.bits import merged, minute_byte
from consumers.views.minute_evidence import evidence_of
from consumers.views.mosaics import incident_times

KEPT_HOURS = KEPT_DAYS * 24
_MINUTE_US = 60_000_000

DeviceHour = tuple[str, int, str]
"""Site, hour since 1970, device."""


class ConditionMinutesProjection(Projection):
    """The same minutes as those of the mosaics, for longer: what arrives days late counts in its minute too.

    A minute and its incidents are kept apart, and put together when somebody asks: then neither depends on the order
    in which events arrive.
    """

    name: ClassVar[str] = "condition_minutes"
    models: ClassVar[tuple[type[Event], ...]] = (*minute_evidence.MODELS, IncidentEvent)
    schema: ClassVar[str] = (
        """
    create table if not exists hours (
        site text not null, hour integer not null, device text not null, minutes blob not null,
        primary key (site, hour, device)
    ) strict, without rowid;
    """
        + incident_times.SCHEMA
    )

    before_floor: ClassVar[Mapping[str, str]] = {"hours": "hour * 3600 <= horizon(site, device)"}
    history: ClassVar[Mapping[str, str]] = {"held": "true"}
    whole_because: ClassVar[str] = "incidents that began before may still have lasted"

    def fold(self, view: sqlite3.Connection, batch: Sequence[Recorded], emit: Emit) -> None:
        found: dict[DeviceHour, bytearray] = {}
        sites: set[str] = set()
        for record in batch:
            if record.model is IncidentEvent:
                _enter(view, record, sites)
            elif record.model in minute_evidence.MODELS and record.where[1] not in RESERVED:
                site, device = record.where
                hour, minute = divmod(record.time_us // _MINUTE_US, 60)
                minutes = found.setdefault((site, hour, device), bytearray(60))
                minutes[minute] = merged(minutes[minute], minute_byte(*evidence_of(record)))
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


def _merge(view: sqlite3.Connection, key: DeviceHour, minutes: bytearray) -> None:
    known = view.execute("select minutes from hours where site = ? and hour = ? and device = ?", key).fetchone()
    both = minutes if known is None else bytes(map(merged, known[0], minutes))
    if known is None or both != known[0]:
        view.execute("insert or replace into hours values (?, ?, ?, ?)", (*key, bytes(both)))


def _prune(view: sqlite3.Connection, site: str) -> None:
    """Forget the hours of a site that are too far behind its newest."""
    newest = view.execute("select max(hour) from hours where site = ?", (site,)).fetchone()[0]
    if newest is not None:
        view.execute("delete from hours where site = ? and hour < ?", (site, newest - KEPT_HOURS))
        incident_times.forget(view, site, (newest - KEPT_HOURS) * 3600)
