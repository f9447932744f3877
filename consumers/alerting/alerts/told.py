"""Keeps what is the case of each kind of incident of a device, and what people were told of it."""

import sqlite3
from dataclasses import dataclass
from typing import Final

from consumers.alerting.alerts.facts import IncidentFacts
from consumers.alerting.alerts.wording import RANK, WELL

SCHEMA: Final = """
    create table if not exists alert_state (
        site text not null, device text not null, type text not null, incident text, notified text, notified_at real,
        notified_level text, muted integer not null default 0, primary key (site, device, type)
    ) strict;"""

Key = tuple[str, str, str]
"""Site, device, and the type of incident."""


@dataclass(slots=True)
class Told:
    """The incident that is the case; the id of the one that people were notified of, and when they were last, of which
    level; `muted` is 1 while a mute withholds what there is.
    """

    incident: str | None = None
    notified: str | None = None
    notified_at: float | None = None
    notified_level: str | None = None
    muted: int = 0

    def is_better_than(self, incident: IncidentFacts) -> bool:
        """Whether an incident is worse than what people were notified of last."""
        return self.notified_level is not None and RANK[incident.severity] > RANK[self.notified_level]


class ToldTable:
    """`alert_state` of the view: each decision reads a row once and writes it once."""

    def __init__(self, view: sqlite3.Connection) -> None:
        self._view = view

    def of(self, key: Key) -> Told | None:
        found = self._view.execute(_READ, key).fetchone()
        return None if found is None else Told(*found)

    def keep(self, key: Key, told: Told) -> None:
        values = (told.incident, told.notified, told.notified_at, told.notified_level, told.muted)
        self._view.execute(_KEEP, (*key, *values))

    def deferred(self, told_before: float) -> list[tuple[Key, Told]]:
        """What is the case and may have to be said now: a mute held it, or people were told of another before this
        moment.
        """
        rows = self._view.execute(_DEFERRED, (told_before,)).fetchall()
        return [((site, device, kind), Told(*told)) for site, device, kind, *told in rows]

    def is_unwell(self, key: Key) -> bool:
        """Whether something is still the case by which a device does not count as recovered."""
        return any(kind in WELL for (kind,) in self._view.execute(_OPEN_KINDS, key[:2]))


_COLUMNS: Final = "incident, notified, notified_at, notified_level, muted"
_READ: Final = f"""
    select {_COLUMNS} from alert_state where site = ? and device = ? and type = ?
"""  # noqa: S608 - our own columns
_KEEP: Final = f"""
    insert into alert_state (site, device, type, {_COLUMNS})
    values (?, ?, ?, ?, ?, ?, ?, ?) on conflict (site, device, type) do update set incident = excluded.incident,
    notified = excluded.notified, notified_at = excluded.notified_at, notified_level = excluded.notified_level,
    muted = excluded.muted
"""  # noqa: S608 - our own columns
_DEFERRED: Final = f"""
    select site, device, type, {_COLUMNS} from alert_state
    where incident is not null and (muted = 1 or (notified is null and notified_at <= ?))
"""  # noqa: S608 - our own columns
_OPEN_KINDS: Final = "select type from alert_state where site = ? and device = ? and incident is not null"
