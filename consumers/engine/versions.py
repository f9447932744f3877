"""Tables of versions: rows that are valid from one position of the journal until another, for queries as of a position.

A table of versions has a key, the `position` of the event that made a version, and `until`: the position of the event
that replaced it, or `FOREVER`. Its primary key is (key, until), so that one version of a key stands at a time.
"""

import sqlite3
from functools import lru_cache
from typing import Any

FOREVER = 2**63 - 1
NEWEST = FOREVER - 1
"""The position of rows that hold now."""

COLUMNS = "position integer not null, until integer not null check (until > position)"
STANDS = "position <= :upto and until > :upto"
"""The condition under which a version answers as of the position `upto`."""


class Versions:
    """One table of versions, as a fold writes it."""

    def __init__(self, view: sqlite3.Connection, table: str, *key: str) -> None:
        self._view = view
        self._table = table
        self._where = " and ".join(f"{name} = :{name}" for name in key)
        self._key = key

    def newest(self, *key: str) -> dict[str, Any] | None:
        """The version that stands, by the names of its columns."""
        query = f"select * from {self._table} where {self._where} and until = {FOREVER}"
        found = self._view.execute(query, dict(zip(self._key, key, strict=True)))
        row = found.fetchone()
        return None if row is None else {column[0]: value for column, value in zip(found.description, row, strict=True)}

    def put(self, position: int, row: dict[str, Any]) -> None:
        """Let this row stand from `position` on. The version of an earlier position is kept, with its end."""
        row = {**row, "position": position, "until": FOREVER}
        self._view.execute(
            f"update {self._table} set until = :position "
            f"where {self._where} and until = {FOREVER} and position < :position",
            row,
        )
        self._view.execute(_insert(self._table, tuple(row)), row)


@lru_cache(maxsize=256)
def _insert(table: str, columns: tuple[str, ...]) -> str:
    return f"insert or replace into {table} ({', '.join(columns)}) values ({', '.join(f':{name}' for name in columns)})"
