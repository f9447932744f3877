"""Inserts rows into a ClickHouse server so that a late insert of an earlier writer is never counted.

Each writer has insert tables of its own, with random names. They store nothing (engine Null); a materialized view
passes the rows of each insert on. The next writer drops the insert tables of the one before, so that no insert can
begin any more, and waits for those that had begun. Nothing that it reads after that changes any more.
"""

from collections.abc import Iterable
from dataclasses import replace
from secrets import token_hex
from threading import Event
from time import monotonic

from consumers.store.clickhouse.engine import Engine, EngineError
from consumers.store.clickhouse.table import Table, columns

# The prefixes of their names on servers, where earlier releases have made them.
_INSERT_TABLE = "door_"
_FORWARDING_VIEW = "passage_"
_POLL_S = 0.05
# Longer than a server waits for the rest of an insert whose sender is cut off.
_TIMEOUT_S = 15.0


def open_insert_tables(engine: Engine, database: str, tables: Iterable[Table]) -> dict[Table, Table]:
    """The insert table of each table. Inserts of other writers no longer reach the tables.

    Raises `EngineError`, also where an insert of an earlier writer does not end; then it may be tried again.
    """
    token = token_hex(8)
    insert_tables = {table: replace(table, name=f"{database}.{_INSERT_TABLE}{token}_{table.name}") for table in tables}
    for table, insert_table in insert_tables.items():
        engine.execute(f"create table {insert_table.name} ({', '.join(columns(table, engine.dialect))}) engine = Null")
        view = f"{database}.{_FORWARDING_VIEW}{token}_{table.name}"
        chosen = f"select {', '.join(table.column_names)} from {insert_table.name}"
        engine.execute(f"create materialized view {view} to {database}.{table.name} as {chosen}")
    _close_others(engine, database, token)
    return insert_tables


def _close_others(engine: Engine, database: str, token: str) -> None:
    """Views go last: an insert into a table without one would be accepted, and its rows would be lost."""
    found = engine.query("select name from system.tables where database = {database:String}", {"database": database})
    names = [name for (name,) in found if token not in name]
    _drop(engine, database, [name for name in names if name.startswith(_INSERT_TABLE)])
    _wait_for_inserts(engine, database, token)
    _drop(engine, database, [name for name in names if name.startswith(_FORWARDING_VIEW)])


def _drop(engine: Engine, database: str, names: Iterable[str]) -> None:
    for name in names:
        engine.execute(f"drop table if exists {database}.{name}")


def _wait_for_inserts(engine: Engine, database: str, token: str) -> None:
    """An old server drops a table after its last insert; a newer one drops the name and lets the insert go on."""
    running = (
        "select count() from system.processes "
        "where position(query, {insert:String}) = 1 and position(query, {token:String}) = 0"
    )
    asked = {"insert": f"insert into {database}.{_INSERT_TABLE}", "token": token}
    deadline = monotonic() + _TIMEOUT_S
    while engine.query(running, asked) != [[0]]:
        if monotonic() >= deadline:
            raise EngineError("an insert of an earlier writer has not ended yet")
        Event().wait(_POLL_S)
