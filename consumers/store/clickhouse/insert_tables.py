"""Inserts rows into a ClickHouse server so that a late insert of an earlier writer is never counted.

Every writer inserts through doors of its own, named by chance: tables that keep nothing, from each of which a view
passes rows on in the same insert. The next writer takes the names away, so that no insert can begin any more, and waits
for those that had begun. What it then reads stays as it is, however late something of the earlier writer arrives.
"""

from collections.abc import Iterable
from dataclasses import replace
from secrets import token_hex
from threading import Event
from time import monotonic

from consumers.store.clickhouse.engine import Engine, EngineError
from consumers.store.clickhouse.table import Table, columns

_DOOR = "door_"
_PASSAGE = "passage_"
_POLL_S = 0.05
# Longer than a server waits for the rest of an insert whose sender is cut off.
_PATIENCE_S = 15.0


def open_doors(engine: Engine, database: str, tables: Iterable[Table]) -> dict[Table, Table]:
    """By each table what to insert into; nobody else's inserts reach the tables any more.

    Raises `EngineError`, also where an insert of an earlier writer does not end; then it may be tried again.
    """
    token = token_hex(8)
    doors = {table: replace(table, name=f"{database}.{_DOOR}{token}_{table.name}") for table in tables}
    for table, door in doors.items():
        engine.execute(f"create table {door.name} ({', '.join(columns(table, engine.dialect))}) engine = Null")
        passage = f"{database}.{_PASSAGE}{token}_{table.name}"
        chosen = f"select {', '.join(table.column_names)} from {door.name}"
        engine.execute(f"create materialized view {passage} to {database}.{table.name} as {chosen}")
    _close_others(engine, database, token)
    return doors


def _close_others(engine: Engine, database: str, token: str) -> None:
    """Passages go last: an insert through a door without one would be taken and be gone."""
    found = engine.query("select name from system.tables where database = {database:String}", {"database": database})
    names = [name for (name,) in found if token not in name]
    _drop(engine, database, [name for name in names if name.startswith(_DOOR)])
    _wait_for_inserts(engine, database, token)
    _drop(engine, database, [name for name in names if name.startswith(_PASSAGE)])


def _drop(engine: Engine, database: str, names: Iterable[str]) -> None:
    for name in names:
        engine.execute(f"drop table if exists {database}.{name}")


def _wait_for_inserts(engine: Engine, database: str, token: str) -> None:
    """An old server drops a table after its last insert; a newer one drops the name and lets the insert go on."""
    running = (
        "select count() from system.processes "
        "where position(query, {door:String}) = 1 and position(query, {token:String}) = 0"
    )
    asked = {"door": f"insert into {database}.{_DOOR}", "token": token}
    deadline = monotonic() + _PATIENCE_S
    while engine.query(running, asked) != [[0]]:
        if monotonic() >= deadline:
            raise EngineError("an insert of an earlier writer has not ended yet")
        Event().wait(_POLL_S)
