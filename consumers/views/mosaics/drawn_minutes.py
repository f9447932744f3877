"""Writes drawn minutes: their tiles and their JSON. A correction draws only what changed."""

import sqlite3
from collections.abc import Sequence
from dataclasses import astuple, replace
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


class _Before(NamedTuple):
    """The earlier drawing of a minute: its tiles by content, and the devices that have a placeholder, and why."""

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
        chosen = [tuple(minute.shown(*states)) for states in ((), (MinuteState.OK,), (MinuteState.INCIDENT,))]
        budget = minute.layout.byte_budget
        shows = [_digest(shown, budget) if shown or index == 0 else None for index, shown in enumerate(chosen)]
        wanted = {digest: shown for digest, shown in zip(shows, chosen, strict=True) if digest is not None}
        new = {digest: shown for digest, shown in wanted.items() if digest not in before.tiles}
        pictures, without = self._drawer.tiles(list(new.values()), minute.layout)
        if shows[0] not in new:
            without = before.without_picture
        made = {it: before.tiles[it] for it in wanted if it in before.tiles}
        made |= {it: self._keep(minute, it, picture) for it, picture in zip(new, pictures, strict=True)}
        names = {tile.name for tile in made.values()}
        self.replaced += [tile.name for tile in before.tiles.values() if tile.name not in names]
        by_kind = [None if digest is None else made[digest] for digest in shows]
        self._write(replace(minute, revision=before.revision + times), by_kind, list(made.values()), without)

    def _keep(self, minute: MosaicMinute, shows: str, tile: "EncodedTile") -> _Tile:
        name = self._files.write(minute.site, minute.minute, tile.payload)
        self.written.add(name)
        return _Tile(name, len(tile.payload), tile.quality, shows)

    def _before(self, minute: MosaicMinute) -> _Before:
        found = self._view.execute(
            "select revision, drawn from tiles where site = ? and minute = ?", (minute.site, minute.minute)
        ).fetchone()
        if found is None:
            return _Before(-1, {}, {})
        drawn = from_json(found[1])
        tiles = [_Tile(*tile) for tile in drawn["tiles"]]
        return _Before(int(found[0]), {tile.shows: tile for tile in tiles}, drawn["without_picture"])

    def _write(
        self, minute: MosaicMinute, by_kind: list[_Tile | None], tiles: list[_Tile], without: dict[str, CellStatus]
    ) -> None:
        drawn = to_json({"tiles": sorted(tiles), "without_picture": dict(sorted(without.items()))}).decode()
        total = sum(tile.size for tile in tiles)
        said = (int(minute.state), minute.condition, " ".join(minute.types), minute.incidents, minute.revision)
        named = [None if tile is None else tile.name for tile in by_kind]
        sizes = [None if tile is None else TileSize(tile.size, tile.quality) for tile in by_kind]
        row = (minute.site, minute.minute, *said, *named, total, drawn, minute.describe(without, sizes))
        self._view.execute(f"insert or replace into tiles values ({', '.join('?' * len(row))})", row)  # noqa: S608


def _digest(shown: Sequence[Shown], byte_budget: int) -> str:
    return sha256(to_json([byte_budget, *(astuple(each) for each in shown)])).hexdigest()[:24]
