"""Folds the journal into the last known state of each device and node."""

import sqlite3
from collections.abc import Mapping, Sequence, Set
from typing import Any, ClassVar

from bus_schemas.event import HUB_SOURCE, RESERVED, Event
from bus_schemas.node import HeartbeatEvent, StateEvent
from consumers.engine.partial import HEARTBEAT
from consumers.engine.projection import Emit, Projection
from consumers.store.journal.record import DeviceKey, Recorded
from consumers.views.health import snapshots
from consumers.views.health.device import COLUMNS, REPORTED, SEEN, DeviceRow, apply, switch, values_of
from consumers.views.health.event_summary import in_short
from consumers.views.health.snapshots import KEEP, Clock, Keep

_INSERT = f"insert or replace into devices values ({','.join('?' * len(COLUMNS))})"  # noqa: S608 - question marks only


class HealthProjection(Projection):
    name: ClassVar[str] = "health"
    version: ClassVar[int] = 12
    models: ClassVar[tuple[type[Event], ...]] = (*SEEN, *REPORTED, HeartbeatEvent, StateEvent)
    schema: ClassVar[str] = (
        """
    create table if not exists devices (
        site text not null, device text not null, epoch text, is_device integer not null, last_received real not null,
        last_frame real, online integer not null, offline_reason text, reported text, reason text,
        is_recording integer not null, total_reconnects integer not null, consecutive_failures integer not null,
        last_connection_attempt text, last_successful_connection text, current_segment_start text, stream_info text,
        kinds text not null, last_event text, heartbeat text, expects text, has_worked integer,
        silent_since text, primary key (site, device)
    ) strict;
    create table if not exists clock (
        only integer primary key check (only = 1), at real not null, started real not null
    ) strict;
    """
        + snapshots.SCHEMA
    )

    # A device that sent nothing since is as it was.
    history: ClassVar[Mapping[str, str]] = {"devices": "true"}
    recent: ClassVar[frozenset[str]] = frozenset({"clock"})
    uncounted: ClassVar[frozenset[str]] = frozenset({"snapshots"})

    def __init__(self, keep: Keep = KEEP) -> None:
        self._keep = keep

    def fold(self, view: sqlite3.Connection, batch: Sequence[Recorded], emit: Emit) -> None:
        known = _KnownDevices(view, self._keep)
        changed: set[DeviceKey] = set()
        devices, newest = known.rows, known.newest
        for record in batch:
            where = record.where
            if where[1] in RESERVED:
                known.pass_time(record)
                continue
            row = devices.get(where) or known.add_device(where)
            if apply(row, record):
                newest[where] = record
            elif record.model is StateEvent:
                changed |= switch(row, record, devices.values())
        known.save(changed | {record.where for record in batch})

    def carry_over(self, view: sqlite3.Connection, floor: int) -> None:
        if view.execute("select 1 from old.sqlite_master where name = 'snapshots'").fetchone():
            snapshots.carry_over(view, floor)

    def compared(self, table: str, row: tuple[Any, ...]) -> tuple[Any, ...]:
        return (*row[:-1], snapshots.content(row[-1])) if table == "snapshots" else row


class _KnownDevices:
    """The rows of the view, in memory while a batch is folded. `newest` holds the events for `last_event`."""

    def __init__(self, view: sqlite3.Connection, keep: Keep) -> None:
        self._view = view
        self._keep = keep
        self._clock: Clock | None = None
        self._pictured = snapshots.last_at(view)
        self.rows = {(row.site, row.device): row for row in rows(view)}
        self.newest: dict[DeviceKey, Recorded] = {}

    def add_device(self, where: DeviceKey) -> DeviceRow:
        """One of which there was no event before."""
        row = self.rows[where] = DeviceRow(*where)
        return row

    def pass_time(self, record: Recorded) -> None:
        """Let time pass: of the hub's events only its own heartbeats count as ticks."""
        if record.model is not HeartbeatEvent or record.source != HUB_SOURCE:
            return
        clock = self._clock = _clock_of(record)
        if snapshots.is_due(self._pictured, clock, self._keep):
            self._put_into_words()
            in_order = [self.rows[where] for where in sorted(self.rows)]
            snapshots.take(self._view, record.position, clock, in_order, self._keep)
            self._pictured = clock.at

    def _put_into_words(self) -> None:
        """Only of the newest event of a device, and only where somebody may read it: that takes longest."""
        for where, record in self.newest.items():
            self.rows[where].last_event = in_short(record)
        self.newest.clear()

    def save(self, changed: Set[DeviceKey]) -> None:
        """Write these rows, as far as they are of devices, and the clock into the view."""
        self._put_into_words()
        put(self._view, [self.rows[where] for where in sorted(changed & self.rows.keys())])
        if self._clock is not None:
            set_clock(self._view, self._clock)


def _clock_of(tick: Recorded) -> Clock:
    beat = tick.as_written(HEARTBEAT)
    if beat is not None:
        return Clock(tick.time_s, tick.time_s - beat.data.uptime_s)
    assert isinstance(tick.event, HeartbeatEvent)
    return Clock(tick.time_s, tick.time_s - tick.event.data.uptime_s)


def set_clock(view: sqlite3.Connection, clock: Clock) -> None:
    view.execute("insert or replace into clock values (1, ?, ?)", clock)


def put(view: sqlite3.Connection, devices: Sequence[DeviceRow]) -> None:
    view.executemany(_INSERT, map(values_of, devices))


def rows(view: sqlite3.Connection, where: str = "", values: tuple[str | None, ...] = ()) -> list[DeviceRow]:
    found = view.execute(f"select {','.join(COLUMNS)} from devices {where}", values)  # noqa: S608 - our own words
    return [DeviceRow(*row) for row in found]
