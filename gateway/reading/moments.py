"""Opens the stores as of a moment: up to the position that the journal had then."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime

from bus_schemas.event import iso
from consumers.engine import checkpoint
from consumers.engine.projection import Projection
from consumers.engine.versions import NEWEST
from consumers.engine.view_files import NoView
from consumers.site_registry import Key, Registered
from consumers.views import registry
from consumers.views.health.past_view import as_of
from consumers.views.health.projection import HealthProjection
from consumers.views.health.snapshots import Forgotten
from gateway.http.problems import Problem
from gateway.reading.stores import Stores


class Behind(RuntimeError):
    """A view has not yet folded the events that had been received by the requested moment."""


@dataclass(frozen=True, slots=True)
class StoresAsOf:
    """`now` is when the question is asked, or as if; `upto` is the last position of the journal that counts."""

    now: datetime
    upto: int
    stores: Stores
    _health: Callable[[], sqlite3.Connection]

    def view(self, projection: type[Projection]) -> sqlite3.Connection:
        """The view now, to be asked as of `upto`. Raises `NoView`, and `Behind` where it lacks what it would answer."""
        view = self.stores.view(projection.name)
        folded = NEWEST if self.upto == NEWEST else checkpoint.load(view)
        if folded < self.upto:
            _require(self.stores, projection, folded, self.upto)
        return view

    def registered(self) -> Registered:
        """The registered sites and devices. Raises `NoView` and `Behind`."""
        if self.upto == NEWEST:
            return self.stores.registered()
        return registry.registry(self.view(registry.RegistryProjection), self.upto)

    def retirements(self) -> dict[Key, registry.SettingValue]:
        """The retired devices, and by whom. Raises `NoView` and `Behind`."""
        return registry.retirements(self.view(registry.RegistryProjection), self.upto)

    def health(self) -> sqlite3.Connection:
        """The view of health as it was. Raises `NoView` and `Behind`."""
        return self._health()


@contextmanager
def at(stores: Stores, asked: datetime | None, now: datetime) -> Iterator[StoresAsOf]:
    """The moment that is asked for, by default now. Raises `Problem` where nothing can be said of it."""
    if asked is None:
        yield StoresAsOf(now, NEWEST, stores, lambda: stores.view("health"))
        return
    if asked > now:
        raise Problem(400, f"as_of: {iso(asked)} has not come yet; it is {iso(now)}")
    upto = _position(stores, asked)
    with ExitStack() as open_views:
        known: list[sqlite3.Connection] = []

        def health() -> sqlite3.Connection:
            if not known:
                known.append(open_views.enter_context(as_of(_view_of_health(stores, upto), stores.journal, upto)))
            return known[0]

        try:
            yield StoresAsOf(asked, upto, stores, health)
        except Forgotten as forgotten:
            raise Problem(404, f"as_of: {forgotten}") from forgotten


def _view_of_health(stores: Stores, upto: int) -> sqlite3.Connection:
    """Its snapshots are what is read of it, so it may be behind, but not missing: a device that has sent events would
    seem never to have sent any.

    Raises `NoView` and `Behind`.
    """
    try:
        return stores.view(HealthProjection.name)
    except NoView:
        _require(stores, HealthProjection, 0, upto)
        raise


def _require(stores: Stores, projection: type[Projection], folded: int, upto: int) -> None:
    """Raises `Behind` where something for this view came after what it folded, and not after `upto`."""
    missing = stores.journal.read(folded, projection.models, 1).records
    if missing and missing[0].position <= upto:
        raise Behind(f"the view {projection.name!r} is at position {folded}, and {upto} is asked for")


def _position(stores: Stores, asked: datetime) -> int:
    upto, floor = stores.queries.position_at(asked), stores.journal.floor()
    if upto < floor and floor > 1:
        raise Problem(404, f"as_of: the journal does not reach back to {iso(asked)} any more")
    return upto
