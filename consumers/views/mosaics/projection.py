"""Folds media, analyses and incidents into minute tiles, closed by the hub's ticks and corrected by what comes late."""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import ClassVar

from bus_schemas.alert import IncidentEvent
from bus_schemas.camera import DetectionEvent, FrameEvent, MotionEvent
from bus_schemas.condition import NOT_OF_DEVICES
from bus_schemas.event import HUB_SOURCE, RESERVED, Event
from bus_schemas.media import MediaEvent
from bus_schemas.node import HealthEvent, HeartbeatEvent
from bus_schemas.thermal import ThermalEvent
from consumers.engine.projection import Emit, Projection
from consumers.hub_config import Hub
from consumers.store.journal.record import Recorded
from consumers.views.mosaics import RING, held, ring, seen
from consumers.views.mosaics.drawing import Drawer
from consumers.views.mosaics.drawn import SCHEMA, DrawnMinutes
from consumers.views.mosaics.minute import Minute, device_minute
from consumers.views.mosaics.ring import Ring
from consumers.views.mosaics.tiles import Tiles


class Mosaics(Projection):
    """A minute is drawn at the first tick after its end and a grace, whether anything was seen in it or not.

    What arrives later is drawn at the next tick. Of several ticks in a batch the last one draws: what came between
    them would have been drawn again by it.
    """

    name: ClassVar[str] = "mosaics"
    version: ClassVar[int] = 4
    models: ClassVar[tuple[type[Event], ...]] = (
        DetectionEvent, FrameEvent, HealthEvent, HeartbeatEvent, IncidentEvent, MediaEvent, MotionEvent, ThermalEvent,
    )  # fmt: skip
    schema: ClassVar[str] = seen.SCHEMA + held.SCHEMA + ring.SCHEMA + SCHEMA

    whole_because: ClassVar[str] = "tiles are drawn by the hub's ticks, of devices that may have been heard long before"

    # The ring is shorter than the two days that the journal always keeps; devices may have been silent for longer, and
    # what has been the case for longer is still the case.
    history: ClassVar[Mapping[str, str]] = {"devices": "true", "closed": "true", "held": "true"}

    def __init__(self, hub: Hub) -> None:
        self._settings = hub.mosaic
        self._expected = {(site.site, device.device): device.name for site in hub.sites for device in site.devices}
        self._archive = hub.archive
        self._drawer: Drawer | None = None
        self._tiles = Tiles(hub.data / "tiles")
        self._gone: list[str] = []
        self._swept: dict[str, int] = {}
        self._newest: dict[str, int] = {}

    def made_with(self) -> object:
        return self._settings, sorted(self._expected.items())

    def fold(self, view: sqlite3.Connection, batch: Sequence[Recorded], emit: Emit) -> None:
        self._gone = []
        drawn = max((index for index, record in enumerate(batch) if _is_tick(record)), default=-1) + 1
        if drawn:
            due = self._take(view, batch[:drawn])
            self._draw_all(view, due)
        self._take(view, batch[drawn:])

    def _take(self, view: sqlite3.Connection, records: Sequence[Recorded]) -> Ring:
        minutes, rows = Ring(view), seen.SeenRows(view)
        for record in records:
            if record.model is IncidentEvent:
                _enter(view, record, minutes)
            elif _is_tick(record):
                self._pass_time(minutes, record)
            elif record.model is not HeartbeatEvent and record.where[1] not in RESERVED:
                _see(record, minutes, rows)
        rows.save()
        minutes.save()
        return minutes

    def _pass_time(self, minutes: Ring, tick: Recorded) -> None:
        """A site that is meant to be there has minutes from the first tick on, though nothing was seen of it."""
        newest = int((tick.time_s - self._settings.grace_s) // 60) - 1
        for where in self._expected:
            minutes.meet(where, newest)
        minutes.close(newest)

    def after_commit(self) -> None:
        """Remove the tiles that were replaced, and, as the ring goes round, those that have left it."""
        self._tiles.remove(self._gone)
        self._gone = []
        for site, newest in self._newest.items():
            if newest // 10 != self._swept.get(site, -1) // 10:
                self._tiles.sweep(site, newest - RING + 1)
                self._swept[site] = newest

    def _draw_all(self, view: sqlite3.Connection, minutes: Ring) -> None:
        self._drawer = self._drawer or Drawer(self._settings, self._archive().read)
        drawn = DrawnMinutes(view, self._drawer, self._tiles)
        for (site, minute), times in sorted(minutes.due.items()):
            if minute >= minutes.oldest(site):
                drawn.put(self._minute(view, site, minute), times)
        self._gone += drawn.replaced
        for site in minutes.newest:
            _forget(view, site, minutes.oldest(site))
        self._newest |= minutes.newest

    def _minute(self, view: sqlite3.Connection, site: str, minute: int) -> Minute:
        """Every device of the site, also one that nothing was seen of in this minute, but none that came later."""
        rows = {row.device: row for row in seen.seen_in(view, site, minute)}
        incidents = held.worst_in(view, site, minute * 60, (minute + 1) * 60)
        names = {device: name for (where, device), name in self._expected.items() if where == site}
        devices = sorted({*ring.devices_of(view, site, minute), *rows, *incidents})
        shown = tuple(
            device_minute(device, rows.get(device), incidents.get(device, held.NOTHING)) for device in devices
        )
        return Minute(site, minute, shown, names, (self._settings.cell_width, self._settings.cell_height))


def _is_tick(record: Recorded) -> bool:
    return record.model is HeartbeatEvent and record.source == HUB_SOURCE


def _see(record: Recorded, minutes: Ring, rows: seen.SeenRows) -> None:
    site, device = where = record.where
    minute = int(record.time_s // 60)
    minutes.meet(where, record.received_us // 60_000_000)
    rows.of((site, minute, device)).take(record)
    minutes.correct(site, (minute,))


def _enter(view: sqlite3.Connection, record: Recorded, minutes: Ring) -> None:
    event = record.event
    assert isinstance(event, IncidentEvent)
    site = event.data.site
    if event.data.type not in NOT_OF_DEVICES and RESERVED.isdisjoint((site, event.data.device)):
        changed = held.enter(view, event)
        minutes.correct(site, held.minutes_of(changed, minutes.oldest(site), minutes.newest.get(site, -1)))


def _forget(view: sqlite3.Connection, site: str, oldest: int) -> None:
    """The ring has gone round: what it overwrites is gone."""
    for table in ("tiles", "seen"):
        view.execute(f"delete from {table} where site = ? and minute < ?", (site, oldest))  # noqa: S608
    held.forget(view, site, oldest * 60)
