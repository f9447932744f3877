"""Keeps, for each device and type of incident, the open incident and the last notification of people about it."""

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
class NotificationState:
    """The open incident, as JSON, and the last notification: of which incident, when and of which level. `muted` is 1
    while a mute withholds a notification.
    """

    incident: str | None = None
    notified: str | None = None
    notified_at: float | None = None
    notified_level: str | None = None
    muted: int = 0

    def is_exceeded_by(self, incident: IncidentFacts) -> bool:
        """Whether an incident is worse than what people were notified of last."""
        return self.notified_level is not None and RANK[incident.severity] > RANK[self.notified_level]


class NotificationStates:
    """`alert_state` of the view: each decision reads a row once and writes it once."""

    def __init__(self, view: sqlite3.Connection) -> None:
        self._view = view

    def find(self, key: Key) -> NotificationState | None:
        found = self._view.execute(_FIND, key).fetchone()
        return None if found is None else NotificationState(*found)

    def save(self, key: Key, state: NotificationState) -> None:
        values = (state.incident, state.notified, state.notified_at, state.notified_level, state.muted)
        self._view.execute(_SAVE, (*key, *values))

    def deferred(self, now: float, cool_down_s: float) -> list[tuple[Key, NotificationState]]:
        """Open incidents that may be due: a mute withheld them, or the last notification is a cool-down away."""
        rows = self._view.execute(_DEFERRED, (now, cool_down_s)).fetchall()
        return [((site, device, kind), NotificationState(*state)) for site, device, kind, *state in rows]

    def is_unwell(self, key: Key) -> bool:
        """Whether an incident is still open with which a device does not count as recovered."""
        return any(kind in WELL for (kind,) in self._view.execute(_OPEN_KINDS, key[:2]))


_COLUMNS: Final = "incident, notified, notified_at, notified_level, muted"
_FIND: Final = f"""
    select {_COLUMNS} from alert_state where site = ? and device = ? and type = ?
"""  # noqa: S608 - our own columns
_SAVE: Final = f"""
    insert into alert_state (site, device, type, {_COLUMNS})
    values (?, ?, ?, ?, ?, ?, ?, ?) on conflict (site, device, type) do update set incident = excluded.incident,
    notified = excluded.notified, notified_at = excluded.notified_at, notified_level = excluded.notified_level,
    muted = excluded.muted
"""  # noqa: S608 - our own columns
_DEFERRED: Final = f"""
    select site, device, type, {_COLUMNS} from alert_state
    where incident is not null and (muted = 1 or (notified is null and abs(? - notified_at) >= ?))
"""  # noqa: S608 - our own columns
_OPEN_KINDS: Final = "select type from alert_state where site = ? and device = ? and incident is not null"
