"""The time range and severity of each incident of a device, with one row from each moment at which it changed.

The time of an incident may be long over, or may lie before minutes that are drawn already.
"""

import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

from bus_schemas.alert import Incident, IncidentEvent
from bus_schemas.condition import SEVERITY, Condition, condition_of, level_of

SCHEMA = """
create table if not exists held (
    incident_id text not null, since real not null, until real, site text not null, device text not null,
    type text not null, condition text not null, primary key (incident_id, since)
) strict, without rowid;
create index if not exists held_until on held (site, until);
"""

_OVERLAPS = "since < :end and (until is null or until > :start or since >= :start)"


class Worst(NamedTuple):
    """The worst condition among the incidents of a device, and their types, the worst first."""

    condition: Condition
    types: tuple[str, ...]


NOTHING = Worst("unknown", ())


class HeldTime(NamedTuple):
    """For how long an incident of a device held in one condition: seconds since 1970, without an end where it lasts."""

    device: str
    type: str
    condition: Condition
    since: float
    until: float | None

    def minutes(self, end: int) -> tuple[int, int]:
        """The minutes since 1970 that it touches, half open; up to `end` where it lasts."""
        first = int(self.since // 60)
        return first, end if self.until is None else max(first + 1, -int(-self.until // 60))


class SecondsRange(NamedTuple):
    """Seconds since 1970; without an end where it lasts."""

    start: float
    end: float | None


def enter(view: sqlite3.Connection, event: IncidentEvent) -> SecondsRange:
    """Take an incident event. Returns the time in which minutes may be other than they were."""
    incident = event.data
    at = incident.since.timestamp()
    begun = view.execute("select since from held where incident_id = ? and until is null", (incident.incident_id,))
    last = begun.fetchone()
    if incident.state == "closed":
        return _close(view, incident, None if last is None else float(last[0]), at)
    if last is not None:
        # It rose or fell at this moment; what it was until then is kept.
        at = max(at, last[0])
        view.execute("update held set until = ? where incident_id = ? and until is null", (at, incident.incident_id))
    step = (incident.incident_id, at, incident.site, incident.device, incident.type, _condition(incident))
    view.execute("insert or replace into held values (?, ?, null, ?, ?, ?, ?)", step)
    return SecondsRange(at, None)


def _close(view: sqlite3.Connection, incident: Incident, begun: float | None, at: float) -> SecondsRange:
    """One that was opened before the journal begins is not known, and stays so."""
    if begun is None:
        return SecondsRange(at, at)
    end = max(begun, at)
    view.execute("update held set until = ? where incident_id = ? and until is null", (end, incident.incident_id))
    return SecondsRange(end, None)


def _condition(incident: Incident) -> Condition:
    return condition_of(incident.type, incident.level or level_of(incident.type, incident.details))


def worst_in(view: sqlite3.Connection, site: str, start: float, end: float) -> dict[str, Worst]:
    """By device what held at some moment of a time range, its end excluded."""
    found: dict[str, dict[str, Condition]] = {}
    for one in held_in(view, site, SecondsRange(start, end)):
        types = found.setdefault(one.device, {})
        if one.type not in types or SEVERITY[one.condition] > SEVERITY[types[one.type]]:
            types[one.type] = one.condition
    return {device: _worst(types) for device, types in found.items()}


def held_in(view: sqlite3.Connection, site: str, wanted: SecondsRange) -> Iterator[HeldTime]:
    """The incidents that were open at some moment of a time range, its end excluded."""
    query = f"select device, type, condition, since, until from held where site = :site and {_OVERLAPS}"  # noqa: S608 - our own words
    yield from map(HeldTime._make, view.execute(query, {"site": site, "start": wanted.start, "end": wanted.end}))


def _worst(types: dict[str, Condition]) -> Worst:
    ordered = sorted(types, key=lambda kind: (-SEVERITY[types[kind]], kind))
    return Worst(types[ordered[0]], tuple(ordered))


def minutes_of(span: SecondsRange, oldest: int, newest: int) -> Iterator[int]:
    """The minutes since 1970 that a span touches, of those from `oldest` to `newest`."""
    last = newest if span.end is None else int(span.end // 60)
    yield from range(max(int(span.start // 60), oldest), min(last, newest) + 1)


def forget(view: sqlite3.Connection, site: str, before: float) -> None:
    """Forget what was over before this moment."""
    view.execute("delete from held where site = ? and until < ?", (site, before))
