"""Folds media, analyses and incidents into minute tiles. Ticks of the hub close a minute; late events correct it."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from bus_schemas.alert import IncidentEvent
from bus_schemas.camera import DetectionEvent, FrameEvent, MotionEvent
from bus_schemas.condition import NOT_OF_DEVICES
from bus_schemas.event import HUB_SOURCE, RESERVED, Event
from bus_schemas.media import MediaEvent
from bus_schemas.node import HealthEvent, HeartbeatEvent
from bus_schemas.thermal import ThermalEvent
from consumers import site_registry
from consumers.engine.process_group import ProcessGroup
from consumers.engine.projection import Emit, Projection
from consumers.hub_config import MediaReader, Mosaic
from consumers.site_registry import Registered, RegistryMemory, SiteRegistry
from consumers.store.journal.record import DeviceKey, Recorded
from consumers.views.mosaics import RING, incident_times, past_tiles, ring, sightings
from consumers.views.mosaics.drawn_minutes import SCHEMA, DrawnMinutes
from consumers.views.mosaics.minute import MosaicMinute, device_minute
from consumers.views.mosaics.past_tiles import PastMinutes, PastTiles
from consumers.views.mosaics.ring import Ring
from consumers.views.mosaics.tiles import Tiles
from producer.times import micros

if TYPE_CHECKING:
    from consumers.views.mosaics.drawer import Drawer


class MosaicsProjection(Projection):
    """A minute is drawn at the first tick after its end and a grace, whether anything was seen in it or not.

    What arrives later is drawn at the next tick. Of several ticks in a batch the last one draws: what came between
    them would have been drawn again by it.
    """

    name: ClassVar[str] = "mosaics"
    group: ClassVar[ProcessGroup] = ProcessGroup.PICTURES
    version: ClassVar[int] = 11
    models: ClassVar[tuple[type[Event], ...]] = (
        DetectionEvent, FrameEvent, HealthEvent, HeartbeatEvent, IncidentEvent, MediaEvent, MotionEvent, ThermalEvent,
        *site_registry.MODELS,
    )  # fmt: skip
    schema: ClassVar[str] = (
        sightings.SCHEMA + incident_times.SCHEMA + ring.SCHEMA + SCHEMA + past_tiles.SCHEMA + site_registry.SCHEMA
    )

    whole_because: ClassVar[str] = "tiles are drawn by the hub's ticks, of devices that may have sent long before"

    # The ring is shorter than the two days that the journal always keeps; devices may have been silent for longer, and
    # what has been the case for longer is still the case.
    recent: ClassVar[frozenset[str]] = frozenset({"late", "retired", "seen", "tiles"})
    history: ClassVar[Mapping[str, str]] = dict.fromkeys(("devices", "closed", "held", "past_tiles"), "true")
    before_floor: ClassVar[Mapping[str, str]] = site_registry.BEFORE_FLOOR

    def __init__(self, tiles: Path, archive: Callable[[], MediaReader], settings: Mosaic) -> None:
        self._settings = settings
        self._archive = archive
        self._drawer: Drawer | None = None
        self._registry = RegistryMemory()
        self._tiles = Tiles(tiles)
        self._past = PastMinutes(settings, self._tiles, PastTiles(tiles))
        self._gone: list[str] = []
        self._swept: dict[str, int] = {}
        self._newest: dict[str, int] = {}

    def made_with(self) -> object:
        return self._settings

    def fold(self, view: sqlite3.Connection, batch: Sequence[Recorded], emit: Emit) -> None:
        """Minutes that are due before a change of the registry are drawn with the registry as it was until then."""
        self._gone = []
        registry, begin = SiteRegistry(view, self._registry), 0
        for end, record in enumerate(batch):
            if record.model in site_registry.MODELS:
                self._fold(view, batch[begin:end], registry.now)
                _register(view, registry, record)
                begin = end + 1
        self._fold(view, batch[begin:], registry.now)

    def _fold(self, view: sqlite3.Connection, batch: Sequence[Recorded], registered: Registered) -> None:
        begin = 0
        for end in self._draw_after(batch):
            due = self._take(view, batch[begin:end], registered)
            self._draw_all(view, due, registered)
            begin = end
        if batch[begin:]:
            self._take(view, batch[begin:], registered)

    def _draw_after(self, batch: Sequence[Recorded]) -> Iterator[int]:
        """Where minutes are drawn: at the last tick, and before each with which a tile leaves the ring that stays. That
        one is then as it was known when it left, whatever the batches are.
        """
        last, period = 0, None
        for index, record in enumerate(batch):
            if not _is_tick(record):
                continue
            passed = self._past.period(self._newest_at(record))
            if period is not None and passed > period:
                yield last
            last, period = index + 1, passed if period is None else max(period, passed)
        if last:
            yield last

    def _newest_at(self, tick: Recorded) -> int:
        """The newest minute that is closed with a tick."""
        return int((tick.time_s - self._settings.grace_s) // 60) - 1

    def _take(self, view: sqlite3.Connection, records: Sequence[Recorded], registered: Registered) -> Ring:
        minutes, rows = Ring(view), sightings.SeenRows(view)
        expected: list[DeviceKey] | None = None
        for record in records:
            if record.model is IncidentEvent:
                _enter(view, record, minutes)
            elif _is_tick(record):
                if expected is None:
                    expected = [(one.site, one.device) for one in registered.devices() if not one.is_retired]
                self._pass_time(minutes, record, expected)
            elif record.model is not HeartbeatEvent and record.where[1] not in RESERVED:
                _see(record, minutes, rows)
        rows.save()
        minutes.save()
        return minutes

    def _pass_time(self, minutes: Ring, tick: Recorded, expected: Sequence[DeviceKey]) -> None:
        """A site that is registered has minutes from the first tick on, though nothing was seen of it."""
        newest = self._newest_at(tick)
        for where in expected:
            minutes.add_device(where, newest)
        minutes.close(newest)

    def after_commit(self) -> None:
        """Remove the tiles that were replaced, and, as the ring goes round, those that have left it."""
        self._tiles.remove(self._gone)
        self._gone = []
        for site, newest in self._newest.items():
            if newest // 10 != self._swept.get(site, -1) // 10:
                self._tiles.sweep(site, newest - RING + 1)
                self._swept[site] = newest

    def _draw_all(self, view: sqlite3.Connection, minutes: Ring, registered: Registered) -> None:
        drawn = DrawnMinutes(view, self._opened_drawer(), self._tiles)
        for (site, minute), times in sorted(minutes.due.items()):
            if minute >= minutes.oldest(site):
                drawn.put(self._minute(view, (site, minute), registered), times)
        # What was replaced earlier in this fold may be drawn again, under the same name.
        self._gone = [name for name in self._gone if name not in drawn.written] + drawn.replaced
        for site in minutes.newest:
            self._past.take(view, site, minutes.oldest(site))
            _forget(view, site, minutes.oldest(site))
        self._past.forget(view, max(minutes.newest.values(), default=0))
        self._newest |= minutes.newest

    def _opened_drawer(self) -> "Drawer":
        """OpenCV takes 20 MB, which every process would have that knows the list of consumers."""
        from consumers.views.mosaics.drawer import Drawer

        if self._drawer is None:
            self._drawer = Drawer(self._settings, self._archive().read)
        return self._drawer

    def _minute(self, view: sqlite3.Connection, of: ring.SiteMinute, registered: Registered) -> MosaicMinute:
        """Every device of the site, also one that nothing was seen of in this minute, but none that came later or
        was retired before.
        """
        site, minute = of
        rows = {row.device: row for row in sightings.seen_in(view, site, minute)}
        incidents = incident_times.worst_in(view, site, minute * 60, (minute + 1) * 60)
        known = {*ring.devices_of(view, site, minute), *rows, *incidents}
        devices = sorted(known - ring.retired_in(view, site, minute))
        names = {device: registered.name(site, device) for device in devices}
        shown = tuple(
            device_minute(device, rows.get(device), incidents.get(device, incident_times.NOTHING)) for device in devices
        )
        return MosaicMinute(site, minute, shown, names, self._settings)


def _register(view: sqlite3.Connection, registry: SiteRegistry, record: Recorded) -> None:
    for site, device, field, value in registry.take(record):
        if field == "retired":
            repeats = site_registry.change_of(record.event).repeats
            time_us = record.time_us if repeats is None else micros(repeats.time)
            ring.retire(view, (site, device), time_us // 60_000_000 + 1 if value == "true" else None)


def _is_tick(record: Recorded) -> bool:
    return record.model is HeartbeatEvent and record.source == HUB_SOURCE


def _see(record: Recorded, minutes: Ring, rows: sightings.SeenRows) -> None:
    site, device = where = record.where
    minute = int(record.time_s // 60)
    minutes.add_device(where, record.received_us // 60_000_000)
    rows.of((site, minute, device)).take(record)
    minutes.correct(site, (minute,))


def _enter(view: sqlite3.Connection, record: Recorded, minutes: Ring) -> None:
    event = record.event
    assert isinstance(event, IncidentEvent)
    site = event.data.site
    if event.data.type not in NOT_OF_DEVICES and RESERVED.isdisjoint((site, event.data.device)):
        changed = incident_times.enter(view, event)
        minutes.correct(site, incident_times.minutes_of(changed, minutes.oldest(site), minutes.newest.get(site, -1)))


def _forget(view: sqlite3.Connection, site: str, oldest: int) -> None:
    """The ring has gone round: what it overwrites is gone."""
    for table in ("tiles", "seen"):
        view.execute(f"delete from {table} where site = ? and minute < ?", (site, oldest))  # noqa: S608 - our own names
    incident_times.forget(view, site, oldest * 60)
