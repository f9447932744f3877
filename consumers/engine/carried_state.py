"""Carries over the state of a sink that another version made: nobody folds it again, and what waits must not go."""

import sqlite3
from contextlib import closing
from pathlib import Path

import structlog

from consumers.engine import view_files
from consumers.engine.shape import shape_of, tables_of
from consumers.engine.sink import Sink
from producer.transaction import transaction

_OLD = "carried_"

log = structlog.get_logger()


def carry_over(sink: Sink, file: Path) -> None:
    """Give the tables in a file the shape that this code makes, with the rows that fit, by the names of columns."""
    wanted = shape_of(sink).tables
    with closing(view_files.connect(file)) as state:
        found = tables_of(state)
        others = [name for name, sql in wanted.items() if name in found and found[name] != sql]
        if not others:
            return
        with transaction(state):
            for name in others:
                if not _is_table(state, name):
                    state.execute(f"drop index {name}")
            for name in others:
                if _is_table(state, name):
                    _replace(state, sink, name, wanted[name])
            state.execute("update checkpoint set version = ?", (sink.version,))


def _is_table(state: sqlite3.Connection, name: str) -> bool:
    found = state.execute("select 1 from sqlite_master where type = 'table' and name = ?", (name,))
    return found.fetchone() is not None


def _replace(state: sqlite3.Connection, sink: Sink, table: str, sql: str) -> None:
    """Its indexes go with it; the schema of the sink makes them again."""
    for (index,) in state.execute(
        "select name from sqlite_master where type = 'index' and tbl_name = ? and sql is not null", (table,)
    ).fetchall():
        state.execute(f"drop index {index}")
    state.execute(f"alter table {table} rename to {_OLD}{table}")
    state.execute(sql)
    old, new = _columns(state, f"{_OLD}{table}"), _columns(state, table)
    common = ", ".join(column for column in new if column in old)
    (count,) = state.execute(f"select count(*) from {_OLD}{table}").fetchone()
    carried = 0
    if common:
        query = f"insert or ignore into {table} ({common}) select {common} from {_OLD}{table}"
        carried = state.execute(query).rowcount
    state.execute(f"drop table {_OLD}{table}")
    log.warning("state of another version carried over", consumer=sink.name, table=table, rows=carried)
    if carried < count:
        log.error("rows of another version do not fit", consumer=sink.name, table=table, rows=count - carried)


def _columns(state: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in state.execute(f"pragma table_info({table})")]
