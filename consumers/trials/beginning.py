"""What was known and what was the case before a trial's stretch, so that it does not begin as if nothing had been.

Read from the live views, which are only looked at: settings, incidents and alerts that held at that moment.
"""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic_core import from_json

from bus_schemas.alert import Incident, Rule
from bus_schemas.event import HUB, device_source, place
from bus_schemas.node import Settings, SettingsEvent
from consumers import views
from consumers.alerts.wording import recovered
from consumers.hub import Rules
from consumers.incidents.device import Watched, watched_json
from consumers.journal.record import Recorded
from consumers.versions import FOREVER

Place = tuple[str, str]
RECOVERED = recovered("").type
_INCIDENT = "incident_id, site, device, type, opened, rule, rule_version, details, causes, media"
_ALERT = "alert_id, site, device, type, level, message, raised, incident_id, rule, rule_version, details, causes, media"


def settings_before(data: Path, position: int, site: str | None) -> list[Recorded]:
    """What was set last for each device and section, as events."""
    try:
        view = views.open_view(data, "settings")
    except views.NoView:
        return []
    with closing(view):
        rows = view.execute(
            "select position, site, device, time, by, value from changes"
            " where position < ? and (?2 is null or site = ?2) order by position",
            (position, site),
        ).fetchall()
    merged: dict[Place, dict[str, Any]] = {}
    newest: dict[Place, tuple[int, str, str]] = {}
    for number, of, device, time, by, value in rows:
        merged.setdefault((of, device), {}).update(from_json(value))
        newest[of, device] = (number, time, by)
    return [_settings(where, *newest[where], sections) for where, sections in merged.items()]


def _settings(where: Place, position: int, time: str, by: str, sections: dict[str, Any]) -> Recorded:
    moment = datetime.fromisoformat(time)
    event = SettingsEvent(
        id=f"settings-{position}",
        source=device_source(*where),
        time=moment,
        data=Settings(changed_by=by, settings=sections),
    )
    return Recorded(position, moment, event)


def begin(
    view: sqlite3.Connection, live: "Live", known: Iterable[Recorded], expected: Iterable[Place], rules: Rules
) -> None:
    """Write into the tables of incidents and alerts how it was. Those that are expected were there, or are missed."""
    watched: dict[Place, Watched] = {}
    for record in known:
        assert isinstance(record.event, SettingsEvent)
        where = place(record.event.source)
        watched[where] = Watched()
        list(watched[where].judge(record.event, rules))
    for where in expected:
        one = watched.setdefault(where, Watched())
        one.is_device, one.heard = True, live.at
    for row in live.incidents():
        _go_on(view, watched, row, live)
    for row in live.alerts():
        _stands(view, "alerts", _ALERT, row)
    view.executemany(
        "insert into desk values (?1, ?2, ?3, null, null, ?4)"
        " on conflict do update set told_at = max(coalesce(told_at, 0), excluded.told_at)",
        live.told(rules.cool_down_s),
    )
    rows = [(*where, watched_json.dump_json(one).decode()) for where, one in watched.items()]
    view.executemany("insert into watched values (?, ?, ?)", rows)


def _go_on(view: sqlite3.Connection, watched: dict[Place, Watched], row: tuple[Any, ...], live: "Live") -> None:
    incident_id, site, device, kind, opened, rule, rule_version, details, causes, media = row
    told: dict[str, Any] = from_json(details)
    one = watched.setdefault((site, device), Watched())
    one.open[kind] = incident_id
    if (site, device) != (HUB, HUB):
        one.is_device = True
    match kind:
        case "offline":
            one.absent, one.heard = str(told.get("reason") or "not there"), opened
        case "hot_spot":
            one.heat.level, one.heat.last_warm = str(told.get("level", "warning")), live.at
        case "storage":
            one.disk.level = str(told.get("level", "warning"))
    values = (incident_id, site, device, kind, opened, rule, rule_version, details, causes, media)
    _stands(view, "incidents", _INCIDENT, values)
    incident = Incident(
        incident_id=incident_id,
        site=site,
        device=device,
        type=kind,
        state="opened",
        since=datetime.fromtimestamp(opened, UTC),
        rule=Rule(name=rule, version=rule_version),
        causes=tuple(from_json(causes)),
        details=told,
        media=tuple(from_json(media)),
    )
    raised = live.raised(incident_id)
    values_of_desk = (site, device, kind, incident.model_dump_json(), incident_id if raised else None, raised)
    view.execute("insert into desk values (?, ?, ?, ?, ?, ?)", values_of_desk)


def _stands(view: sqlite3.Connection, table: str, columns: str, row: tuple[Any, ...]) -> None:
    """Enter it as what was there from the first."""
    marks = ", ".join("?" * len(row))
    view.execute(f"insert into {table} ({columns}, position, until) values ({marks}, 0, {FOREVER})", row)  # noqa: S608


class Live:
    """What the live views of incidents and alerts say of a moment (seconds since 1970), of one site or of all."""

    def __init__(self, data: Path, at: float, site: str | None) -> None:
        """Raises `NoView`."""
        self.at = at
        self._site = site
        self._incidents = views.open_view(data, "incidents")
        try:
            self._alerts = views.open_view(data, "alerts")
        except views.NoView:
            self._incidents.close()
            raise

    def incidents(self) -> list[tuple[Any, ...]]:
        """Those that held."""
        query = f"select {_INCIDENT} from incidents where {_held('opened', 'closed')}"  # noqa: S608 - our own columns
        return self._incidents.execute(query, (self.at, self._site)).fetchall()

    def alerts(self) -> list[tuple[Any, ...]]:
        """Those that were raised and not cleared."""
        query = f"select {_ALERT} from alerts where {_held('raised', 'cleared')}"  # noqa: S608 - our own columns
        return self._alerts.execute(query, (self.at, self._site)).fetchall()

    def raised(self, incident_id: str) -> float | None:
        """When people were told of an incident, if they were by then."""
        query = "select raised from alerts where incident_id = ? and type != ? and raised < ? order by position limit 1"
        found = self._alerts.execute(query, (incident_id, RECOVERED, self.at)).fetchone()
        return None if found is None else float(found[0])

    def told(self, cool_down_s: float) -> list[tuple[Any, ...]]:
        """What people were told of so shortly before that they are not told again: place, type of incident, when."""
        return self._alerts.execute(
            "select site, device, rule, max(raised) from alerts where raised < ?1 and raised > ?2 and type != ?3"
            " and rule is not null and (?4 is null or site = ?4) group by site, device, rule",
            (self.at, self.at - cool_down_s, RECOVERED, self._site),
        ).fetchall()

    def close(self) -> None:
        self._incidents.close()
        self._alerts.close()


def _held(begin: str, end: str) -> str:
    return f"until = {FOREVER} and {begin} < ?1 and ({end} is null or {end} > ?1) and (?2 is null or site = ?2)"
