"""Folds the journal into what is known of each device and node."""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from bus_schemas.event import HUB, HUB_SOURCE, Event
from bus_schemas.node import HeartbeatEvent, StateEvent
from consumers.health import snapshots
from consumers.health.device import COLUMNS, SEEN, TOLD, Device, hear, in_short, switch, values_of
from consumers.health.snapshots import KEEP, Clock, Keep
from consumers.journal.record import Place, Recorded
from consumers.projection import Emit, Projection

_INSERT = f"insert or replace into devices values ({','.join('?' * len(COLUMNS))})"  # noqa: S608 - question marks only


class Health(Projection):
    name: ClassVar[str] = "health"
    version: ClassVar[int] = 2
    models: ClassVar[tuple[type[Event], ...]] = (*SEEN, *TOLD, HeartbeatEvent, StateEvent)
    schema: ClassVar[str] = (
        """
    create table if not exists devices (
        site text not null, device text not null, epoch text, is_device integer not null, last_received real not null,
        last_frame real, online integer not null, offline_reason text, reported text, reason text,
        is_recording integer not null, total_reconnects integer not null, consecutive_failures integer not null,
        last_connection_attempt text, last_successful_connection text, current_segment_start text, stream_info text,
        kinds text not null, last_event text, heartbeat text, primary key (site, device)
    ) strict;
    create table if not exists clock (
        only integer primary key check (only = 1), at real not null, started real not null
    ) strict;
    """
        + snapshots.SCHEMA
    )

    # A device that was not heard since is as it was.
    history: ClassVar[Mapping[str, str]] = {"devices": "true"}
    uncounted: ClassVar[frozenset[str]] = frozenset({"snapshots"})

    def __init__(self, keep: Keep = KEEP) -> None:
        self._keep = keep

    def fold(self, view: sqlite3.Connection, batch: Sequence[Recorded], emit: Emit) -> None:
        known = {(row.site, row.device): row for row in rows(view)}
        changed: set[Place] = set()
        newest: dict[Place, Recorded] = {}
        for record in batch:
            key = record.where
            if record.model is HeartbeatEvent and record.source == HUB_SOURCE:
                self._pass_time(view, record, known, newest)
                continue
            if key[1] == HUB:
                continue
            row = known.get(key)
            if row is None:
                row = known[key] = Device(*key)
            if hear(row, record):
                newest[key] = record
            changed.add(key)
            if record.model is StateEvent:
                changed |= switch(row, record, known.values())
            else:
                row.online, row.offline_reason = 1, None
        _put_into_words(known, newest)
        put(view, [known[key] for key in sorted(changed)])

    def _pass_time(
        self, view: sqlite3.Connection, record: Recorded, known: dict[Place, Device], newest: dict[Place, Recorded]
    ) -> None:
        tick = record.event
        assert isinstance(tick, HeartbeatEvent)
        clock = Clock(record.time_s, record.time_s - tick.data.uptime_s)
        set_clock(view, clock)
        if snapshots.is_due(view, clock, self._keep):
            _put_into_words(known, newest)
            in_order = [known[key] for key in sorted(known)]
            snapshots.take(view, record.position, clock, in_order, self._keep)

    def carry_over(self, view: sqlite3.Connection, floor: int) -> None:
        if view.execute("select 1 from old.sqlite_master where name = 'snapshots'").fetchone():
            snapshots.carry_over(view, floor)

    def compared(self, table: str, row: tuple[Any, ...]) -> tuple[Any, ...]:
        return (*row[:-1], snapshots.content(row[-1])) if table == "snapshots" else row


def _put_into_words(known: dict[Place, Device], newest: dict[Place, Recorded]) -> None:
    """Only of the newest event of a device, and only where somebody may read it: that takes longer than all else."""
    for key, record in newest.items():
        known[key].last_event = in_short(record)
    newest.clear()


def set_clock(view: sqlite3.Connection, clock: Clock) -> None:
    view.execute("insert or replace into clock values (1, ?, ?)", clock)


def put(view: sqlite3.Connection, devices: Sequence[Device]) -> None:
    view.executemany(_INSERT, map(values_of, devices))


def rows(view: sqlite3.Connection, where: str = "", values: tuple[str | None, ...] = ()) -> list[Device]:
    found = view.execute(f"select {','.join(COLUMNS)} from devices {where}", values)  # noqa: S608 - our own words
    return [Device(*row) for row in found]
