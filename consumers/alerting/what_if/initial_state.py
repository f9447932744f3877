"""The initial state of a trial: settings, incidents and alerts as they were before its range.

Read from the live views of the registry, settings, incidents and alerts, as of the last position before it; they are
only looked at.
"""

import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic_core import from_json

from bus_schemas.alert import Incident, Rule
from bus_schemas.event import HUB, device_source
from bus_schemas.node import Settings, SettingsEvent
from consumers.alerting.alerts.wording import RECOVERED
from consumers.alerting.incidents.device import judge
from consumers.alerting.incidents.device_state import Watched, watched_text
from consumers.alerting.incidents.heat import FRAME
from consumers.alerting.incidents.hub import KINDS, WatchedHub, hub_json
from consumers.alerting.incidents.presence import Loss
from consumers.alerting.incidents.trends import TrendCondition
from consumers.alerting.incidents.verdict import Open
from consumers.alerting.projection import AlertingProjection
from consumers.alerting.review.mutes import MUTE
from consumers.alerting.rules import AlertRules
from consumers.alerting.terms import registered
from consumers.alerting.what_if.live import live_view
from consumers.engine.projection import Projection
from consumers.engine.versions import STANDS, Versions
from consumers.engine.view_files import NoView
from consumers.site_registry import SiteRegistry
from consumers.store.journal.record import Recorded
from consumers.views import settings as settings_view
from consumers.views.registry import RegistryProjection

DeviceKey = tuple[str, str]
Row = dict[str, Any]
_OF_DEVICES = f"rule not in ({', '.join(map(repr, KINDS))})"
"""Faults of the hub depend on no rule that could be tried."""
_REGISTERED = ("site", "device", "field", "value", "origin", "by", "time", "position", "registered")


@dataclass(frozen=True, slots=True)
class StateBefore:
    """The state at the end of position `upto`, which was received at `at`: of one site or of all."""

    upto: int
    at: float
    registered: list[Row]
    settings: list[Recorded]
    incidents: list[Row]
    alerts: list[Row]
    mutes: list[Row]
    last_raised: list[Row]
    """The last alert by device and type of incident: `raised` in seconds since 1970, and its level."""


def before(data: Path, upto: int, at: datetime, site: str | None) -> StateBefore:
    """Raises `BeingRebuilt`. A view that is not there yet holds nothing."""
    of = {"upto": upto, "site": site, "recovered": RECOVERED}
    mine = f"{STANDS} and (:site is null or site = :site)"
    columns = f"site, device, rule, max(raised) as raised, level from alerts where {mine} and type != :recovered"
    return StateBefore(
        upto,
        at.timestamp(),
        _rows(data, RegistryProjection, f"{', '.join(_REGISTERED)} from settings where {mine}", of),
        _settings(_rows(data, settings_view.SettingsProjection, f"* from sections where {mine} order by position", of)),
        _rows(data, AlertingProjection, f"* from incidents where {mine} and closed is null and {_OF_DEVICES}", of),
        _rows(data, AlertingProjection, f"* from alerts where {mine} and cleared is null and {_OF_DEVICES}", of),
        _rows(data, AlertingProjection, "* from mutes where position <= :upto and (:site is null or site = :site)", of),
        _rows(
            data,
            AlertingProjection,
            f"{columns} and rule is not null and {_OF_DEVICES} group by site, device, rule",
            of,
        ),
    )


def _rows(data: Path, projection: type[Projection], query: str, values: Row) -> list[Row]:
    with suppress(NoView), closing(live_view(data, projection)) as view:
        found = view.execute(f"select {query}", values)
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found]
    return []


def _settings(sections: list[Row]) -> list[Recorded]:
    """One event for each device, with all its sections."""
    merged: dict[DeviceKey, dict[str, Any]] = {}
    newest: dict[DeviceKey, Row] = {}
    for row in sections:
        where = (row["site"], row["device"])
        merged.setdefault(where, {})[row["section"]] = from_json(row["value"])
        newest[where] = row
    return [_set(where, newest[where], sections) for where, sections in merged.items()]


def _set(where: DeviceKey, newest: Row, sections: dict[str, Any]) -> Recorded:
    moment = datetime.fromisoformat(newest["time"])
    event = SettingsEvent(
        id=f"settings-{newest['position']}",
        source=device_source(*where),
        time=moment,
        data=Settings(changed_by=newest["by"], settings=sections),
    )
    return Recorded(newest["position"], moment, event)


