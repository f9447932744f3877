"""What is set for each device now, section by section, and who set it."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic_core import from_json, to_json

from bus_schemas.event import Event, iso, place
from bus_schemas.node import SettingsEvent
from consumers.journal.record import Recorded
from consumers.projection import Emit, Projection


class Settings(Projection):
    name: ClassVar[str] = "settings"
    models: ClassVar[tuple[type[Event], ...]] = (SettingsEvent,)
    schema: ClassVar[str] = """
    create table if not exists sections (
        site text not null, device text not null, section text not null, value text not null, time text not null,
        by text not null, position integer not null, primary key (site, device, section)
    ) strict;
    create table if not exists changes (
        position integer primary key, site text not null, device text not null, time text not null, by text not null,
        request_id text, value text not null
    ) strict;
    create index if not exists changes_device on changes (site, device, position);
    """

    before_floor: ClassVar[Mapping[str, str]] = {"sections": "position < :floor", "changes": "position < :floor"}

    def fold(self, view: sqlite3.Connection, batch: Sequence[Recorded], emit: Emit) -> None:
        for record in batch:
            event = record.event
            if isinstance(event, SettingsEvent):
                _apply(view, record.position, event)


def _apply(view: sqlite3.Connection, position: int, event: SettingsEvent) -> None:
    where, told, time = place(event.source), event.data, iso(event.time)
    view.executemany(
        "insert or replace into sections values (?, ?, ?, ?, ?, ?, ?)",
        [
            (*where, name, to_json(value).decode(), time, told.changed_by, position)
            for name, value in told.settings.items()
        ],
    )
    view.execute(
        "insert into changes values (?, ?, ?, ?, ?, ?, ?)",
        (position, *where, time, told.changed_by, told.request_id, to_json(told.settings).decode()),
    )


# Questions


@dataclass(frozen=True, slots=True)
class Change:
    """Who set what; `settings` holds the sections of this change alone."""

    position: int
    time: str
    by: str
    request_id: str | None
    settings: dict[str, Any]


def settings(view: sqlite3.Connection, site: str, device: str) -> dict[str, Any]:
    """The sections that a device has now, such as `motion`, `rois` and `zones`; empty where none was ever told."""
    found = view.execute("select section, value from sections where site = ? and device = ?", (site, device))
    return {section: from_json(value) for section, value in found}


def changes(view: sqlite3.Connection, site: str, device: str, limit: int = 50) -> list[Change]:
    """Newest first."""
    found = view.execute(
        "select position, time, by, request_id, value from changes where site = ? and device = ? "
        "order by position desc limit ?",
        (site, device, limit),
    )
    return [_change(row) for row in found]


def change_of(view: sqlite3.Connection, request_id: str) -> Change | None:
    """What became of a request to set something, once the device has told."""
    found = view.execute(
        "select position, time, by, request_id, value from changes where request_id = ? order by position limit 1",
        (request_id,),
    ).fetchone()
    return None if found is None else _change(found)


def _change(row: tuple[int, str, str, str | None, str]) -> Change:
    position, time, by, request, value = row
    return Change(position, time, by, request, from_json(value))
