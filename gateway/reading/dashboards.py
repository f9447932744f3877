"""The dashboards of days: counted in the view of occupancy, or in the rows where that does not hold the whole day."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from sqlite3 import Connection
from typing import Any
from zoneinfo import ZoneInfo

from pydantic_core import to_json

from consumers.engine import checkpoint
from consumers.engine.view_files import NoView
from consumers.views import occupancy
from consumers.views.dashboard import seconds_of_day
from consumers.views.occupancy import OccupancyProjection
from gateway.reading.stores import OfAnotherVersion, Stores
from gateway.reading.view_stamp import Stamp, ViewStamp

REMEMBERED = 256
LARGEST_LAG = 10_000
"""A view that is further behind the journal, in positions, is being made: the rows may know more."""

DayKey = tuple[str, date, str]
"""Site, day, zone."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """The bytes of a dashboard, and their tag."""

    body: bytes
    tag: str


def encoded(answer: dict[str, Any]) -> Encoded:
    body = to_json(answer)
    return Encoded(body, f'"{sha256(body).hexdigest()[:32]}"')


class DashboardCache:
    """The counts of the view, until that changes, for the thread of the event loop.

    To be handed to a thread and back takes ten times as long as an answer.
    """

    def __init__(self, data: Path) -> None:
        self._view = ViewStamp(data, OccupancyProjection.name, _changes)
        self._stamp: Stamp | None = None
        self._known: dict[DayKey, Encoded] = {}

    def stamp(self) -> Stamp | None:
        """The state of the view now; `None` where that cannot be read at once."""
        return self._view.now()

    def get(self, key: DayKey, now: Stamp | None) -> Encoded | None:
        if now is None or now != self._stamp:
            self._known.clear()
            self._stamp = now
        return self._known.get(key)

    def put(self, key: DayKey, made: Encoded, asked_at: Stamp | None) -> None:
        """Keep what was counted since `asked_at`, unless the view has changed since then."""
        if asked_at is None or asked_at != self._stamp or asked_at != self.stamp():
            return
        if len(self._known) >= REMEMBERED:
            self._known.clear()
        self._known[key] = made

    def close_removed(self) -> None:
        """Close a view that was swapped, so that its bytes are given back."""
        self._view.close_removed()

    def close(self) -> None:
        self._view.close()


def _changes(view: Connection) -> int:
    """A number that is another one after each commit of others."""
    return int(view.execute("pragma data_version").fetchone()[0])


def counted(stores: Stores, site: str, day: date, zone: ZoneInfo, named: Iterable[str]) -> Encoded | None:
    """`None` where the view does not hold the whole day, or not yet. Raises `BadQuestion`."""
    start, _ = seconds_of_day(day, zone)
    try:
        view = stores.view(OccupancyProjection.name)
    except (NoView, OfAnotherVersion):
        return None
    is_behind = stores.journal.head() - checkpoint.load(view) > LARGEST_LAG
    if is_behind or not occupancy.holds(view, stores.journal, site, start):
        return None
    return encoded(occupancy.dashboard(view, site, day, zone, named))
