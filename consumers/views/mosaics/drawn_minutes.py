"""Writes drawn minutes: their tiles and their JSON. A correction draws only what changed."""

import sqlite3
from collections.abc import Mapping, Sequence
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from pydantic_core import from_json, to_json

from consumers.views.mosaics.layout import TileSize
from consumers.views.mosaics.minute import CellStatus, MosaicMinute, Shown
from consumers.views.mosaics.minute_state import MinuteState
from consumers.views.mosaics.tiles import Tiles

if TYPE_CHECKING:
    from consumers.views.mosaics.drawer import Drawer
    from consumers.views.mosaics.encoding import EncodedTile

SCHEMA = """
create table if not exists tiles (
    site text not null, minute integer not null, state integer not null check (state between 0 and 3),
    condition text not null, types text not null, incidents integer not null, revision integer not null,
    tile text not null, ok text, ko text, bytes integer not null, drawn text not null, description blob not null,
    primary key (site, minute)
) strict;
"""


class _Tile(NamedTuple):
    """A file, its size and quality, and the digest of what it shows."""

    name: str
    size: int
    quality: int
    shows: str

    @property
    def encoded(self) -> TileSize:
        return TileSize(self.size, self.quality)


class _DrawnTiles(NamedTuple):
    """A drawing of a minute: its tiles by content, and the devices that have a placeholder, and why."""

    revision: int
    tiles: dict[str, _Tile]
    without_picture: dict[str, CellStatus]


class DrawnMinutes:
    """Writes minutes within one fold. `replaced` are files that the view does not name any more."""

    def __init__(self, view: sqlite3.Connection, drawer: "Drawer", files: Tiles) -> None:
        self._view = view
        self._drawer = drawer
        self._files = files
        self.replaced: list[str] = []
        self.written: set[str] = set()

    def put(self, minute: MosaicMinute, times: int) -> None:
        """Draw what was not drawn yet. `times` is how often it was to be drawn: to close it, and to correct it."""
        before = self._before(minute)
        revision = before.revision + times
        chosen = [minute.shown(), minute.shown(MinuteState.OK), minute.shown(MinuteState.INCIDENT)]
        shows = _digests(chosen, minute.layout.byte_budget)
        made = before
        if shows[0] in before.tiles:
            sizes = _sizes(shows, {digest: tile.encoded for digest, tile in before.tiles.items()})
            description = minute.describe(revision, before.without_picture, sizes)
        else:
            made, description = self._draw(minute, revision, shows, chosen)
        names = {tile.name for tile in made.tiles.values()}
        self.replaced += [tile.name for tile in before.tiles.values() if tile.name not in names]
        self._write(minute, made._replace(revision=revision), shows, description)

    def _draw(
        self, minute: MosaicMinute, revision: int, shows: list[str | None], chosen: Sequence[tuple[Shown, ...]]
    ) -> tuple[_DrawnTiles, bytes]:
        """And its JSON, which is made while the tiles are written."""
        wanted = {digest: shown for digest, shown in zip(shows, chosen, strict=True) if digest is not None}
        pictures, without = self._drawer.tiles(list(wanted.values()), minute.layout)
        drawn = list(zip(wanted, pictures, strict=True))
        sizes = _sizes(shows, {digest: TileSize(len(tile.payload), tile.quality) for digest, tile in drawn})
        describe = partial(minute.describe, revision, without, sizes)
        description, kept = self._drawer.workers.beside(describe, partial(self._keep, minute), drawn)
        return _DrawnTiles(revision, {tile.shows: tile for tile in kept}, without), description

    def _keep(self, minute: MosaicMinute, drawn: tuple[str, "EncodedTile"]) -> _Tile:
        shows, tile = drawn
        name = self._files.write(minute.site, minute.minute, tile.payload)
        self.written.add(name)
        return _Tile(name, len(tile.payload), tile.quality, shows)

    def _before(self, minute: MosaicMinute) -> _DrawnTiles:
        found = self._view.execute(
            "select revision, drawn from tiles where site = ? and minute = ?", (minute.site, minute.minute)
        ).fetchone()
        if found is None:
            return _DrawnTiles(-1, {}, {})
        drawn = from_json(found[1])
        tiles = [_Tile(*tile) for tile in drawn["tiles"]]
        return _DrawnTiles(int(found[0]), {tile.shows: tile for tile in tiles}, drawn["without_picture"])

    def _write(self, minute: MosaicMinute, made: _DrawnTiles, shows: Sequence[str | None], description: bytes) -> None:
        tiles = sorted(made.tiles.values())
        drawn = to_json({"tiles": tiles, "without_picture": dict(sorted(made.without_picture.items()))}).decode()
        total = sum(tile.size for tile in tiles)
        said = (int(minute.state), minute.condition, " ".join(minute.types), minute.incidents, made.revision)
        named = [None if digest is None else made.tiles[digest].name for digest in shows]
        row = (minute.site, minute.minute, *said, *named, total, drawn, description)
        self._view.execute(f"insert or replace into tiles values ({', '.join('?' * len(row))})", row)  # noqa: S608 - question marks only


def _sizes(shows: Sequence[str | None], encoded: Mapping[str, TileSize]) -> list[TileSize | None]:
    return [None if digest is None else encoded[digest] for digest in shows]


def _digests(chosen: Sequence[Sequence[Shown]], byte_budget: int) -> list[str | None]:
    """The contents of each mosaic; `None` where it would show nothing but the first, which has all devices.

    They have their quality in common, so each depends on what all show.
    """
    every = _digest(byte_budget, chosen[0])
    parts = [_digest(every, shown) if shown else None for shown in chosen[1:]]
    return [every, *(every if shown == chosen[0] else part for shown, part in zip(chosen[1:], parts, strict=True))]


def _digest(of: str | int, shown: Sequence[Shown]) -> str:
    return sha256(to_json([of, *shown])).hexdigest()[:24]
