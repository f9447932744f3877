"""The view of the registry: sites and devices, their settings and who made them, and the alert rules in force."""

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from pydantic_core import from_json

from bus_schemas.event import Event, iso
from consumers import site_registry
from consumers.engine.process_group import ProcessGroup
from consumers.engine.projection import Emit, Projection
from consumers.engine.versions import COLUMNS, NEWEST, STANDS, Versions
from consumers.engine.view_files import open_view
from consumers.site_registry import Key, Registered, registered_of
from consumers.store.journal.record import Recorded


class RegistryProjection(Projection):
    """Every setting by itself, with its versions."""

    name: ClassVar[str] = "registry"
    group: ClassVar[ProcessGroup] = ProcessGroup.URGENT
    models: ClassVar[tuple[type[Event], ...]] = site_registry.MODELS
    schema: ClassVar[str] = f"""{site_registry.SCHEMA}
    create table if not exists settings (
        site text not null, device text not null, field text not null, {COLUMNS}, value text not null,
        origin text not null, by text not null, time text not null, registered integer not null,
        primary key (site, device, field, until)
    ) strict;
    create index if not exists settings_position on settings (position);
    create table if not exists changes (
        request_id text primary key, position integer not null, time text not null
    ) strict;
    """

    # The values in force are repeated at the floor, with the position at which they were first set.
    before_floor: ClassVar[Mapping[str, str]] = {
        **site_registry.BEFORE_FLOOR,
        "settings": "until <= :floor",
        "changes": "position < :floor",
    }

    def fold(self, view: sqlite3.Connection, batch: Sequence[Recorded], emit: Emit) -> None:
        settings = Versions(view, "settings", "site", "device", "field")
        for record in batch:
            site_registry.apply(view, record)
            for setting in site_registry.settings_of(record.event):
                _keep(view, settings, setting, record)
            _note_request(view, record)


def _keep(view: sqlite3.Connection, settings: Versions, setting: site_registry.Setting, record: Recorded) -> None:
    """The version that stands is the row of the registry."""
    columns = "value, origin, by, time, position, registered"
    query = f"select {columns} from registry where site = ? and device = ? and field = ?"  # noqa: S608 - our own columns
    value, origin, by, time, position, registered = view.execute(query, setting[:3]).fetchone()
    known = settings.newest(*setting[:3])
    if known is None or known["position"] != position:
        row = {**setting._asdict(), "value": value, "origin": origin, "by": by, "time": time, "registered": registered}
        settings.put(position, row)


def _note_request(view: sqlite3.Connection, record: Recorded) -> None:
    change = site_registry.change_of(record.event)
    if change.request_id is not None and change.repeats is None:
        row = (change.request_id, record.position, iso(record.event.time))
        view.execute("insert or ignore into changes values (?, ?, ?)", row)


# Questions


@dataclass(frozen=True, slots=True)
class SettingValue:
    """A value, and who said it when."""

    value: Any
    origin: str
    by: str
    time: str


@dataclass(frozen=True, slots=True)
class FieldAnswer:
    """One setting: the value in force, and the value in the configuration if that differs."""

    name: str
    in_force: SettingValue
    configured: SettingValue | None


def registry(view: sqlite3.Connection, upto: int = NEWEST) -> Registered:
    """Everything that stood at a position."""
    query = f"select site, device, field, value, registered, time from settings where {STANDS}"  # noqa: S608 - ours
    return registered_of(view.execute(query, {"upto": upto}))


def registered(data: Path) -> Registered:
    """The sites and devices as registered now. Raises `NoView`."""
    with closing(open_view(data, RegistryProjection.name)) as view:
        return registry(view)


def retirements(view: sqlite3.Connection, upto: int = NEWEST) -> dict[Key, SettingValue]:
    """The retired sites and devices, with who retired them and when; a site itself has the empty device name."""
    rows = view.execute(
        "select site, device, value, origin, by, time from settings"  # noqa: S608 - ours
        f" where field = 'retired' and value = 'true' and {STANDS}",
        {"upto": upto},
    )
    return {(site, device): SettingValue(from_json(value), *rest) for site, device, value, *rest in rows}


def newest_change(view: sqlite3.Connection) -> int:
    """The position of the newest setting: while it is the same, so is what stands."""
    (found,) = view.execute("select coalesce(max(position), 0) from settings").fetchone()
    return int(found)


def fields(view: sqlite3.Connection, site: str, device: str) -> list[FieldAnswer]:
    """The settings of a device, or of a site if `device` is empty, and who made them."""
    rows = view.execute(
        "select field, value, origin, by, time, configured, configured_time, position, configured_position"
        " from registry where site = ? and device = ? order by field",
        (site, device),
    )
    return [_field(*row) for row in rows]


def _field(  # noqa: PLR0913 - a row
    name: str, value: str, origin: str, by: str, time: str, configured: str | None, at: str, position: int, where: int
) -> FieldAnswer:
    theirs = None
    if configured is not None and position != where:
        theirs = SettingValue(from_json(configured), "configuration", site_registry.CONFIGURATION, at)
    return FieldAnswer(name, SettingValue(from_json(value), origin, by, time), theirs)


def change_position(view: sqlite3.Connection, request_id: str) -> int | None:
    """The position of the change that was requested under this id; `None` until the view has it."""
    found = view.execute("select position from changes where request_id = ?", (request_id,)).fetchone()
    return None if found is None else int(found[0])
