"""Snapshots of the whole health view, one about every half minute, from which any position in between can be folded.

Every event changes the view, so its rows are not kept one by one. A fold takes a snapshot at a tick of the hub; it is
part of the view, and the same whatever the batches are.
"""

import sqlite3
import zlib
from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple

from pydantic_core import from_json, to_json

from consumers.views.health.device import DeviceRow, values_of


class Keep(NamedTuple):
    """How far apart snapshots are in seconds, and how many stay: all of the newest `fine`, each `step`th of `coarse`.

    By default those of a week stay, and then one in ten minutes, for 90 days of a hub that is never off.
    """

    every_s: float = 30.0
    fine: int = 7 * 24 * 120
    step: int = 20
    coarse: int = 90 * 24 * 120


KEEP = Keep()

SCHEMA = """
create table if not exists snapshots (
    number integer primary key, position integer not null unique, at real not null, state blob not null
) strict;
"""


class Clock(NamedTuple):
    """The hub's last tick, and since when it has been listening; seconds since 1970."""

    at: float
    started: float


class HealthSnapshot(NamedTuple):
    position: int
    clock: Clock
    devices: list[DeviceRow]


class Forgotten(LookupError):
    """No snapshot is old enough to fold the view as it was then."""


def last_at(view: sqlite3.Connection) -> float | None:
    """When the last one was taken, in seconds since 1970 by the hub's clock."""
    found = view.execute("select at from snapshots order by number desc limit 1").fetchone()
    return None if found is None else float(found[0])


def is_due(last: float | None, clock: Clock, keep: Keep) -> bool:
    """Whether enough time has passed since the last one, or the hub's clock was set back."""
    return last is None or not 0 <= clock.at - last < keep.every_s


def take(view: sqlite3.Connection, position: int, clock: Clock, devices: Sequence[DeviceRow], keep: Keep) -> None:
    """Keep what is known at this position, and thin out what is old. Numbers, not times: a clock may jump."""
    columns = list(zip(*map(values_of, devices), strict=True))
    state = zlib.compress(to_json([clock, columns]), 1)
    (number,) = view.execute("select coalesce(max(number), 0) + 1 from snapshots").fetchone()
    view.execute("insert into snapshots values (?, ?, ?, ?)", (number, position, clock.at, state))
    gone = [number - keep.coarse]
    if (number - keep.fine) % keep.step != 1:
        gone.append(number - keep.fine)
    view.executemany("delete from snapshots where number = ?", [(one,) for one in gone])


def carry_over(view: sqlite3.Connection, floor: int) -> None:
    """Put what the view attached as `old` kept of before a position in front of what is there, numbered through."""
    view.execute("delete from main.snapshots where position < ?", (floor,))
    view.execute("update main.snapshots set number = -number")
    view.execute("insert into main.snapshots select * from old.snapshots where position < ?", (floor,))
    following = "(select max(number) from main.snapshots where number > 0)"
    (begin,) = view.execute(f"select coalesce({following}, 0)").fetchone()
    later = view.execute("select position from main.snapshots where number < 0 order by position").fetchall()
    view.executemany(
        "update main.snapshots set number = ? where position = ?",
        [(number, position) for number, (position,) in enumerate(later, begin + 1)],
    )


def content(state: bytes) -> bytes:
    """A digest of the content of a snapshot. Another release of zlib may compress the same content into other bytes."""
    return sha256(zlib.decompress(state)).digest()


def newest(view: sqlite3.Connection, upto: int) -> HealthSnapshot | None:
    """The last snapshot up to a position; `None` where the view begins after it. Raises `Forgotten`."""
    found = view.execute(
        "select position, state from snapshots where position <= ? order by position desc limit 1", (upto,)
    ).fetchone()
    if found is None:
        oldest = view.execute("select number from snapshots order by number limit 1").fetchone()
        if oldest is not None and oldest[0] > 1:
            raise Forgotten("the health of devices is not kept for that long")
        return None
    position, state = found
    clock, columns = from_json(zlib.decompress(state))
    return HealthSnapshot(position, Clock(*clock), [DeviceRow(*row) for row in zip(*columns, strict=True)])
