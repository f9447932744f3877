"""The time zones of sites with the positions from which they held: for views that are by days of a site."""

import sqlite3
from collections.abc import Callable, Mapping
from zoneinfo import ZoneInfo

from bus_schemas.event import HUB
from bus_schemas.registry import RegistryEvent
from consumers.engine.versions import COLUMNS, NEWEST, Versions
from consumers.site_registry import UTC_ZONE, zone_of

SCHEMA = f"""
create table if not exists zones (
    site text not null, {COLUMNS}, time_zone text not null, primary key (site, until)
) strict;
"""
BEFORE_FLOOR: Mapping[str, str] = {"zones": "until <= :floor"}
"""Values in force are written again at the floor, with the position at which they were first set."""


class Zones:
    """The table of one view, within a fold or a question. A site without a zone has the days of UTC."""

    def __init__(self, view: sqlite3.Connection) -> None:
        self._view = view
        self._known: dict[str, list[tuple[int, int, str]]] = {}

    def take(self, position: int, event: RegistryEvent, has_days: Callable[[str], bool]) -> None:
        """Take in an event of the registry, which may say nothing of a zone. A site that `has_days` already, and had no
        zone, had those of UTC.
        """
        data = event.data
        if data.time_zone is None or data.device is not None or data.site == HUB:
            return
        versions = Versions(self._view, "zones", "site")
        known = versions.newest(data.site)
        if data.repeats is not None:
            if known is not None:
                return
            position = data.repeats.position
        elif known is None and has_days(data.site):
            versions.put(0, {"site": data.site, "time_zone": UTC_ZONE.key})
            known = versions.newest(data.site)
        if known is None or known["time_zone"] != data.time_zone:
            versions.put(position, {"site": data.site, "time_zone": data.time_zone})
            self._known.pop(data.site, None)

    def at(self, site: str, position: int = NEWEST) -> ZoneInfo:
        """The zone that held at a position."""
        for since, until, zone in self._versions(site):
            if since <= position < until:
                return zone_of(zone)
        return UTC_ZONE

    def only(self, site: str) -> ZoneInfo | None:
        """The one zone that a site ever had; `None` where it had several."""
        versions = self._versions(site)
        if len(versions) > 1:
            return None
        return zone_of(versions[0][2]) if versions else UTC_ZONE

    def _versions(self, site: str) -> list[tuple[int, int, str]]:
        if site not in self._known:
            query = "select position, until, time_zone from zones where site = ? order by position"
            self._known[site] = self._view.execute(query, (site,)).fetchall()
        return self._known[site]
