"""The devices as the rules see them, in the view."""

import sqlite3
from dataclasses import dataclass, field

from consumers.alerting.incidents.device import Watched, watched_json
from consumers.alerting.terms import Terms
from consumers.store.journal.record import Place

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


@dataclass(slots=True)
class Devices:
    """The devices as the rules see them, each read when a fold first needs it, and written at its end if it changed."""

    view: sqlite3.Connection
    touched: dict[Place, Watched] = field(default_factory=dict)
    known: dict[Place, Watched] = field(default_factory=dict)

    def touch(self, where: Place) -> Watched:
        """The state of a device that is about to change."""
        known = self.known.get(where)
        if known is None:
            query = "select state from watched where site = ? and device = ?"
            found = self.view.execute(query, where).fetchone()
            known = self.known[where] = Watched() if found is None else watched_json.validate_json(found[0])
        self.touched[where] = known
        return known

    def select(self, condition: str, *values: object) -> dict[Place, Watched]:
        """Those of the view that meet it, as they are now, with all that were read before: these are to be asked."""
        query = f"select site, device, state from watched where {condition}"  # noqa: S608 - our own conditions
        for site, device, state in self.view.execute(query, values):
            if (site, device) not in self.known:
                self.known[site, device] = watched_json.validate_json(state)
        return self.known

    def seen(self) -> set[Place]:
        rows = self.view.execute("select site, device from watched where seen = 1")
        return {(site, device) for site, device in rows} | {at for at, one in self.known.items() if one.is_device}

    def save(self, terms: Terms) -> None:
        rows = [
            (
                *where,
                one.epoch,
                one.due(terms.silent_after_s(where, is_agents=one.is_agents)),
                int(one.is_device),
                watched_json.dump_json(one).decode(),
            )
            for where, one in sorted(self.touched.items())
        ]
        self.view.executemany("insert or replace into watched values (?, ?, ?, ?, ?, ?)", rows)
