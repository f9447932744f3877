"""The registry as a fold of its events: what is set of sites and devices and which rules are in force, and by whom.

One table, which every view that depends on names, time zones or expectations keeps beside its own, so that it knows
what held at the position of an event. The last value stands, whoever set it.
"""

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple, cast
from zoneinfo import ZoneInfo

from pydantic_core import from_json, to_json

from bus_schemas.event import HUB, RESERVED, Event, iso
from bus_schemas.node import GapEvent, HeartbeatEvent, SettingsEvent
from bus_schemas.registry import Change, Expectation, Kind, RegistryEvent, RulesEvent
from consumers.store.journal.record import Recorded
from producer.times import zone_named

MODELS: tuple[type[Event], ...] = (RegistryEvent, RulesEvent)
OF_NODES = frozenset({GapEvent, HeartbeatEvent, SettingsEvent})
"""Events that show no device where nobody has registered one: a node sends them too."""
SITE_FIELDS = ("name", "time_zone", "retired")
DEVICE_FIELDS = ("name", "kinds", "expects", "silent_after_s", "retired")
RULES = (HUB, "")
"""In the place of site and device: that of the rules. The device of a site itself is the empty one."""
CONFIGURATION = "watchpost.yaml"
"""The name under which the configuration makes changes."""
_OF_EXPECTATION = frozenset({"expects", "silent_after_s", "retired"})

SCHEMA = """
create table if not exists registry (
    site text not null, device text not null, field text not null, value text not null, origin text not null,
    by text not null, time text not null, position integer not null, registered integer not null, configured text,
    configured_time text, configured_position integer, primary key (site, device, field)
) strict, without rowid;
"""
"""`value` stands since `position`. `configured` is what the configuration said last, which others may have changed."""
BEFORE_FLOOR: Mapping[str, str] = {"registry": "false"}
"""Each day of the journal begins with all that stands: a fold from the floor makes every row."""

Key = tuple[str, str]
UTC_ZONE = ZoneInfo("UTC")


class Setting(NamedTuple):
    """One field that an event sets; `value` is JSON."""

    site: str
    device: str
    field: str
    value: str


@dataclass(frozen=True, slots=True)
class SiteEntry:
    """A site as the registry has it."""

    site: str
    name: str
    time_zone: str
    is_retired: bool


@dataclass(frozen=True, slots=True)
class DeviceEntry:
    """A device as the registry has it. `expects` is `None` where nobody has said it; a device of a retired site is
    retired.
    """

    site: str
    device: str
    name: str
    kinds: tuple[Kind, ...]
    expects: Expectation | None
    silent_after_s: float
    is_retired: bool


def settings_of(event: Event) -> list[Setting]:
    """The values that an event sets; none where it is no registry event, or is about no site and no device."""
    match event:
        case RegistryEvent():
            data = event.data
            if data.site == HUB or data.device in RESERVED:
                return []
            fields = SITE_FIELDS if data.device is None else DEVICE_FIELDS
            given = ((field, getattr(data, field)) for field in fields)
            return [Setting(data.site, data.device or "", field, _json(it)) for field, it in given if it is not None]
        case RulesEvent():
            return [Setting(*RULES, rule.name, _json(rule.value)) for rule in event.data.rules]
    return []


def change_of(event: Event) -> Change:
    """The origin of a change. Only for events of the registry."""
    assert isinstance(event, RegistryEvent | RulesEvent)
    return event.data


def _json(value: Any) -> str:
    return to_json(value).decode()


def apply(connection: sqlite3.Connection, record: Recorded) -> list[Setting]:
    """Take in an event, in the caller's transaction; what it has changed. A repeated value changes nothing."""
    settings = settings_of(record.event)
    if not settings:
        return []
    change, time = change_of(record.event), iso(record.event.time)
    position, registered = record.position, record.position
    if change.repeats is not None:
        position, registered, time = change.repeats.position, change.repeats.registered, iso(change.repeats.time)
    is_new = change.repeats is None
    changed = []
    for setting in settings:
        known = _known(connection, setting)
        row = _SettingRow(setting, change, time, position, _registered(connection, setting, registered))
        if known is None or is_new:
            if known != setting.value:
                changed.append(setting)
            _write(connection, row)
        if change.origin == "configuration":
            _write_configured(connection, row, is_new=is_new)
    return changed


class _SettingRow(NamedTuple):
    setting: Setting
    change: Change
    time: str
    position: int
    registered: int


def _known(connection: sqlite3.Connection, setting: Setting) -> str | None:
    query = "select value from registry where site = ? and device = ? and field = ?"
    found = connection.execute(query, setting[:3]).fetchone()
    return None if found is None else str(found[0])


def _registered(connection: sqlite3.Connection, setting: Setting, otherwise: int) -> int:
    query = "select registered from registry where site = ? and device = ? limit 1"
    found = connection.execute(query, setting[:2]).fetchone()
    return otherwise if found is None else int(found[0])


def _write(connection: sqlite3.Connection, row: _SettingRow) -> None:
    connection.execute(
        "insert into registry (site, device, field, value, origin, by, time, position, registered)"
        " values (?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict do update set value = excluded.value,"
        " origin = excluded.origin, by = excluded.by, time = excluded.time, position = excluded.position",
        (*row.setting, row.change.origin, row.change.by, row.time, row.position, row.registered),
    )


def _write_configured(connection: sqlite3.Connection, row: _SettingRow, *, is_new: bool) -> None:
    connection.execute(
        "update registry set configured = ?4, configured_time = ?5, configured_position = ?6"
        " where site = ?1 and device = ?2 and field = ?3 and (?7 or configured is null)",
        (*row.setting, row.time, row.position, is_new),
    )


