"""The view of exports: what was asked for, by whom, and what became of it."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Literal

from pydantic_core import from_json

from bus_schemas.event import Event
from bus_schemas.footage import Export, ExportEvent
from consumers.engine.projection import Emit, Projection
from consumers.store.journal.record import Recorded
from producer.times import moment_of_seconds

ExportState = Literal["waiting", "running", "cancelled", "removed", "done", "failed", "expired"]


class ExportsProjection(Projection):
    """A row for each event, so that a floor of the journal parts them cleanly."""

    name: ClassVar[str] = "exports"
    models: ClassVar[tuple[type[Event], ...]] = (ExportEvent,)
    schema: ClassVar[str] = """
    create table if not exists exports (
        export_id text not null, position integer not null, site text not null, state text not null,
        at real not null, data text not null, primary key (export_id, position)
    ) strict, without rowid;
    create index if not exists exports_asked on exports (position) where state = 'asked';
    """

    before_floor: ClassVar[Mapping[str, str]] = {"exports": "position < :floor"}

    def fold(self, view: sqlite3.Connection, batch: Sequence[Recorded], emit: Emit) -> None:
        for record in batch:
            if isinstance(event := record.event, ExportEvent):
                data = event.data
                row = (data.export_id, record.position, record.where[0], data.state, record.time_s)
                view.execute("insert or replace into exports values (?, ?, ?, ?, ?, ?)", (*row, data.model_dump_json()))


# Questions


@dataclass(frozen=True, slots=True)
class ExportRow:
    """An export as its events say it; `export` is that of the newest, `by` and `asked` are of who asked for it."""

    export_id: str
    site: str
    export: Export
    state: ExportState
    by: str
    asked: datetime
    ended: datetime | None


@dataclass(frozen=True, slots=True)
class ExportJob:
    """How far the hub is with an export, and the names of the files that it handed out. Of the sink's own state."""

    state: ExportState
    progress: float
    files: tuple[str, ...]


_IS_ASKED = "state = 'asked' and export_id not glob '*[^A-Za-z0-9_-]*'"
"""A journal from before such ids were rejected may have others. They name no folder, and are never made."""
_ASKED = f"select export_id, site, at, data from exports where {_IS_ASKED}"  # noqa: S608 - our own words
_WAITING = f"""
    select coalesce(sum(json_extract(data, '$.by') = ?), 0), count(*) from exports as asked where {_IS_ASKED}
    and not exists (
        select 1 from exports as later where later.export_id = asked.export_id and later.position > asked.position)
"""  # noqa: S608 - our own words
_LAST = "select state, at, data from exports where export_id = ? order by position desc limit 1"


def exports(
    view: sqlite3.Connection, site: str | None = None, limit: int = 100, *, reports: bool = False
) -> list[ExportRow]:
    """Recordings or reports, newest first."""
    of_kind = "(json_extract(data, '$.report') is not null) = ?3"
    found = view.execute(
        f"{_ASKED} and (?1 is null or site = ?1) and {of_kind} order by position desc limit ?2",
        (site, limit, reports),
    )
    return [_export(view, *row) for row in found.fetchall()]


def export(view: sqlite3.Connection, export_id: str) -> ExportRow | None:
    found = view.execute(f"{_ASKED} and export_id = ? order by position limit 1", (export_id,)).fetchone()
    return None if found is None else _export(view, *found)


def exports_waiting(view: sqlite3.Connection, by: str) -> tuple[int, int]:
    """How many exports that this person has asked for are not ready yet, and how many of all."""
    of_asker, of_all = view.execute(_WAITING, (by,)).fetchone()
    return of_asker, of_all


def _export(view: sqlite3.Connection, export_id: str, site: str, asked_at: float, asked: str) -> ExportRow:
    state, at, data = view.execute(_LAST, (export_id,)).fetchone()
    is_open = state == "asked"
    return ExportRow(
        export_id=export_id,
        site=site,
        export=Export.model_validate_json(data),
        state="waiting" if is_open else state,
        by=Export.model_validate_json(asked).by,
        asked=moment_of_seconds(asked_at),
        ended=None if is_open else moment_of_seconds(at),
    )


def export_job(state: sqlite3.Connection, export_id: str) -> ExportJob | None:
    """`state` is that of the sink which makes exports."""
    query = "select state, progress, result from jobs where export_id = ?"
    found: Any = state.execute(query, (export_id,)).fetchone()
    if found is None:
        return None
    files = from_json(found[2])["files"] if found[2] and found[0] == "done" else ()
    return ExportJob(found[0], found[1], tuple(file["name"] for file in files))
