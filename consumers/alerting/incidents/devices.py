"""The state of the rules for each device, in the view."""

import sqlite3
from dataclasses import dataclass, field

from consumers.alerting.incidents.device import Watched, watched_json
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
        node text primary key, site text not null, incident_id text not null
    ) strict;
    """
"""`nodes` are those that are gone."""


Parsed = dict[DeviceKey, tuple[str, Watched]]


@dataclass(slots=True)
class DeviceTable:
    """The devices as the rules see them, each read when a fold first needs it, and written at its end if it changed."""

    view: sqlite3.Connection
    parsed: Parsed = field(default_factory=dict)
    """What the last fold has written, by the text that it wrote: what stands there still need not be parsed again."""
    touched: dict[DeviceKey, Watched] = field(default_factory=dict)
    known: dict[DeviceKey, Watched] = field(default_factory=dict)

    def touch(self, where: DeviceKey) -> Watched:
        """The state of a device that is about to change."""
        known = self.known.get(where)
        if known is None:
            query = "select state from watched where site = ? and device = ?"
            found = self.view.execute(query, where).fetchone()
            known = self.known[where] = Watched() if found is None else self._read(where, found[0])
        self.touched[where] = known
        return known

    def forget(self, where: DeviceKey) -> None:
        """What comes of it later is as of a device that was never heard of."""
        self.known[where] = self.touched[where] = Watched()

    def select(self, condition: str, *values: object) -> dict[DeviceKey, Watched]:
        """Those of the view that meet it, as they are now, with all that were read before: these are to be asked."""
        query = f"select site, device, state from watched where {condition}"  # noqa: S608 - our own conditions
        for site, device, state in self.view.execute(query, values):
            if (site, device) not in self.known:
                self.known[site, device] = self._read((site, device), state)
        return self.known

    def _read(self, where: DeviceKey, state: str) -> Watched:
        # Taken out: a fold that changes it and is taken back leaves another text in the view.
        text, watched = self.parsed.pop(where, ("", None))
        return watched if watched is not None and text == state else watched_json.validate_json(state)

    def seen(self) -> set[DeviceKey]:
        rows = self.view.execute("select site, device from watched where seen = 1")
        return {(site, device) for site, device in rows} | {at for at, one in self.known.items() if one.is_device}

    def save(self, terms: Terms) -> None:
        rows = []
        for where, one in sorted(self.touched.items()):
            state = watched_json.dump_json(one).decode()
            due = one.due(terms.silent_after_s(where, is_agents=one.is_agents))
            rows.append((*where, one.epoch, due, int(one.is_device), state))
            self.parsed[where] = (state, one)
        self.view.executemany("insert or replace into watched values (?, ?, ?, ?, ?, ?)", rows)
