"""The view of people and triggers by quarter of an hour: what the dashboard of a day is counted from."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from bus_schemas.camera import DetectionEvent
from bus_schemas.event import Event
from consumers.engine import checkpoint
from consumers.engine.partial import DETECTION
from consumers.engine.projection import Emit, Projection
from consumers.engine.rebuild.time_range import TimeRange, ViewPart, whole_quarters
from consumers.store.journal.record import JournalReader, Recorded
from consumers.views.dashboard import QUARTER_S, DayTotals, dashboard_of, hour_of, seconds_of_day

KEPT_QUARTERS = 31 * 24 * 4
_QUARTER_US = QUARTER_S * 1_000_000


class OccupancyProjection(Projection):
    """By quarter the most people that each camera saw at once, its detections, and those of the site by trigger."""

    name: ClassVar[str] = "occupancy"
    models: ClassVar[tuple[type[Event], ...]] = (DetectionEvent,)
    schema: ClassVar[str] = """
    create table if not exists quarters (
        site text not null, quarter integer not null, device text not null, peak integer not null,
        events integer not null, primary key (site, quarter, device)
    ) strict, without rowid;
    create table if not exists triggers (
        site text not null, quarter integer not null, name text not null, events integer not null,
        primary key (site, quarter, name)
    ) strict, without rowid;
    """

    before_floor: ClassVar[Mapping[str, str]] = {
        "quarters": f"quarter * {QUARTER_S} <= horizon(site, device)",
        "triggers": f"quarter * {QUARTER_S} <= horizon(site, null)",
    }

    def part(self, wanted: TimeRange, view: sqlite3.Connection) -> ViewPart | None:
        since, until = whole_quarters(wanted)
        values = (wanted.site, since.timestamp() // QUARTER_S, until.timestamp() // QUARTER_S)
        rows = ("site = ? and quarter >= ? and quarter < ?", values)
        return ViewPart(since, until, {"quarters": rows, "triggers": rows})

    def settle_part(self, view: sqlite3.Connection, site: str) -> None:
        _prune(view, {site})

    def fold(self, view: sqlite3.Connection, batch: Sequence[Recorded], emit: Emit) -> None:
        quarters: dict[tuple[str, int, str], list[int]] = {}
        triggers: dict[tuple[str, int, str], int] = {}
        for record in batch:
            if record.model is not DetectionEvent:
                continue
            (site, device), quarter = record.where, record.time_us // _QUARTER_US
            part = record.decode(DETECTION).data
            counted = quarters.setdefault((site, quarter, device), [0, 0])
            counted[0] = max(counted[0], part.people_count)
            counted[1] += 1
            # A trigger named twice in one event happened once.
            for trigger in dict.fromkeys(part.event_triggers):
                key = (site, quarter, trigger)
                triggers[key] = triggers.get(key, 0) + 1
        view.executemany(
            "insert into quarters values (?, ?, ?, ?, ?) on conflict do update set"
            " peak = max(peak, excluded.peak), events = events + excluded.events",
            [(*key, *counted) for key, counted in sorted(quarters.items())],
        )
        view.executemany(
            "insert into triggers values (?, ?, ?, ?) on conflict do update set events = events + excluded.events",
            [(*key, events) for key, events in sorted(triggers.items())],
        )
        _prune(view, {site for site, _, _ in quarters})


def _prune(view: sqlite3.Connection, sites: Iterable[str]) -> None:
    """Forget the quarters of a site that are too far behind its newest."""
    for site in sorted(sites):
        newest = _newest(view, site)
        for table in ("triggers", "quarters") if newest is not None else ():
            query = f"delete from {table} where site = ? and quarter < ?"  # noqa: S608 - our own names
            view.execute(query, (site, newest - KEPT_QUARTERS))


def _newest(view: sqlite3.Connection, site: str) -> Any:
    return view.execute("select max(quarter) from quarters where site = ?", (site,)).fetchone()[0]


def holds(view: sqlite3.Connection, journal: JournalReader, site: str, since_s: int) -> bool:
    """Whether every detection of a site from a moment on, in seconds since 1970, is counted in the view."""
    newest = _newest(view, site)
    if newest is not None and since_s // QUARTER_S < newest - KEPT_QUARTERS:
        return False
    if checkpoint.made(view).reaches <= 1:
        return True
    dropped = journal.latest_dropped()
    if dropped is None:
        return False
    ours = f"/sites/{site}/"
    return since_s * 1_000_000 > max((at for source, at in dropped.items() if source.startswith(ours)), default=-1)


def dashboard(
    view: sqlite3.Connection, site: str, day: date, zone: ZoneInfo, named: Iterable[str] = ()
) -> dict[str, Any]:
    """The counts of the cameras of a site on a local day; `named` are triggers. Raises `BadQuestion`.

    It is the answer of the warehouse as far as the view `holds` the day.
    """
    start, end = seconds_of_day(day, zone)
    asked = (site, start // QUARTER_S, end // QUARTER_S)
    totals = DayTotals()
    for camera, peak, events in view.execute(_CAMERAS, asked):
        totals.zones[camera] = (peak, events)
        totals.events += events
    for quarter, peak in view.execute(_PEAKS, asked):
        hour = hour_of(quarter * QUARTER_S, zone)
        totals.hours[hour] = max(totals.hours.get(hour, 0), peak)
    totals.triggers.update(view.execute(_TRIGGERS, asked).fetchall())
    return dashboard_of(site, day, totals, named)


_OF_DAY = "where site = ? and quarter >= ? and quarter < ?"
_CAMERAS = f"select device, max(peak), sum(events) from quarters {_OF_DAY} group by device"  # noqa: S608 - ours
_PEAKS = f"select quarter, max(peak) from quarters {_OF_DAY} group by quarter"  # noqa: S608 - ours
_TRIGGERS = f"select name, sum(events) from triggers {_OF_DAY} group by name"  # noqa: S608 - ours
