"""The view of holds: which media are kept from deletion, because somebody holds, notes or exports their time range."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal

from pydantic_core import from_json, to_json

from bus_schemas.alert import AnnotationEvent
from bus_schemas.event import Event
from bus_schemas.footage import ExportEvent, HoldEvent
from consumers.engine.plain_ids import plain_id
from consumers.engine.projection import Emit, Projection
from consumers.store.journal.record import Recorded
from producer.times import moment_of_seconds

HoldKind = Literal["hold", "note", "export"]
OVER = frozenset({"released", "removed", "cancelled", "failed", "expired"})
AROUND = timedelta(seconds=30)
"""So much before and after a moment is of it."""


class HoldsProjection(Projection):
    """A row for each event, so that a floor of the journal parts them cleanly; the newest of a hold is how it is."""

    name: ClassVar[str] = "holds"
    models: ClassVar[tuple[type[Event], ...]] = (HoldEvent, AnnotationEvent, ExportEvent)
    version: ClassVar[int] = 2
    schema: ClassVar[str] = """
    create table if not exists holds (
        kind text not null, hold_id text not null, position integer not null, site text not null, state text not null,
        start real not null, end real not null, devices text not null, reason text not null, by text not null,
        at real not null, primary key (kind, hold_id, position)
    ) strict, without rowid;
    create index if not exists holds_start on holds (site, start);
    """

    before_floor: ClassVar[Mapping[str, str]] = {"holds": "position < :floor"}

    def fold(self, view: sqlite3.Connection, batch: Sequence[Recorded], emit: Emit) -> None:
        for record in batch:
            if (row := _row(record)) is not None:
                view.execute("insert or replace into holds values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)


def _row(record: Recorded) -> tuple[object, ...] | None:
    match record.event:
        case HoldEvent(data=data):
            of = ("hold", data.hold_id, data.devices, data.reason)
        case AnnotationEvent(data=data):
            devices = data.devices or ((data.device,) if data.device else ())
            of = ("note", data.annotation_id or record.id, devices, data.text)
        case ExportEvent(data=data) if plain_id(data.export_id) == data.export_id:
            of = ("export", data.export_id, data.devices, "")
        case _:  # An export with another id names no folder, and is never made.
            return None
    kind, hold_id, devices, reason = of
    start = data.start.timestamp()
    end = start if data.end is None else max(start, data.end.timestamp())
    where = (record.where[0], data.state, start, end)
    return kind, plain_id(hold_id), record.position, *where, to_json(devices).decode(), reason, data.by, record.time_s


# Questions


@dataclass(frozen=True, slots=True)
class HoldRow:
    """Media of this range are kept; without `devices` those of all of the site. `is_over` once they are no longer."""

    kind: HoldKind
    hold_id: str
    site: str
    devices: tuple[str, ...]
    start: datetime
    end: datetime
    reason: str
    by: str
    at: datetime
    is_over: bool

    def keeps(self, site: str, device: str, kind: str, start: datetime, end: datetime) -> bool:
        """Whether it keeps media of a kind that lie within a range: a hold all kinds, the others what was recorded."""
        if site != self.site or (self.devices and device not in self.devices):
            return False
        if self.kind != "hold" and kind != "segment":
            return False
        around = AROUND if self.start == self.end else timedelta(0)
        return start <= self.end + around and end > self.start - around


_ROWS = """
    select kind, hold_id, site, devices, start, end, reason, by, at, state from holds n where not exists (
        select 1 from holds a where a.kind = n.kind and a.hold_id = n.hold_id and a.position > n.position)
"""
_OVER = ", ".join(f"'{state}'" for state in sorted(OVER))


def holds(view: sqlite3.Connection, site: str | None = None, kind: HoldKind | None = None) -> list[HoldRow]:
    """Those that hold now, the oldest range first."""
    found = view.execute(
        f"{_ROWS} and state not in ({_OVER}) and (?1 is null or site = ?1) and (?2 is null or kind = ?2)"
        " order by start, kind, hold_id",
        (site, kind),
    )
    return [_hold(*row) for row in found]


def hold(view: sqlite3.Connection, hold_id: str) -> HoldRow | None:
    """A hold that somebody placed, also one that is released."""
    found = view.execute(f"{_ROWS} and kind = 'hold' and hold_id = ?", (hold_id,)).fetchone()
    return None if found is None else _hold(*found)


def last_position(view: sqlite3.Connection, hold_id: str) -> int:
    """The position of the newest event of a hold that somebody placed; 0 where there is none."""
    query = "select max(position) from holds where kind = 'hold' and hold_id = ?"
    return int(view.execute(query, (hold_id,)).fetchone()[0] or 0)


def _hold(*row: Any) -> HoldRow:
    kind, hold_id, site, devices, start, end, reason, by, at, state = row
    begin, until, said = map(moment_of_seconds, (start, end, at))
    return HoldRow(kind, hold_id, site, tuple(from_json(devices)), begin, until, reason, by, said, state in OVER)
