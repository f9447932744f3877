"""Caches the current registry; it is read from its view once for each change."""

from dataclasses import dataclass, field
from pathlib import Path
from sqlite3 import Connection
from typing import Generic, TypeVar

from consumers.site_registry import Registered
from consumers.views.registry import RegistryProjection, newest_change, registry
from gateway.reading.view_stamp import Stamp, ViewStamp

Fact = TypeVar("Fact")


@dataclass(slots=True)
class RegistryCache:
    """The registry for one thread, which asks one connection after the other."""

    _view: Connection | None = None
    _newest: int = -1
    _known: Registered = field(default_factory=lambda: Registered({}))

    def get(self, view: Connection) -> Registered:
        newest = newest_change(view)
        if view is not self._view or newest != self._newest:
            self._view, self._newest, self._known = view, newest, registry(view)
        return self._known


class SiteCache(Generic[Fact]):
    """The registry's entry of each site, such as its time zone, for the thread of the event loop.

    The answer of a reader thread holds until the registry changes, which the loop asks for itself.
    """

    def __init__(self, data: Path) -> None:
        self._view = ViewStamp(data, RegistryProjection.name, newest_change)
        self._stamp: Stamp | None = None
        self._known: dict[str, Fact] = {}

    def stamp(self) -> Stamp | None:
        """The state of the view now; `None` where that cannot be read at once."""
        return self._view.now()

    def get(self, site: str, now: Stamp | None) -> Fact | None:
        if now is None or now != self._stamp:
            self._known.clear()
            self._stamp = now
        return self._known.get(site)

    def put(self, site: str, found: Fact, asked_at: Stamp | None) -> None:
        """Keep what was read since `asked_at`, unless the registry has changed since then."""
        if asked_at is not None and asked_at == self._stamp == self.stamp():
            self._known[site] = found

    def close_removed(self) -> None:
        """Close a view that was swapped, so that its bytes are given back."""
        self._view.close_removed()

    def close(self) -> None:
        self._view.close()
