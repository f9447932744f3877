"""Caches the current registry; it is read from its view once for each change."""

from dataclasses import dataclass, field
from sqlite3 import Connection

from consumers.site_registry import Registered
from consumers.views.registry import newest_change, registry


@dataclass(slots=True)
class RegistryCache:
    """Of one thread, which asks one connection after the other."""

    _view: Connection | None = None
    _newest: int = -1
    _known: Registered = field(default_factory=lambda: Registered({}))

    def get(self, view: Connection) -> Registered:
        newest = newest_change(view)
        if view is not self._view or newest != self._newest:
            self._view, self._newest, self._known = view, newest, registry(view)
        return self._known
