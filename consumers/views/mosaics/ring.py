"""The ring of minutes of each site: which are closed, which are to be drawn, and how often each was corrected.

Ticks of the hub close minutes. An event that arrives for a closed minute is counted at the next tick, whatever the
batches are.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping

from consumers.store.journal.record import DeviceKey
from consumers.views.mosaics import RING

SCHEMA = """
create table if not exists devices (
    site text not null, device text not null, since integer not null, primary key (site, device)
) strict;
create table if not exists closed (site text primary key, minute integer not null) strict;
create table if not exists retired (
    site text not null, device text not null, since integer not null, primary key (site, device)
) strict;
create table if not exists late (site text not null, minute integer not null, primary key (site, minute)) strict;
"""

SiteMinute = tuple[str, int]


class Ring:
    """In memory while a batch is folded. `due` counts how often a minute was to be drawn since it was last asked."""

    def __init__(self, view: sqlite3.Connection) -> None:
        self._view = view
        self._closed: dict[str, int] = dict(view.execute("select site, minute from closed"))
        self._devices: dict[DeviceKey, int] = {
            (site, device): since for site, device, since in view.execute("select site, device, since from devices")
        }
        self._added: list[tuple[str, str, int]] = []
        self._late: set[SiteMinute] = set(view.execute("select site, minute from late"))
        self._retired: set[str] = {site for (site,) in view.execute("select site from retired where device = ''")}
        self.due: Counter[SiteMinute] = Counter()

    @property
    def newest(self) -> Mapping[str, int]:
        """The newest closed minute of each site."""
        return self._closed

    def add_device(self, where: DeviceKey, since: int) -> None:
        """The minutes of a site begin with the one in which it first sent, and so do those of a device."""
        if where in self._devices:
            return
        self._devices[where] = since
        self._added.append((*where, since))
        site = where[0]
        self._closed.setdefault(site, since - 1)
        self.correct(site, range(since, self._closed[site] + 1))

    def correct(self, site: str, minutes: Iterable[int]) -> None:
        """Something of these minutes became known; those that are not closed yet need nothing more."""
        closed = self._closed.get(site)
        if closed is not None:
            self._late.update((site, minute) for minute in minutes if minute <= closed)

    def oldest(self, site: str) -> int:
        """The first minute that the ring still holds."""
        return self._closed[site] - RING + 1 if site in self._closed else 0

    def close(self, newest: int) -> None:
        """Close what ends with this minute. Where the hub's clock went back, what is closed stays closed. A site that
        is retired has no more minutes.
        """
        for site, last in self._closed.items():
            if site in self._retired:
                continue
            self._closed[site] = max(last, newest)
            self.due.update((site, minute) for minute in range(max(last + 1, self.oldest(site)), newest + 1))
        self.due.update(it for it in self._late if it[1] >= self.oldest(it[0]))
        self._late.clear()

    def save(self) -> None:
        write = self._view.executemany
        write("insert or replace into closed values (?, ?)", sorted(self._closed.items()))
        write("insert or ignore into devices values (?, ?, ?)", self._added)
        self._view.execute("delete from late")
        write("insert into late values (?, ?)", sorted(self._late))


def retire(view: sqlite3.Connection, where: DeviceKey, since: int | None) -> None:
    """Show a device (or a whole site, where the device is empty) from this minute on no more; or again, for `None`."""
    view.execute("delete from retired where site = ? and device = ?", where)
    if since is not None:
        view.execute("insert into retired values (?, ?, ?)", (*where, since))


def retired_in(view: sqlite3.Connection, site: str, minute: int) -> set[str]:
    """The devices that were shown no more by then."""
    found = view.execute("select device from retired where site = ? and since <= ?", (site, minute))
    return {device for (device,) in found}


def devices_of(view: sqlite3.Connection, site: str, minute: int) -> set[str]:
    """Those that were met by then."""
    found = view.execute("select device from devices where site = ? and since <= ?", (site, minute))
    return {device for (device,) in found}
