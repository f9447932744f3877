"""Tiles of minutes that have left the ring: one in some minutes, for some days, with all devices.

A file is named by a digest of what it shows, not of its bytes. So a fold names the same file after the pictures of the
devices are deleted. A file that is there is not drawn again, because it was drawn while they were kept.
"""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from pydantic_core import from_json

from consumers.hub_config import Mosaic
from consumers.views.mosaics import RING
from consumers.views.mosaics.tiles import Tiles
from producer.whole_file import name_whole

DIRECTORY: Final = ".past"
"""Beside the folders of the sites, of which none can have this name."""
DAY_MINUTES: Final = 1440

SCHEMA = """
create table if not exists past_tiles (
    site text not null, minute integer not null, tile text not null, primary key (site, minute)
) strict, without rowid;
"""


class PastFile(NamedTuple):
    site: str
    minute: int
    path: Path

    @property
    def name(self) -> str:
        return f"{self.site}/{self.path.name}"


class PastTiles:
    """`{site}/{minute}-{digest}.jpg` below a directory of their own."""

    def __init__(self, tiles: Path) -> None:
        self._directory = tiles / DIRECTORY

    def write(self, name: str, tile: bytes) -> None:
        path = self._directory / name
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            draft = path.with_suffix(".draft")
            draft.write_bytes(tile)
            name_whole(draft, path)

    def read(self, name: str) -> bytes | None:
        """`None` where it was removed, cannot be read, or a power cut left no bytes of it; `name` comes from the view,
        never from a client.
        """
        try:
            return (self._directory / name).read_bytes() or None
        except OSError:
            return None

    def remove(self, name: str) -> None:
        (self._directory / name).unlink(missing_ok=True)

    def older_than(self, minute: int) -> Iterator[PastFile]:
        """The files of minutes before this one, whoever left them there."""
        for path in sorted(self._directory.glob("*/*-*")):
            number = path.name.partition("-")[0]
            if number.isdigit() and int(number) < minute:
                yield PastFile(path.parent.name, int(number), path)


class PastMinutes:
    """Takes tiles over from the ring within one fold."""

    def __init__(self, settings: Mosaic, ring_files: Tiles, files: PastTiles) -> None:
        self._every = settings.past_every_minutes
        self._days = settings.past_days
        self._ring_files = ring_files
        self._files = files

    def period(self, newest: int) -> int:
        """Grows with the newest minute whenever a minute leaves the ring whose tile stays."""
        return (newest - RING) // self._every if self._days else 0

    def take(self, view: sqlite3.Connection, site: str, oldest: int) -> None:
        """Before the ring forgets the minutes of a site before `oldest`."""
        if not self._days:
            return
        leaving = view.execute(
            "select minute, tile, drawn from tiles where site = ? and minute < ? and minute % ? = 0",
            (site, oldest, self._every),
        ).fetchall()
        for minute, tile, drawn in leaving:
            name = f"{site}/{minute}-{_shows(tile, drawn)}.jpg"
            if (payload := self._ring_files.read(tile)) is not None:
                self._files.write(name, payload)
            view.execute("insert or replace into past_tiles values (?, ?, ?)", (site, minute, name))

    def forget(self, view: sqlite3.Connection, newest: int) -> None:
        """The tiles that are too old, of every site, also of one without minutes. Retention deletes the files."""
        view.execute("delete from past_tiles where minute < ?", (newest + 1 - self._days * DAY_MINUTES,))


def _shows(tile: str, drawn: str) -> str:
    """The digest of the devices, states and pictures that a tile shows."""
    return str(next(shows for name, _, _, shows in from_json(drawn)["tiles"] if name == tile))


def past_tile(view: sqlite3.Connection, site: str, minute: int) -> str | None:
    """The name of the tile of a past minute."""
    found = view.execute("select tile from past_tiles where site = ? and minute = ?", (site, minute)).fetchone()
    return None if found is None else str(found[0])


def past_minutes(view: sqlite3.Connection, site: str) -> list[int]:
    """The past minutes of which there is a tile, oldest first."""
    found = view.execute("select minute from past_tiles where site = ? order by minute", (site,))
    return [minute for (minute,) in found]
