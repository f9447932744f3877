"""The state of the rules for each device, in the view."""

import sqlite3
from dataclasses import dataclass, field
from math import inf

from consumers.alerting.incidents.device_state import Watched, read_watched, watched_text
from consumers.alerting.terms import Terms
from consumers.store.journal.record import DeviceKey

SCHEMA = """
    create table if not exists watched (
        site text not null, device text not null, outbox text, due real not null, seen integer not null,
        state text not null, primary key (site, device)
    ) strict;
    create index if not exists watched_due on watched (due);
    create index if not exists watched_outbox on watched (outbox) where outbox is not null;
    create table if not exists watched_hub (only integer primary key check (only = 1), state text not null) strict;
    create table if not exists nodes (
        node text not null, site text not null, incident_id text not null, primary key (node, site)
    ) strict;
    """
"""`nodes` are those that are gone, for each site of theirs."""


@dataclass(slots=True)
class DeviceTable:
    """The devices as the rules see them: each is read when a fold first needs it, is held for the next folds of the
    same view, and written at the end of each that changed it.
    """

    view: sqlite3.Connection
    touched: dict[DeviceKey, Watched] = field(default_factory=dict)
    """Those that the fold has changed, until they are written."""
    known: dict[DeviceKey, Watched] = field(default_factory=dict)
    _next_due: float = 0.0
    """Before this moment none is due that was not read before."""

    def touch(self, where: DeviceKey) -> Watched:
        """The state of a device that is about to change."""
        known = self.known.get(where)
        if known is None:
            known = self._read(where) or Watched()
            self.known[where] = known
        self.touched[where] = known
        return known

    def forget(self, where: DeviceKey) -> None:
        """Forget it: its later events are those of a new device."""
        self.known[where] = self.touched[where] = Watched()

    def select(self, condition: str, *values: object) -> dict[DeviceKey, Watched]:
        """Those of the view that meet it, as they are now, with all that were read before: these are to be asked."""
        query = f"select site, device from watched where {condition}"  # noqa: S608 - our own conditions
        for where in self.view.execute(query, values).fetchall():
            if where not in self.known and (found := self._read(where)) is not None:
                self.known[where] = found
        return self.known

    def due(self, now: float) -> dict[DeviceKey, Watched]:
        """All that were read before, with those of the view for which the time that passed may mean something.

        Only what was read before changes, so that the others are due when they were due at the last question.
        """
        if now >= self._next_due:
            self.select("due <= ?", now)
            (following,) = self.view.execute("select min(due) from watched where due > ?", (now,)).fetchone()
            self._next_due = inf if following is None else following
        return self.known

    def _read(self, where: DeviceKey) -> Watched | None:
        found = self.view.execute("select state from watched where site = ? and device = ?", where).fetchone()
        return None if found is None else read_watched(found[0])

    def seen(self) -> set[DeviceKey]:
        rows = self.view.execute("select site, device from watched where seen = 1")
        return {(site, device) for site, device in rows} | {at for at, one in self.known.items() if one.is_device}

    def save(self, terms: Terms) -> None:
        rows = []
        for where, one in self.touched.items():
            due = one.due(terms.silent_after_s(where, is_agents=one.is_agents))
            rows.append((*where, one.epoch, due, int(one.is_device), watched_text(one)))
        self.view.executemany(_WRITE, rows)
        self.touched.clear()


# Not replaced: that would be another row in each index.
_WRITE = """
    insert into watched values (?, ?, ?, ?, ?, ?) on conflict (site, device) do update set
    outbox = excluded.outbox, due = excluded.due, seen = excluded.seen, state = excluded.state
"""


def is_same_disk(one: Watched, other: Watched) -> bool:
    """Older agents do not name their disk; what shares an outbox shares a disk."""
    if one.disk_id is not None or other.disk_id is not None:
        return one.disk_id == other.disk_id
    return one.epoch is not None and one.epoch == other.epoch
