"""Handles the retention floor in a rebuild: which rows may stem from dropped days, and how they are kept."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from math import inf

from bus_schemas.event import place
from consumers.engine import checkpoint
from consumers.engine.projection import Projection
from consumers.store.journal.record import JournalReader

_MICROSECONDS = 1e6


@dataclass(frozen=True, slots=True)
class Scope:
    """The limits of a fold that begins at the retention floor: of each table in `left_out` the rows that do not
    meet the condition, of those in `incomparable` nothing.
    """

    floor: int
    left_out: Mapping[str, str]
    incomparable: frozenset[str]


def scope(projection: Projection, view: sqlite3.Connection, journal: JournalReader) -> Scope | None:
    """`None` where the view says nothing of what lies before the floor, so that all of it can be folded."""
    floor = journal.floor()
    if checkpoint.made(view).reaches >= floor:
        return None
    declared = projection.before_floor
    given = {table: _filled(condition, floor) for table, condition in declared.items()}
    return Scope(floor, given, frozenset(checkpoint.tables_of(view)) - declared.keys())


def undeclared_tables(projection: type[Projection]) -> list[str]:
    """The tables of which a projection does not say what becomes of their rows when days of the journal are dropped."""
    declared = projection.before_floor.keys() | projection.history.keys() | projection.recent | projection.uncounted
    with closing(sqlite3.connect(":memory:")) as view:
        view.executescript(projection.schema)
        return sorted(set(checkpoint.tables_of(view)) - declared)


def know_horizon(connection: sqlite3.Connection, journal: JournalReader) -> None:
    """Give a connection the function `horizon(site, device)` of which conditions speak."""
    latest = journal.latest_dropped()
    horizons: dict[tuple[str, str | None], float] = {}
    for source, newest in (latest or {}).items():
        site, device = place(source)
        for where in ((site, device), (site, None)):
            horizons[where] = max(newest / _MICROSECONDS, horizons.get(where, -inf))
    unheard = -inf if latest is not None else inf
    connection.create_function("horizon", 2, lambda *where: horizons.get(where, unheard), deterministic=True)


def _filled(condition: str, floor: int) -> str:
    """A number of ours: attached and compared tables take no parameters of one name."""
    return condition.replace(":floor", str(int(floor)))


@contextmanager
def attached(shadow: sqlite3.Connection, old: str) -> Iterator[None]:
    shadow.execute("attach database ? as old", (old,))
    try:
        yield
    finally:
        shadow.execute("detach database old")


def carry_over(projection: Projection, shadow: sqlite3.Connection, journal: JournalReader) -> dict[str, int]:
    """Put rows of the old view (attached as `old`) where the fold from the floor cannot know them; how many of which
    table. A table that another version of the projection has changed is left as it was folded.
    """
    floor = journal.floor()
    know_horizon(shadow, journal)
    carried = {}
    for table, condition in projection.before_floor.items():
        if _is_same(shadow, table):
            where = _filled(condition, floor)
            shadow.execute(f"delete from main.{table} where {where}")
            carried[table] = _insert(shadow, table, where)
    for table, condition in projection.history.items():
        if _is_same(shadow, table):
            carried[table] = _insert(shadow, table, _filled(condition, floor))
    projection.carry_over(shadow, floor)
    return {table: count for table, count in carried.items() if count}


def _insert(shadow: sqlite3.Connection, table: str, where: str) -> int:
    query = f"insert or ignore into main.{table} select * from old.{table} where {where}"
    return shadow.execute(query).rowcount


def lost(projection: Projection, shadow: sqlite3.Connection) -> dict[str, int]:
    """The number of rows in each table of the old view (attached as `old`) whose key is not in the new one."""
    found = {}
    for table in sorted(set(checkpoint.tables_of(shadow, "old")) - projection.uncounted):
        keys = _keys(shadow, "old", table)
        query = f"select count(*) from old.{table}"
        if keys and keys == _keys(shadow, "main", table):
            same = " and ".join(f"main.{table}.{key} is old.{table}.{key}" for key in keys)
            query += f" where not exists (select 1 from main.{table} where {same})"
        found[table] = int(shadow.execute(query).fetchone()[0])
    return {table: count for table, count in found.items() if count}


def _columns(shadow: sqlite3.Connection, schema: str, table: str) -> list[tuple[str, int]]:
    """Name, and place in the primary key; 0 where it is no part of that."""
    return [(row[1], row[5]) for row in shadow.execute(f"pragma {schema}.table_info({table})")]


def _keys(shadow: sqlite3.Connection, schema: str, table: str) -> list[str]:
    return sorted(name for name, key in _columns(shadow, schema, table) if key)


def _is_same(shadow: sqlite3.Connection, table: str) -> bool:
    old, new = (_columns(shadow, schema, table) for schema in ("old", "main"))
    return bool(old) and old == new
