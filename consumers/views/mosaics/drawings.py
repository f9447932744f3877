"""Queries of the drawings of minutes in their order: a minute that is drawn again has a higher number than before."""

import sqlite3
from typing import NamedTuple

from bus_schemas.condition import Condition

_COLUMNS = "rowid, site, minute, state, condition, types, revision"


class Drawing(NamedTuple):
    """The drawing of a minute. Numbers grow within one file of the view; another file counts anew."""

    number: int
    site: str
    minute: int
    state: int
    condition: Condition
    types: str
    revision: int


def last_number(view: sqlite3.Connection, site: str | None = None) -> int:
    """The number of the last drawing, or of the last one of a site; 0 where there is none."""
    found = view.execute("select max(rowid) from tiles where ?1 is null or site = ?1", (site,)).fetchone()
    return int(found[0] or 0)


def newest_drawings(view: sqlite3.Connection) -> list[Drawing]:
    """The last one of each site, in their order."""
    query = f"select {_COLUMNS} from tiles where rowid in (select max(rowid) from tiles group by site) order by rowid"  # noqa: S608 - our own names
    return [Drawing(*row) for row in view.execute(query)]


def drawings_after(view: sqlite3.Connection, number: int, most: int) -> list[Drawing]:
    """The first ones after a number, in their order."""
    query = f"select {_COLUMNS} from tiles where rowid > ? order by rowid limit ?"  # noqa: S608 - our own names
    return [Drawing(*row) for row in view.execute(query, (number, most))]
