"""Folds media and analyses into minute tiles, each closed by the hub's ticks and corrected by what arrives late."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import ClassVar

from bus_schemas.camera import Frame, FrameEvent
from bus_schemas.event import HUB_SOURCE, RESERVED, Event
from bus_schemas.media import MediaEvent
from bus_schemas.node import HeartbeatEvent
from consumers.engine.partial import MEDIUM
from consumers.engine.projection import Emit, Projection
from consumers.hub_config import Hub
from consumers.store.journal.record import Recorded
from consumers.views.mosaics import RING
from consumers.views.mosaics.drawing import Drawer
from consumers.views.mosaics.minute import Minute, Seen
from consumers.views.mosaics.state import State
from consumers.views.mosaics.tiles import Tiles

_PICTURES = ("thumbnail", "capture")


class Mosaics(Projection):
    """A minute is drawn at the first tick after its end and a grace, whether anything was seen in it or not.

    What arrives later is drawn at the next tick. Of several ticks in a batch the last one draws: what came between
    them would have been drawn again by it.
    """

    name: ClassVar[str] = "mosaics"
    version: ClassVar[int] = 2
    models: ClassVar[tuple[type[Event], ...]] = (MediaEvent, FrameEvent, HeartbeatEvent)
    schema: ClassVar[str] = """
    create table if not exists seen (
        site text not null, minute integer not null, device text not null, thumbnail text, thumbnail_at real,
        capture text, capture_at real, frame text, frame_at real, primary key (site, minute, device)
    ) strict, without rowid;
    create table if not exists devices (
        site text not null, device text not null, since integer not null, primary key (site, device)
    ) strict;
    create table if not exists closed (site text primary key, minute integer not null) strict;
    create table if not exists late (site text not null, minute integer not null, primary key (site, minute)) strict;
    create table if not exists tiles (
        site text not null, minute integer not null, state integer not null check (state between 0 and 3),
        incidents integer not null, tile text not null, ok text, ko text, bytes integer not null,
        description blob not null, primary key (site, minute)
    ) strict;
    """

    whole_because: ClassVar[str] = "tiles are drawn by the hub's ticks, of devices that may have been heard long before"

    # The ring is shorter than the two days that the journal always keeps; devices may have been silent for longer.
    history: ClassVar[Mapping[str, str]] = {"devices": "true", "closed": "true"}

    def __init__(self, hub: Hub) -> None:
        self._settings = hub.mosaic
        self._expected = {
            (site.site, device.device): device.name
            for site in hub.sites
            for device in site.devices
            if "visual" in device.kinds
        }
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
        ticks = [index for index, record in enumerate(batch) if _is_tick(record)]
        if not ticks:
            _take(view, batch)
            return
        first, last = ticks[0], ticks[-1]
        _take(view, batch[:first])
        self._expect(view, self._newest_at(batch[first]))
        _take(view, batch[first:last])
        # Where the hub's clock went back meanwhile, what an earlier tick has closed stays closed.
        self._pass_time(view, max(self._newest_at(batch[index]) for index in ticks))
        _take(view, batch[last:])

    def _newest_at(self, tick: Recorded) -> int:
        """The newest minute that is over, grace included."""
        return int((tick.time_s - self._settings.grace_s) // 60) - 1

    def _expect(self, view: sqlite3.Connection, newest: int) -> None:
        """A site that is meant to be there has minutes from the first tick on, though nothing was seen of it."""
        devices = [(*where, newest) for where in sorted(self._expected)]
        view.executemany("insert or ignore into devices values (?, ?, ?)", devices)
        sites = sorted({site for site, _ in self._expected})
        view.executemany("insert or ignore into closed values (?, ?)", [(site, newest - 1) for site in sites])

    def after_commit(self) -> None:
        """Remove the tiles that were replaced, and, as the ring goes round, those that have left it."""
        self._tiles.remove(self._gone)
        self._gone = []
        for site, newest in self._newest.items():
            if newest // 10 != self._swept.get(site, -1) // 10:
                self._tiles.sweep(site, newest - RING + 1)
                self._swept[site] = newest

    def _pass_time(self, view: sqlite3.Connection, newest: int) -> None:
        for site, last in view.execute("select site, minute from closed order by site").fetchall():
            self._close(view, site, last, newest)

    def _close(self, view: sqlite3.Connection, site: str, last: int, newest: int) -> None:
        oldest = max(newest, last) - RING + 1
        late = view.execute("select minute from late where site = ? and minute <= ?", (site, max(newest, last)))
        minutes = {minute for (minute,) in late if minute >= oldest}
        minutes |= set(range(max(last + 1, oldest), newest + 1))
        for minute in sorted(minutes):
            self._draw(view, site, minute)
        view.execute("delete from late where site = ? and minute <= ?", (site, max(newest, last)))
        view.execute("insert or replace into closed values (?, ?)", (site, max(newest, last)))
        self._forget(view, site, oldest)
        self._newest[site] = max(newest, last)

    def _draw(self, view: sqlite3.Connection, site: str, minute: int) -> None:
        names = {device: name for (where, device), name in self._expected.items() if where == site}
        drawn = Minute(site, minute, tuple(_seen(view, site, minute)), names)
        drawer = self._drawer = self._drawer or Drawer(self._settings, self._archive().read)
        chosen = [tuple(drawn.shown(*states)) for states in ((), (State.OK,), (State.INCIDENT,))]
        wanted = list(dict.fromkeys(shown for index, shown in enumerate(chosen) if shown or index == 0))
        pictures = drawer.tiles(wanted)
        written = {shown: self._tiles.write(site, minute, tile) for shown, tile in zip(wanted, pictures, strict=True)}
        tiles = [written[chosen[0]], *(written.get(shown) if shown else None for shown in chosen[1:])]
        total = sum(map(len, pictures))
        description = drawn.describe(self._settings.cell_width, self._settings.cell_height)
        self._replace(view, drawn, tiles, total, description)

    def _replace(
        self, view: sqlite3.Connection, drawn: Minute, tiles: list[str | None], total: int, description: bytes
    ) -> None:
        key = (drawn.site, drawn.minute)
        before = view.execute("select tile, ok, ko from tiles where site = ? and minute = ?", key).fetchone()
        self._gone += [name for name in before or () if name is not None and name not in tiles]
        incidents = len(drawn.shown(State.INCIDENT))
        view.execute(
            "insert or replace into tiles values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*key, int(drawn.state), incidents, *tiles, total, description),
        )

    def _forget(self, view: sqlite3.Connection, site: str, oldest: int) -> None:
        """The ring has gone round: what it overwrites is gone."""
        for table in ("tiles", "seen"):
            view.execute(f"delete from {table} where site = ? and minute < ?", (site, oldest))  # noqa: S608


def _is_tick(record: Recorded) -> bool:
    return record.model is HeartbeatEvent and record.source == HUB_SOURCE


def _take(view: sqlite3.Connection, records: Iterable[Recorded]) -> None:
    """Remember the newest picture and analysis of each device in each minute."""
    pictures: dict[tuple[str, int, str, str], tuple[float, str]] = {}
    frames: dict[tuple[str, int, str], tuple[float, Recorded]] = {}
    begun: dict[tuple[str, str], int] = {}
    for record in records:
        site, device = where = record.where
        if device in RESERVED:
            continue
        at = record.time_s
        minute = int(at // 60)
        if where not in begun:
            begun[where] = record.received_us // 60_000_000
        if record.model is MediaEvent:
            told = record.told(MEDIUM).data
            picture = (site, minute, device, told.kind)
            if told.kind in _PICTURES and (picture not in pictures or pictures[picture][0] <= at):
                pictures[picture] = (at, told.key)
        elif record.model is FrameEvent:
            frame = (site, minute, device)
            if frame not in frames or frames[frame][0] <= at:
                frames[frame] = (at, record)
    # The minutes of a site begin with the one in which it was first heard, and so do those of a device.
    view.executemany("insert or ignore into closed values (?, ?)", [(key[0], at - 1) for key, at in begun.items()])
    view.executemany("insert or ignore into devices values (?, ?, ?)", [(*key, at) for key, at in begun.items()])
    _remember(view, pictures, {key: (at, _analysis(record)) for key, (at, record) in frames.items()})


def _analysis(record: Recorded) -> str:
    assert isinstance(record.event, FrameEvent)
    return record.event.data.model_dump_json()


def _remember(
    view: sqlite3.Connection,
    pictures: dict[tuple[str, int, str, str], tuple[float, str]],
    frames: dict[tuple[str, int, str], tuple[float, str]],
) -> None:
    touched = {(site, minute, device) for site, minute, device, _ in pictures} | frames.keys()
    view.executemany("insert or ignore into seen (site, minute, device) values (?, ?, ?)", sorted(touched))
    for kind in _PICTURES:
        view.executemany(
            f"update seen set {kind} = ?5, {kind}_at = ?4 where site = ?1 and minute = ?2 and device = ?3 "  # noqa: S608
            f"and ({kind}_at is null or {kind}_at <= ?4)",
            [(*key[:3], at, value) for key, (at, value) in pictures.items() if key[3] == kind],
        )
    view.executemany(
        "update seen set frame = ?5, frame_at = ?4 where site = ?1 and minute = ?2 and device = ?3 "
        "and (frame_at is null or frame_at <= ?4)",
        [(*key, at, value) for key, (at, value) in frames.items()],
    )
    view.executemany(
        "insert or ignore into late select ?1, ?2 from closed where site = ?1 and minute >= ?2",
        sorted({(site, minute) for site, minute, _ in touched}),
    )


def _seen(view: sqlite3.Connection, site: str, minute: int) -> Iterator[Seen]:
    """Every device of the site, also one that nothing was seen of in this minute, but none that came later."""
    found = view.execute(
        "select d.device, coalesce(s.thumbnail, s.capture), s.frame, s.frame_at from devices d left join seen s "
        "on s.site = d.site and s.device = d.device and s.minute = ?1 where d.site = ?2 "
        "and (d.since <= ?1 or s.device is not null) order by d.device",
        (minute, site),
    )
    for device, key, frame, frame_at in found:
        yield Seen(device, key, None if frame is None else Frame.model_validate_json(frame), frame_at)
