"""The condition of each device, the worst of what is open, else ok or unknown: now, and as of a position."""

import sqlite3
from typing import Any, NamedTuple

from pydantic_core import from_json, to_json

from bus_schemas.alert import AlertLevelName
from bus_schemas.condition import SEVERITY, Condition, condition_of
from consumers.alerting.incidents.device_state import Watched
from consumers.alerting.incidents.verdict import RETIRED, Open
from consumers.alerting.terms import Terms
from consumers.engine.versions import COLUMNS, FOREVER, NEWEST, STANDS, Versions
from consumers.store.journal.record import DeviceKey

SCHEMA = f"""
    create table if not exists conditions (
        site text not null, device text not null, {COLUMNS}, condition text not null, since real not null,
        types text not null, level text, under text, reason text, primary key (site, device, until)
    ) strict;
    create index if not exists conditions_changed on conditions (position) where until = {FOREVER};
    """


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


def conditions(
    view: sqlite3.Connection, upto: int = NEWEST, site: str | None = None
) -> dict[DeviceKey, DeviceCondition]:
    """By site and device. One that is not among them is unknown: nothing was received of it."""
    rows = view.execute(
        f"select site, device, {_SELECTED} from conditions where {STANDS} and (:site is null or site = :site)",  # noqa: S608 - our own columns
        {"upto": upto, "site": site},
    )
    return {(site, device): _read(*row) for site, device, *row in rows}


def changed_conditions(view: sqlite3.Connection, after: int) -> dict[DeviceKey, tuple[int, DeviceCondition]]:
    """Those that stand and changed behind a position, each with the position of its change."""
    rows = view.execute(
        f"select site, device, position, {_SELECTED} from conditions where until = {FOREVER} and position > ?",  # noqa: S608 - our own columns
        (after,),
    )
    return {(site, device): (position, _read(*row)) for site, device, position, *row in rows}


def newest_change(view: sqlite3.Connection) -> int:
    """The position at which a condition changed last, 0 where none has."""
    (found,) = view.execute(
        f"select coalesce(max(position), 0) from conditions where until = {FOREVER}"  # noqa: S608 - our own number
    ).fetchone()
    return int(found)


_SELECTED = "condition, types, since, level, under, reason"


def _read(condition: Condition, types: str, since: float, *rest: Any) -> DeviceCondition:
    level, under, reason = rest
    return DeviceCondition(condition, tuple(from_json(types)), since, level, under, reason)


class ConditionTable:
    """The conditions as a fold writes them. Only of devices: a node may say that it is there too."""

    def __init__(self, view: sqlite3.Connection, terms: Terms) -> None:
        self._rows = Versions(view, "conditions", "site", "device")
        self._registered = terms.registered

    def update(self, position: int, where: DeviceKey, watched: Watched, ended: float = 0.0) -> None:
        """Write how the device is now, where that changed; `ended` is when what held before was over."""
        if not watched.is_device and where not in self._registered:
            return
        before, now = self._rows.newest(*where), _row(watched, ended)
        if before is None:
            has_changed = now["condition"] != "unknown" or bool(watched.open)
        else:
            is_restored = before["reason"] == RETIRED
            has_changed = is_restored or any(before[name] != now[name] for name in _COMPARED)
        if has_changed:
            self._rows.put(position, {"site": where[0], "device": where[1], **now})

    def retire(self, position: int, where: DeviceKey, at: float) -> None:
        """The condition of a device that is watched no more is unknown."""
        before = self._rows.newest(*where)
        if before is not None and before["reason"] != RETIRED:
            gone = {**_row(Watched(), at), "reason": RETIRED}
            self._rows.put(position, {"site": where[0], "device": where[1], **gone})


_COMPARED = ("condition", "types", "level", "under")


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
