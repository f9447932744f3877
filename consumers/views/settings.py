"""The view of device settings: the current and earlier values of each section, and who set them."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic_core import from_json, to_json

from bus_schemas.event import Event
from bus_schemas.node import SettingsEvent
from bus_schemas.settings import PlaceSettings, read_sections
from consumers.engine.projection import Emit, Projection
from consumers.engine.versions import COLUMNS, NEWEST, STANDS, Versions
from consumers.store.journal.record import Recorded
from producer.times import iso_of


class SettingsProjection(Projection):
    name: ClassVar[str] = "settings"
    models: ClassVar[tuple[type[Event], ...]] = (SettingsEvent,)
    version: ClassVar[int] = 3
    schema: ClassVar[str] = f"""
    create table if not exists sections (
        site text not null, device text not null, section text not null, {COLUMNS}, value text not null,
        time text not null, by text not null, primary key (site, device, section, until)
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
                _apply(view, record, event)


def _apply(view: sqlite3.Connection, record: Recorded, event: SettingsEvent) -> None:
    where, change, time, position = record.where, event.data, iso_of(record.time_us), record.position
    sections = Versions(view, "sections", "site", "device", "section")
    row = {"site": where[0], "device": where[1], "time": time, "by": change.changed_by}
    for name, value in change.settings.items():
        sections.put(position, {**row, "section": name, "value": to_json(value).decode()})
    view.execute(
        "insert into changes values (?, ?, ?, ?, ?, ?, ?)",
        (position, *where, time, change.changed_by, change.request_id, to_json(change.settings).decode()),
    )


# Questions


@dataclass(frozen=True, slots=True)
class RecordedChange:
    """One change of settings; `settings` holds only the sections that it changed."""

    position: int
    time: str
    by: str
    request_id: str | None
    settings: dict[str, Any]


def settings(view: sqlite3.Connection, site: str, device: str, upto: int = NEWEST) -> dict[str, Any]:
    """The sections that a device has, such as `motion`, `rois` and `zones`; empty where it never reported any."""
    found = view.execute(
        f"select section, value from sections where site = :site and device = :device and {STANDS} order by section",  # noqa: S608 - ours
        {"site": site, "device": device, "upto": upto},
    )
    return {section: from_json(value) for section, value in found}


def zone_names(
    view: sqlite3.Connection, site: str, device: str | None = None, upto: int = NEWEST
) -> dict[str, list[str]]:
    """The names of the zones in the pictures of devices, by device; of those that have some."""
    found = view.execute(
        "select device, value from sections where section = 'zones' and site = :site"  # noqa: S608 - ours
        f" and coalesce(device = :device, true) and value <> '[]' and {STANDS}",
        {"site": site, "device": device, "upto": upto},
    )
    named = {name: read_sections({"zones": from_json(value)}).known.get("zones") or () for name, value in found}
    return {name: [zone.name for zone in zones] for name, zones in named.items() if zones}


def zone_corners(view: sqlite3.Connection, site: str, device: str) -> dict[str, tuple[tuple[float, float], ...]]:
    """The corners of the zones in the picture of a device, by name, as they are set now."""
    reported = {"zones": settings(view, site, device).get("zones", [])}
    return {zone.name: zone.points for zone in read_sections(reported).known.get("zones") or ()}


def newest_change(view: sqlite3.Connection) -> int:
    """The position of the newest change of any device; 0 where there is none."""
    found: int = view.execute("select coalesce(max(position), 0) from changes").fetchone()[0]
    return found


def reported_places(view: sqlite3.Connection) -> dict[tuple[str, str], PlaceSettings]:
    """By site and device what those go by that know of a place; the agents of older releases do not."""
    query = f"select site, device, value from sections where section = 'place' and {STANDS}"  # noqa: S608 - ours
    found = view.execute(query, {"upto": NEWEST})
    read = {(site, device): read_sections({"place": from_json(value)}).known for site, device, value in found}
    return {where: known["place"] for where, known in read.items() if "place" in known}


def changes(
    view: sqlite3.Connection, site: str, device: str, limit: int = 50, *, before: int | None = None, upto: int = NEWEST
) -> list[RecordedChange]:
    """Newest first; those before the position `before`, which is that of the last of the page before."""
    last = upto if before is None else min(upto, before - 1)
    found = view.execute(
        "select position, time, by, request_id, value from changes where site = ? and device = ? and position <= ? "
        "order by position desc limit ?",
        (site, device, last, limit),
    )
    return [_change(row) for row in found]


def changed_between(
    view: sqlite3.Connection, site: str, device: str, start: str, end: str, most: int
) -> list[tuple[str, int]]:
    """When the settings of a device changed from `start` until `end`, and where in the journal that stands; at first
    the last change before, if there was one. At most so many, the newest.
    """
    found = view.execute(
        "select time, position from changes where site = :site and device = :device and time <= :end and time >="
        " coalesce((select max(time) from changes where site = :site and device = :device and time <= :start), '')"
        " order by time desc, position desc limit :most",
        {"site": site, "device": device, "start": start, "end": end, "most": most},
    )
    return found.fetchall()[::-1]


def change_of(view: sqlite3.Connection, request_id: str) -> RecordedChange | None:
    """The outcome of a request to change settings; `None` until the device has answered."""
    found = view.execute(
        "select position, time, by, request_id, value from changes where request_id = ? order by position limit 1",
        (request_id,),
    ).fetchone()
    return None if found is None else _change(found)


def _change(row: tuple[int, str, str, str | None, str]) -> RecordedChange:
    position, time, by, request, value = row
    return RecordedChange(position, time, by, request, from_json(value))
