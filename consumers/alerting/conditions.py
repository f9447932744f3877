"""The condition of each device, the worst of what is open, else ok or unknown: as of a position, and by event time."""

import sqlite3
from collections.abc import Iterator
from typing import Any, NamedTuple

from pydantic_core import from_json, to_json

from bus_schemas.alert import AlertLevelName
from bus_schemas.condition import NOT_OF_DEVICES, SEVERITY, Condition, condition_of
from bus_schemas.event import RESERVED
from consumers.alerting.incidents.device import Watched
from consumers.alerting.incidents.verdict import Open
from consumers.engine.versions import COLUMNS, FOREVER, NEWEST, STANDS, Versions
from consumers.store.journal.record import DeviceKey

SCHEMA = f"""
    create table if not exists conditions (
        site text not null, device text not null, {COLUMNS}, condition text not null, since real not null,
        types text not null, level text, under text, reason text, primary key (site, device, until)
    ) strict;
    create index if not exists conditions_changed on conditions (position) where until = {FOREVER};
    create table if not exists known (
        site text not null, device text not null, position integer not null, since real not null,
        known integer not null, primary key (site, device, position)
    ) strict;
    """
"""`known` says since when, by event time, a device could be judged, or could not."""


class DeviceCondition(NamedTuple):
    """How a device is. `since` is in seconds since 1970, by event time; `types` are those of the open incidents, the
    worst first; `under` is the node that is gone, and the device with it.
    """

    condition: Condition
    types: tuple[str, ...]
    since: float
    level: AlertLevelName | None
    under: str | None
    reason: str | None


class HeldCondition(NamedTuple):
    """A condition that held of a device from `start` to `end` (`None`: it still does), and what made it."""

    site: str
    device: str
    condition: Condition
    types: tuple[str, ...]
    start: float
    end: float | None


def conditions(
    view: sqlite3.Connection, upto: int = NEWEST, site: str | None = None
) -> dict[DeviceKey, DeviceCondition]:
    """By site and device. One that is not among them is unknown: nothing was received of it."""
    rows = view.execute(
        f"select site, device, {_SELECTED} from conditions where {STANDS} and (:site is null or site = :site)",  # noqa: S608
        {"upto": upto, "site": site},
    )
    return {(site, device): _read(*row) for site, device, *row in rows}


def changed_conditions(view: sqlite3.Connection, after: int) -> dict[DeviceKey, tuple[int, DeviceCondition]]:
    """Those that stand and changed behind a position, each with the position of its change."""
    rows = view.execute(
        f"select site, device, position, {_SELECTED} from conditions where until = {FOREVER} and position > ?",  # noqa: S608
        (after,),
    )
    return {(site, device): (position, _read(*row)) for site, device, position, *row in rows}


def newest_change(view: sqlite3.Connection) -> int:
    """The position at which a condition changed last, 0 where none has."""
    (found,) = view.execute(
        f"select coalesce(max(position), 0) from conditions where until = {FOREVER}"  # noqa: S608 - our own number
    ).fetchone()
    return int(found)


def condition_of_device(view: sqlite3.Connection, site: str, device: str, upto: int = NEWEST) -> DeviceCondition | None:
    row = view.execute(
        f"select {_SELECTED} from conditions where site = :site and device = :device and {STANDS}",  # noqa: S608
        {"upto": upto, "site": site, "device": device},
    ).fetchone()
    return None if row is None else _read(*row)


def held(
    view: sqlite3.Connection, start: float, end: float, site: str | None = None, upto: int = NEWEST
) -> list[HeldCondition]:
    """What was the case at any moment from `start` to before `end`, by event time: each incident by itself, whenever it
    became known, and when a device was known to be well or not known at all.
    """
    values = {"start": start, "end": end, "site": site, "upto": upto}
    found = [*_held_incidents(view, values), *_held_known(view, values)]
    return sorted(found, key=lambda one: (one.site, one.device, one.start, SEVERITY[one.condition]))


def _held_incidents(view: sqlite3.Connection, values: dict[str, Any]) -> Iterator[HeldCondition]:
    rows = view.execute(
        f"select site, device, type, level, opened, closed from incidents where {STANDS}"  # noqa: S608 - our own words
        " and opened < :end and (closed is null or closed > :start) and (:site is null or site = :site)",
        values,
    )
    for site, device, kind, level, opened, closed in rows:
        if kind not in NOT_OF_DEVICES and device not in RESERVED:
            yield HeldCondition(site, device, condition_of(kind, level), (kind,), opened, closed)


def _held_known(view: sqlite3.Connection, values: dict[str, Any]) -> Iterator[HeldCondition]:
    rows = view.execute(
        "select site, device, known, since, lead(since) over (partition by site, device order by since, position)"
        " from known where position <= :upto and (:site is null or site = :site)",
        values,
    )
    for site, device, known, since, until in rows:
        if since < values["end"] and (until is None or until > values["start"]):
            yield HeldCondition(site, device, "ok" if known else "unknown", (), since, until)


_SELECTED = "condition, types, since, level, under, reason"


def _read(condition: Condition, types: str, since: float, *rest: Any) -> DeviceCondition:
    level, under, reason = rest
    return DeviceCondition(condition, tuple(from_json(types)), since, level, under, reason)


class ConditionTable:
    """As a fold writes it."""

    def __init__(self, view: sqlite3.Connection) -> None:
        self._view = view
        self._rows = Versions(view, "conditions", "site", "device")

    def note_known(self, position: int, where: DeviceKey, watched: Watched) -> None:
        """That the device can be judged since a moment, or cannot."""
        values = (*where, position, watched.known_since, int(watched.is_known))
        self._view.execute("insert or replace into known values (?, ?, ?, ?, ?)", values)
        self.update(position, where, watched, watched.known_since)

    def update(self, position: int, where: DeviceKey, watched: Watched, ended: float = 0.0) -> None:
        """Write how the device is now, where that changed; `ended` is when what held before was over."""
        before = self._rows.newest(*where)
        now = _row(watched, ended)
        if before is None or any(before[name] != now[name] for name in ("condition", "types", "level", "under")):
            self._rows.put(position, {"site": where[0], "device": where[1], **now})


def _row(watched: Watched, ended: float) -> dict[str, Any]:
    worst_first = sorted(watched.open.items(), key=lambda item: (-SEVERITY[_made_by(*item)], item[1].since, item[0]))
    if not worst_first:
        base: Condition = "ok" if watched.is_known else "unknown"
        since = max(watched.known_since, ended)
        return {"condition": base, "types": "[]", "since": since, "level": None, "under": None, "reason": None}
    kind, worst = worst_first[0]
    made = _made_by(kind, worst)
    if made == "ok" and not watched.is_known:
        made = "unknown"
    return {
        "condition": made,
        "types": to_json([name for name, _ in worst_first]).decode(),
        "since": worst.since,
        "level": worst.level,
        "under": watched.lost.under if watched.lost is not None and kind == "offline" else None,
        "reason": worst.reason,
    }


def _made_by(kind: str, incident: Open) -> Condition:
    return condition_of(kind, incident.level)
