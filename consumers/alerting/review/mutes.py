"""Mutes: time ranges in which nobody is alerted to incidents of some devices and types."""

import sqlite3
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from pydantic_core import from_json, to_json

from bus_schemas.review import MuteEvent
from consumers.engine.versions import NEWEST, STANDS
from consumers.store.journal.record import DeviceKey, Recorded

MUTE: Final = "mute"
"""Why an incident raised no alert: somebody had muted it."""

SCHEMA: Final = """
    create table if not exists mutes (
        mute_id text not null, position integer not null, site text not null, state text not null,
        start real not null, end real not null, devices text not null, types text not null, reason text not null,
        by text not null, at real not null, primary key (mute_id, position)
    ) strict, without rowid;
    create index if not exists mutes_end on mutes (site, end);
    """
"""A row for each event, so that a floor of the journal parts them cleanly; the newest of a mute is how it is."""
BEFORE_FLOOR: Final[Mapping[str, str]] = {"mutes": "position < :floor"}

_NEWEST = """position <= :upto and not exists (
    select 1 from mutes n where n.mute_id = m.mute_id and n.position > m.position and n.position <= :upto)"""
_IN_FORCE = f"""
    select mute_id from mutes m where site = :site and state = 'placed' and start <= :at and end > :at and {_NEWEST}
    and (devices = '[]' or exists (select 1 from json_each(devices) where value = :device))
    and (types = '[]' or exists (select 1 from json_each(types) where value = :type))
    order by end desc, mute_id limit 1
"""  # noqa: S608 - of our own text alone


def take_mute(view: sqlite3.Connection, record: Recorded) -> None:
    assert isinstance(record.event, MuteEvent)
    data = record.event.data
    times = (data.start.timestamp(), data.end.timestamp())
    lists = (to_json(data.devices).decode(), to_json(data.types).decode())
    row = (data.mute_id, record.position, record.where[0], data.state, *times, *lists, data.reason, data.by)
    view.execute("insert or replace into mutes values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (*row, record.time_s))


def mute_in_force(
    view: sqlite3.Connection, where: DeviceKey, incident_type: str, at: float, upto: int = NEWEST
) -> str | None:
    """The id of the mute that holds at this time (seconds since 1970), of several the one that ends last."""
    site, device = where
    values = {"site": site, "device": device, "type": incident_type, "at": at, "upto": upto}
    found = view.execute(_IN_FORCE, values).fetchone()
    return None if found is None else str(found[0])


# Questions


@dataclass(frozen=True, slots=True)
class MuteRow:
    """A mute as it is; times in seconds since 1970. `withheld` counts the incidents that raised no alert for it.

    `by` and `at` are of who placed it, `ended_by` and `ended` of who ended it before its end.
    """

    mute_id: str
    site: str
    devices: tuple[str, ...]
    types: tuple[str, ...]
    start: float
    end: float
    reason: str
    by: str
    at: float
    ended_by: str | None
    ended: float | None
    withheld: int

    def is_over(self, now: float) -> bool:
        return self.ended is not None or self.end <= now


_ROWS = f"""
    select mute_id, site, devices, types, start, end, state, by, at,
        (select reason from mutes f where f.mute_id = m.mute_id order by position limit 1),
        (select by from mutes f where f.mute_id = m.mute_id order by position limit 1),
        (select at from mutes f where f.mute_id = m.mute_id order by position limit 1),
        (select count(*) from incidents i where i.mute_id = m.mute_id and i.{STANDS.replace("until", "i.until")})
    from mutes m where {_NEWEST}
"""  # noqa: S608 - of our own text alone


@dataclass(frozen=True, slots=True)
class MuteFilter:
    """`over` by the clock at `now`, in seconds since 1970; both or neither where it is `None`."""

    site: str | None = None
    over: bool | None = None
    now: float = 0.0


_WANTED = """(:site is null or site = :site)
    and (:over is null or :over = (state = 'ended' or end <= :now))"""


def mutes(
    view: sqlite3.Connection, wanted: MuteFilter = MuteFilter(), upto: int = NEWEST, limit: int = 100
) -> list[MuteRow]:
    """The last to end first."""
    query = f"{_ROWS} and {_WANTED} order by end desc, mute_id limit :limit"
    return [_mute(*row) for row in view.execute(query, {**asdict(wanted), "upto": upto, "limit": limit})]


def mute(view: sqlite3.Connection, mute_id: str, upto: int = NEWEST) -> MuteRow | None:
    """Also one that is over."""
    found = view.execute(f"{_ROWS} and mute_id = :mute_id", {"mute_id": mute_id, "upto": upto}).fetchone()
    return None if found is None else _mute(*found)


def last_mute_position(view: sqlite3.Connection, mute_id: str) -> int:
    """The position of the newest event of a mute; 0 where there is none."""
    found = view.execute("select max(position) from mutes where mute_id = ?", (mute_id,)).fetchone()
    return int(found[0] or 0)


def _mute(*row: Any) -> MuteRow:
    mute_id, site, devices, types, start, end, state, by, at, reason, placed_by, placed_at, withheld = row
    is_ended = state == "ended"
    return MuteRow(
        mute_id=mute_id,
        site=site,
        devices=tuple(from_json(devices)),
        types=tuple(from_json(types)),
        start=start,
        end=end,
        reason=reason,
        by=placed_by,
        at=placed_at,
        ended_by=by if is_ended else None,
        ended=at if is_ended else None,
        withheld=withheld,
    )