def begin(view: sqlite3.Connection, known: StateBefore, rules: AlertRules) -> None:
    """Write into the tables of incidents and alerts how it was. Those that are expected were there, or are missed."""
    columns, marks = ", ".join(_REGISTERED), ", ".join(f":{name}" for name in _REGISTERED)
    view.executemany(f"insert into registry ({columns}) values ({marks})", known.registered)  # noqa: S608 - our own
    expected = registered(SiteRegistry(view).now).missed()
    watched: dict[DeviceKey, Watched] = {}
    for record in known.settings:
        judge(watched.setdefault(record.where, Watched()), record, rules)
    for where in expected:
        one = watched.setdefault(where, Watched())
        one.is_device = one.is_agents = one.has_worked = True
        one.heard = one.evidence_s = known.at
    _begin_incidents(view, known, watched)
    _begin_alerts(view, known)
    for (site, device), one in watched.items():
        values = (site, device, one.epoch, one.due(rules.silent_after_s), int(one.is_device), watched_text(one))
        view.execute("insert into watched values (?, ?, ?, ?, ?, ?)", values)


def _begin_incidents(view: sqlite3.Connection, known: StateBefore, watched: dict[DeviceKey, Watched]) -> None:
    incidents, hub = Versions(view, "incidents", "incident_id"), WatchedHub()
    for row in known.incidents:
        incidents.put(known.upto, row)
        details: dict[str, Any] = from_json(row["details"])
        incident = Open(row["incident_id"], row["level"], row["opened"])
        if row["type"] == "node_offline":
            view.execute("insert into nodes values (?, ?, ?)", (row["device"], row["site"], row["incident_id"]))
        elif row["device"] == HUB:
            hub.open[row["type"]], hub.disk.level = incident, str(details.get("level", "warning"))
        else:
            one = watched.setdefault((row["site"], row["device"]), Watched())
            one.open[row["type"]] = incident
            _go_on(one, row, details)
    view.execute("insert into watched_hub values (1, ?)", (hub_json.dump_json(hub).decode(),))


def _begin_alerts(view: sqlite3.Connection, known: StateBefore) -> None:
    alerts = Versions(view, "alerts", "alert_id")
    notified = {(row["site"], row["device"], row["rule"]): (row["raised"], row["level"]) for row in known.last_raised}
    raised = {row["incident_id"] for row in known.alerts}
    for row in known.alerts:
        alerts.put(known.upto, row)
    for row in known.mutes:
        view.execute(
            f"insert into mutes ({', '.join(row)}) values ({', '.join(f':{name}' for name in row)})",  # noqa: S608 - our own
            row,
        )
    held = {(row["site"], row["device"], row["type"]): row for row in known.incidents}
    for key in sorted(held.keys() | notified.keys()):
        now = held.get(key)
        incident = None if now is None else _incident(now).model_dump_json()
        of = now["incident_id"] if now is not None and now["incident_id"] in raised else None
        muted = int(now is not None and now["suppressed"] == MUTE)
        view.execute(
            "insert into alert_state values (?, ?, ?, ?, ?, ?, ?, ?)",
            (*key, incident, of, *notified.get(key, (None, None)), muted),
        )


def _go_on(one: Watched, row: Row, details: dict[str, Any]) -> None:
    """A condition that held: the device as the rules saw it."""
    one.is_device = one.is_agents = one.has_worked = True
    match row["type"]:
        case "offline":
            reason, how = str(details.get("reason") or "not there"), details.get("how", "connection")
            under = details.get("under")
            one.lost = Loss(how, row["opened"], reason, under=under, had_worked=how != "never", since=row["opened"])
            one.heard = row["opened"]
        case "degraded" | "stale":
            one.status, one.trouble_s = row["type"], row["opened"]
        case "hot_spot":
            one.heat.level = str(details.get("level", "warning"))
            one.heat.hot = (*_regions(details), *((FRAME,) if details.get("hot_spots") else ()))
        case "temperature_rise" | "temperature_difference" | "above_ambient":
            one.trends.conditions[row["type"]] = TrendCondition(regions=_regions(details) or ("",))
        case "storage":
            one.disk.level = str(details.get("level", "warning"))
        case "clock":
            one.clock.is_wrong = True
        case "memory" | "cpu_hot" | "link_slow":
            getattr(one.machine, row["type"]).is_over = True


def _regions(details: dict[str, Any]) -> tuple[str, ...]:
    regions = details.get("regions")
    return tuple(map(str, regions)) if isinstance(regions, list) else ()


def _incident(row: Row) -> Incident:
    return Incident(
        incident_id=row["incident_id"],
        site=row["site"],
        device=row["device"],
        type=row["type"],
        level=row["level"],
        state="opened",
        since=datetime.fromtimestamp(row["opened"], UTC),
        rule=Rule(name=row["rule"], version=row["rule_version"]),
        causes=tuple(from_json(row["causes"])),
        details=from_json(row["details"]),
        media=tuple(from_json(row["media"])),
    )
