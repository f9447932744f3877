"""The rounds that bring the bucket to where the view of minute tiles is: closed minutes, corrections, and the page."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Event as Flag
from typing import Final, NamedTuple

import structlog

from consumers.engine.view_files import NoView, open_view
from consumers.site_registry import Registered, SiteRegistry
from consumers.store.cold.bucket import Bucket, ObjectHeaders
from consumers.store.cold.settings import TileBucket
from consumers.upkeep.rounds import Halted
from consumers.upkeep.tile_bucket import site_index
from consumers.upkeep.tile_bucket.page_files import PageFiles
from consumers.upkeep.tile_bucket.site_index import SiteIndex
from consumers.views.mosaics.minute import time_key
from consumers.views.mosaics.tiles import Tiles
from producer.garbage import results_of
from producer.ids import Clock

AT_ONCE: Final = 4
MINUTES_PER_ROUND: Final = 60
DAY_S: Final = 86_400
JPEG, JSON = "image/jpeg", "application/json"
FRESH: Final = "no-cache"
CLOSED: Final = f"public, max-age={DAY_S}, immutable"
"""By the address with the revision: it means the same bytes for a day, then the slot is the next day's."""

log = structlog.get_logger()


class _Minute(NamedTuple):
    """A row of the view: the names of its tiles, and its JSON."""

    minute: int
    revision: int
    tile: str
    ok: str | None
    ko: str | None
    description: bytes


class TilePublisher:
    """One thread calls `round` again and again; `halted` lets go of what takes long."""

    def __init__(self, data: Path, settings: TileBucket, clock: Clock, halted: Flag) -> None:
        self._data = data
        self._settings = settings
        self._clock = clock
        self._halted = halted
        self._tiles = Tiles(data / "tiles")
        self._known: dict[str, SiteIndex | None] = {}
        """The contents of the bucket by its own index, which is the checkpoint."""
        self._page = PageFiles(settings.page, settings.public_base, clock)
        self._bucket: Bucket | None = None

    def round(self) -> bool:
        """Whether there is more to do at once. Raises `OutOfReach` or `Halted`."""
        try:
            view = open_view(self._data, "mosaics")
        except NoView:
            return False
        with closing(view):
            registered = SiteRegistry(view).now
            indexes = dict(self._indexes(view, registered))
            bucket = self._connected()
            has_more = [self._publish(bucket, view, index) for index in indexes.values()]
            self._page.publish(bucket, [index for index in self._known.values() if index is not None])
        return any(has_more)

    def _indexes(self, view: sqlite3.Connection, registered: Registered) -> Iterator[tuple[str, SiteIndex]]:
        for (site,) in view.execute("select site from closed order by site").fetchall():
            found = site_index.current(view, site, registered, self._clock())
            if found is not None:
                yield site, found

    def _publish(self, bucket: Bucket, view: sqlite3.Connection, wanted: SiteIndex) -> bool:
        site = wanted.site
        if site not in self._known:
            self._known[site] = site_index.published(bucket, site)
        known = self._known[site]
        due = site_index.due(wanted, known)
        put = self._put_some(bucket, view, wanted, due)
        written = site_index.with_put(wanted, known, put, due)
        if known is None or not written.says_as(known):
            headers = ObjectHeaders(JSON, FRESH)
            bucket.put(site_index.index_name(site), written.model_dump_json().encode(), headers)
            self._known[site] = written
        # Nothing can be done about those whose pictures are lost.
        return bool(put) and len(due) > len(put)

    def _put_some(self, bucket: Bucket, view: sqlite3.Connection, wanted: SiteIndex, due: Sequence[int]) -> list[int]:
        """The minutes that were put, of the first that can be: where pictures are lost, older ones may be there."""
        for first in range(0, len(due), MINUTES_PER_ROUND):
            rows = _rows(view, wanted.site, due[first : first + MINUTES_PER_ROUND])
            if put := self._put_all(bucket, wanted.site, rows, wanted.newest):
                return put
        return []

    def _put_all(self, bucket: Bucket, site: str, rows: Sequence[_Minute], newest: int) -> list[int]:
        """The minutes that were put; not those whose pictures were replaced meanwhile."""
        with ThreadPoolExecutor(AT_ONCE, "tile bucket") as pool:
            jobs = [pool.submit(self._put, bucket, site, row, newest) for row in rows]
        return [row.minute for row, is_put in zip(rows, results_of(jobs), strict=True) if is_put]

    def _put(self, bucket: Bucket, site: str, row: _Minute, newest: int) -> bool:
        if self._halted.is_set():
            raise Halted
        pictures: Mapping[str, str | None] = {".jpg": row.tile, "_ok.jpg": row.ok, "_ko.jpg": row.ko}
        bodies = {end: None if name is None else self._tiles.read(name) for end, name in pictures.items()}
        if any(bodies[end] is None and name is not None for end, name in pictures.items()):
            return False
        known = {"minute": str(row.minute), "revision": str(row.revision)}
        cache = FRESH if row.minute == newest else CLOSED
        slot = f"{site_index.folder(site)}/{time_key(row.minute)}"
        for end, body in bodies.items():
            if body is None:
                # The slot may hold the picture of a day before.
                bucket.delete(f"{slot}{end}")
            else:
                bucket.put(f"{slot}{end}", body, ObjectHeaders(JPEG, cache, known))
        bucket.put(f"{slot}.json", row.description, ObjectHeaders(JSON, cache, known))
        return True

    def _connected(self) -> Bucket:
        if self._bucket is None:
            self._bucket = Bucket(self._settings.storage)
        return self._bucket

    def close(self) -> None:
        if self._bucket is not None:
            self._bucket.close()
        self._bucket = None


def _rows(view: sqlite3.Connection, site: str, minutes: Sequence[int]) -> list[_Minute]:
    query = "select minute, revision, tile, ok, ko, description from tiles where site = ? and minute = ?"
    found = (view.execute(query, (site, minute)).fetchone() for minute in minutes)
    return [_Minute(*row) for row in found if row is not None]
