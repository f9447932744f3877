"""Queries of the minute tiles, over a read-only connection to their view."""

import sqlite3
from base64 import b64encode
from dataclasses import dataclass
from string import ascii_lowercase, ascii_uppercase, digits
from typing import Literal, NamedTuple

from bus_schemas.condition import Condition
from consumers.views.mosaics import RING
from consumers.views.mosaics.drawings import last_number
from consumers.views.mosaics.minute_state import CLASSES, MinuteState

Which = Literal["all", "ok", "ko"]
LETTERS = f"{ascii_uppercase}{ascii_lowercase}{digits}+/"
REVISIONS = len(LETTERS)
"""Addresses name a revision modulo this."""
_COLUMNS = {"all": "tile", "ok": "ok", "ko": "ko"}


@dataclass(frozen=True, slots=True)
class Tile:
    """The tile in a slot: its minute since 1970, the name under which its bytes are kept, and how often the minute was
    corrected.
    """

    minute: int
    name: str
    revision: int


@dataclass(frozen=True, slots=True)
class Description:
    """The JSON of a minute, the minute that it is of, and how often that was corrected."""

    minute: int
    json: bytes
    revision: int


class MinuteRun(NamedTuple):
    """Minutes in a row that were in the same incidents: their number from the begin of the timeline, and how many."""

    first: int
    minutes: int
    condition: Condition
    types: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MinuteTimeline:
    """The states of minutes from `first` to `newest`, oldest first, four to a byte, the first in the lowest bits."""

    site: str
    first: int
    newest: int
    classes: tuple[str, ...]
    states: bytes
    spans: tuple[MinuteRun, ...] = ()
    revisions: bytes = b""
    """For each minute how often it was corrected, modulo 64; nothing where all are 0."""
    drawn: int = 0
    """The number of the last drawing of the site."""

    @property
    def base64(self) -> str:
        return b64encode(self.states).decode()

    @property
    def revision_letters(self) -> str:
        """A letter of Base64 for each minute."""
        return "".join(map(LETTERS.__getitem__, self.revisions.ljust(self.newest - self.first + 1, b"\0")))


def newest_minute(view: sqlite3.Connection, site: str) -> int | None:
    """The newest minute that is closed, since 1970."""
    found = view.execute("select minute from closed where site = ?", (site,)).fetchone()
    return None if found is None else int(found[0])


def slot_minute(view: sqlite3.Connection, site: str, slot: int) -> int | None:
    """The newest closed minute in a slot (minute of the UTC day) of the ring; never yesterday's of the same slot."""
    newest = newest_minute(view, site)
    return None if newest is None else newest - (newest - slot) % RING


def tile(view: sqlite3.Connection, site: str, minute: int, which: Which = "all") -> Tile | None:
    """`None` where the minute is not closed, has left the ring, or has no device of this kind."""
    query = f"select {_COLUMNS[which]}, revision from tiles where site = ? and minute = ?"  # noqa: S608 - our own columns
    found = view.execute(query, (site, minute)).fetchone()
    return None if found is None or found[0] is None else Tile(minute, *found)


def tile_names(view: sqlite3.Connection, site: str, first: int, count: int) -> dict[int, str]:
    """By minute, the names of the tiles with all devices in `count` minutes from `first`, oldest first."""
    found = view.execute(
        "select minute, tile from tiles where site = ?1 and minute >= ?2 and minute < ?2 + ?3 order by minute",
        (site, first, count),
    )
    return dict(found.fetchall())


def description(view: sqlite3.Connection, site: str, minute: int) -> Description | None:
    query = "select description, revision from tiles where site = ? and minute = ?"
    found = view.execute(query, (site, minute)).fetchone()
    return None if found is None else Description(minute, bytes(found[0]), int(found[1]))


def timeline(view: sqlite3.Connection, site: str, first: int | None = None, count: int = RING) -> MinuteTimeline | None:
    """The states of `count` minutes from `first`, or of the last ones up to the newest that is closed.

    `None` for a site of which no minute was ever closed.
    """
    newest = newest_minute(view, site)
    if newest is None:
        return None
    begin = newest - count + 1 if first is None else first
    drawn = last_number(view, site)  # first: what is drawn meanwhile is announced again
    states, revisions = bytearray([MinuteState.NO_DATA]) * count, bytearray(count)
    spans: list[MinuteRun] = []
    found = view.execute(
        "select minute - ?2, state, condition, types, revision from tiles"
        " where site = ?1 and minute >= ?2 and minute < ?2 + ?3 order by minute",
        (site, begin, count),
    )
    for number, state, condition, types, revision in found:
        states[number], revisions[number] = state, revision % REVISIONS
        if state == MinuteState.INCIDENT:
            _extend(spans, MinuteRun(number, 1, condition, tuple(types.split())))
    return MinuteTimeline(site, begin, begin + count - 1, CLASSES, pack(states), tuple(spans), bytes(revisions), drawn)


def _extend(spans: list[MinuteRun], minute: MinuteRun) -> None:
    """Add a minute, to the span before it where it is like that."""
    last = spans[-1] if spans else None
    if last is not None and (last.first + last.minutes, last.condition, last.types) == (minute.first, *minute[2:]):
        spans[-1] = last._replace(minutes=last.minutes + 1)
    else:
        spans.append(minute)


def pack(states: bytes | bytearray) -> bytes:
    """Four states of two bits to a byte, the first in the lowest bits."""
    padded = bytes(states) + bytes(-len(states) % 4)
    return bytes(
        padded[at] | padded[at + 1] << 2 | padded[at + 2] << 4 | padded[at + 3] << 6 for at in range(0, len(padded), 4)
    )