@dataclass(frozen=True, slots=True)
class Registered:
    """The registry at one position of the journal: by site and device the values of the fields that are set."""

    entries: Mapping[Key, Mapping[str, Any]]
    said: Mapping[Key, float] = field(default_factory=dict)
    """When it was last said what is expected of a device, or whether it or its site is watched; seconds since 1970."""

    def sites(self) -> list[SiteEntry]:
        """In the order in which they were registered, those that are retired too."""
        return [_site_entry(site, it) for (site, device), it in self.entries.items() if not device and site != HUB]

    def devices(self, site: str | None = None) -> list[DeviceEntry]:
        """In the order in which they were registered, those that are retired too."""
        wanted = [key for key in self.entries if key[1] and (site is None or key[0] == site)]
        return [self._device_entry(key) for key in wanted]

    def site(self, site: str) -> SiteEntry | None:
        found = self.entries.get((site, ""))
        return None if found is None else _site_entry(site, found)

    def device(self, site: str, device: str) -> DeviceEntry | None:
        return self._device_entry((site, device)) if (site, device) in self.entries else None

    def name(self, site: str, device: str) -> str:
        """The name for people; the id if none is set."""
        return str(self.entries.get((site, device), {}).get("name", device))

    def site_name(self, site: str) -> str:
        """The name of a site, by the rule of `name`."""
        return str(self.entries.get((site, ""), {}).get("name", site))

    def said_name(self, site: str, device: str) -> str | None:
        """The name that somebody gave the device, or the site where that is empty."""
        found = self.entries.get((site, device), {}).get("name")
        return None if found is None else str(found)

    def zone(self, site: str) -> ZoneInfo:
        """By whose midnights a site has its days; UTC where nobody has said it."""
        return zone_of(self.entries.get((site, ""), {}).get("time_zone", "UTC"))

    def said_zone(self, site: str) -> str | None:
        """The name of the time zone that somebody gave the site."""
        found = self.entries.get((site, ""), {}).get("time_zone")
        return None if found is None else str(found)

    def is_retired(self, site: str, device: str) -> bool:
        """Whether the device, or its site, is watched no more."""
        return any(self.entries.get((site, one), {}).get("retired", False) for one in (device, ""))

    def is_site_retired(self, site: str) -> bool:
        """Then none of its devices is watched, whatever is said of the device itself."""
        return self.is_retired(site, "")

    def expected_since(self, site: str, device: str) -> float:
        """Since when a device is watched as it is now: nobody missed it before. 0 where nobody has said it."""
        return max(self.said.get((site, one), 0.0) for one in (device, ""))

    def rules(self) -> dict[str, float]:
        """Those that somebody has said, by their names."""
        return dict(self.entries.get(RULES, {}))

    def _device_entry(self, key: Key) -> DeviceEntry:
        entry = self.entries[key]
        return DeviceEntry(
            *key,
            entry.get("name", key[1]),
            tuple(entry.get("kinds", ())),
            cast("Expectation | None", entry.get("expects")),
            float(entry.get("silent_after_s", 0)),
            self.is_retired(*key),
        )


def _site_entry(site: str, entry: Mapping[str, Any]) -> SiteEntry:
    return SiteEntry(site, entry.get("name", site), entry.get("time_zone", "UTC"), entry.get("retired", False))


class SiteRegistry:
    """The table of a view, as its fold uses it: events go in, and `now` is what is registered after them."""

    def __init__(self, view: sqlite3.Connection, memory: "RegistryMemory | None" = None) -> None:
        self._view = view
        self._memory = memory or RegistryMemory()
        self._now: Registered | None = None

    def take(self, record: Recorded) -> list[Setting]:
        """Take in an event, in the transaction of the fold; what it has changed. Others change nothing."""
        if record.model not in MODELS:
            return []
        changed = apply(self._view, record)
        if changed:
            self._now = None
        return changed

    @property
    def now(self) -> Registered:
        if self._now is None:
            self._now = self._memory.read(self._view)
        return self._now


class RegistryMemory:
    """What is registered in a view, from one fold to the next: the whole table is read when it has changed. Nearly
    every fold finds it as it was.
    """

    def __init__(self) -> None:
        self._known: tuple[tuple[int, ...], Registered] | None = None

    def read(self, view: sqlite3.Connection) -> Registered:
        # A change has a position of its own. What is said again and was not known is a row more.
        table = view.execute("select count(*), total(position), coalesce(max(position), 0) from registry").fetchone()
        if self._known is None or self._known[0] != table:
            rows = view.execute("select site, device, field, value, registered, time from registry")
            self._known = table, registered_of(rows)
        return self._known[1]


def registered_of(rows: Iterable[tuple[str, str, str, str, int, str]]) -> Registered:
    """Read rows of site, device, field, value, the position of the registration and the time at which it was made."""
    entries: dict[Key, dict[str, Any]] = {}
    said: dict[Key, float] = {}
    for site, device, name, value, _, time in sorted(rows, key=lambda row: (row[4], row[0], row[1])):
        entries.setdefault((site, device), {})[name] = from_json(value)
        if name in _OF_EXPECTATION:
            said[site, device] = max(said.get((site, device), 0.0), datetime.fromisoformat(time).timestamp())
    return Registered(entries, said)


@lru_cache(maxsize=256)
def zone_of(name: str) -> ZoneInfo:
    """UTC for a zone that this machine does not know."""
    try:
        return zone_named(name)
    except ValueError:
        return UTC_ZONE
