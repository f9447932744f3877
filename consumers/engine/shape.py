"""Decides whether this code can go on with a view, by the version of its projection and by its tables."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from consumers.engine import checkpoint
from consumers.engine.projection import Projection
from consumers.engine.sink import Sink

Tables = Mapping[str, str]
"""The SQL of each table and index, by name."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The version and tables of a view that this code makes."""

    version: int
    tables: Tables

    def difference(self, view: sqlite3.Connection) -> str | None:
        """Why the view is not one of these, as the rest of a sentence; `None` where it is one."""
        made_by = checkpoint.version(view)
        if made_by is None:
            return "its file holds no view"
        if made_by != self.version:
            newer = ", a newer one" if made_by > self.version else ""
            return f"it was made by version {made_by} of its projection{newer}, and this is version {self.version}"
        found = tables_of(view)
        if found != self.tables:
            names = sorted(name for name in {*found, *self.tables} if found.get(name) != self.tables.get(name))
            return f"its tables are not those of version {self.version}: {', '.join(names)}"
        return None


def shape_of(consumer: Projection | Sink | type[Projection] | type[Sink]) -> Shape:
    return Shape(consumer.version, made_by(consumer.schema))


@cache
def made_by(schema: str) -> Tables:
    """The tables that a schema makes."""
    with closing(sqlite3.connect(":memory:")) as empty:
        empty.executescript(schema)
        return MappingProxyType(tables_of(empty))


def tables_of(view: sqlite3.Connection) -> dict[str, str]:
    """Those that a fold makes, however their SQL is set."""
    ours = set(checkpoint.tables_of(view))
    found = view.execute("select name, tbl_name, sql from sqlite_master where sql is not null")
    return {name: " ".join(sql.split()) for name, table, sql in found if table in ours}
