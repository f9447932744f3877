"""The rows of one generation and how far they go: what is inserted counts once, whenever the process dies.

Rows go in first, then the checkpoint. At start it is read which events beyond the checkpoint have their rows already,
and those are left out when they are folded again: all rows of an event are in one table, of one moment and in one
block, so they are there together or not at all. Nothing is ever deleted, and tokens of deduplication, which old servers
do not know, are not needed. Where an insert may linger, rows go through insert tables.
"""

import re
from collections.abc import Mapping, Sequence
from itertools import compress
from typing import Any

import structlog

from consumers.store.clickhouse.engine import Columns, Engine
from consumers.store.clickhouse.insert_tables import open_insert_tables
from consumers.store.clickhouse.table import Table
from consumers.views.warehouse import WAREHOUSE
from consumers.views.warehouse.tables import CHECKPOINT, TABLES, VERSION, checkpoint_definition, definition

_CLEANUP = "max_cleanup_delay_period = 30"

log = structlog.get_logger(__name__)


class Store:
    """The rows of one database. Used by the thread that folds."""

    def __init__(self, engine: Engine, database: str) -> None:
        self.database = database
        self._engine = engine
        self._saved = 0
        self._insert_tables: Mapping[Table, Table] = {}
        self._there: dict[Table, frozenset[int]] = {}
        engine.use(database)

    def recover(self) -> int:
        """Shut out every earlier writer, and find out what is there; the position to continue from."""
        if self._engine.lingers:
            self._insert_tables = open_insert_tables(self._engine, self.database, (*TABLES, CHECKPOINT))
        else:
            self._drop_merged_parts_soon()
        self._saved = checkpoint(self._engine)
        for table in TABLES:
            beyond = self._engine.query(
                f"select distinct position from {table.name} where position > {{position:UInt64}}",  # noqa: S608 - ours
                {"position": self._saved},
            )
            self._there[table] = frozenset(position for (position,) in beyond)
        return self._saved

    def _drop_merged_parts_soon(self) -> None:
        """In this process, on our disk. By default parts that were merged stay up to 300 s, and small inserts, each
        merged with all rows before it, took a hundred times the disk that the rows need.
        """
        known = self._engine.query(
            "select name from system.tables where database = {database:String} and engine_full like {setting:String}",
            {"database": self.database, "setting": f"%{_CLEANUP}%"},
        )
        for table in TABLES:
            # Once, and not at each start: it writes the definition anew, which chDB leaves empty on a full disk.
            if [table.name] not in known:
                self._engine.execute(f"alter table {table.name} modify setting {_CLEANUP}")

    @property
    def saved(self) -> int:
        """The checkpoint."""
        return self._saved

    def append(self, blocks: Mapping[Table, Columns], upto: int) -> dict[Table, Columns]:
        """Insert the rows of the events up to a position, then the checkpoint; which were not there yet."""
        inserted = {}
        for table, columns in blocks.items():
            missing = _without(self._there.get(table, frozenset()), table, columns)
            if missing[0]:
                self._insert(table, missing)
                inserted[table] = missing
        self.save(upto)
        return inserted

    def save(self, upto: int) -> None:
        self._insert(CHECKPOINT, [["rows"], [upto]])
        self._saved = upto

    def _insert(self, table: Table, columns: Columns) -> None:
        self._engine.insert(self._insert_tables.get(table, table), columns)


def checkpoint(engine: Engine) -> int:
    """How far the rows of the database in use go at least."""
    [[position]] = engine.query("select max(position) from checkpoint")
    return int(position)


def _without(there: frozenset[int], table: Table, columns: Columns) -> Columns:
    if not there:
        return columns
    positions: Sequence[Any] = columns[table.column_names.index("position")]
    wanted = [position not in there for position in positions]
    return [list(compress(column, wanted)) for column in columns]


class Generations:
    """Databases of rows, of which one is current; a rebuild fills the next, and then it is that one."""

    def __init__(self, engine: Engine, keep_days: int | None, name: str = WAREHOUSE) -> None:
        self._engine = engine
        self._keep_days = keep_days
        self._name = name
        engine.execute(f"create database if not exists {name}")
        engine.execute(
            f"create table if not exists {name}.current (generation UInt64, version UInt32) "
            "engine = ReplacingMergeTree(generation) order by tuple()"
        )
        engine.execute(
            f"create table if not exists {self._name}.origin (since UInt64, life UInt64) "
            "engine = MergeTree order by since"
        )

    def current(self, floor: int = 1) -> Store:
        """The current generation; where there is none of this version with all its tables, one that holds what is not
        folded again.
        """
        newest = newest_generation(self._engine, self._name)
        if newest is None or newest[1] != VERSION or not self._is_whole(newest[0]):
            store = self.next()
            if newest is not None:
                self.carry_over(newest[0], store, floor)
            self.promote(store)
        else:
            store = Store(self._engine, newest[0])
        return store

    def _is_whole(self, database: str) -> bool:
        names = "select name from system.tables where database = {database:String}"
        there = {name for (name,) in self._engine.query(names, {"database": database})}
        missing = sorted({table.name for table in (*TABLES, CHECKPOINT)} - there)
        if missing:
            log.error("rows are folded anew, tables are missing", database=database, tables=missing)
        return not missing

    def carry_over(self, old: str, store: Store, floor: int) -> None:
        """Copy from the database `old` the rows of events that the journal has dropped: nothing else makes them.

        Columns that another version has changed keep the default of their type.
        """
        there = set(_databases(self._engine))
        for table in TABLES if floor > 1 and old in there else ():
            known = self._engine.query(
                "select name from system.columns where database = {database:String} and table = {table:String}",
                {"database": old, "table": table.name},
            )
            common = ", ".join(name for name in table.column_names if [name] in known)
            if common:
                self._engine.execute(
                    f"insert into {store.database}.{table.name} ({common})"  # noqa: S608 - names of ours
                    f" select {common} from {old}.{table.name} where position < {{floor:UInt64}}",
                    {"floor": floor},
                )

    def of_journal(self, journal_id: int, floor: int = 1) -> Store:
        """The current generation if its rows are of this journal (0 where nobody knows), else an empty one."""
        store = self.current(floor)
        known = origin(self._engine, self._name)
        if not journal_id or known == journal_id:
            return store
        if known:
            store = self.next()
            self.promote(store)
        since = 1 + self._engine.query(f"select count() from {self._name}.origin")[0][0]  # noqa: S608 - ours
        self._engine.execute(
            f"insert into {self._name}.origin select {{since:UInt64}}, {{life:UInt64}}",
            {"since": since, "life": journal_id},
        )
        return store

    def next(self) -> Store:
        """An empty generation after the current one."""
        [[number]] = self._engine.query(f"select max(generation) from {self._name}.current")  # noqa: S608 - ours
        return self.empty(f"{self._name}_{number + 1:d}")

    def empty(self, name: str) -> Store:
        """A database of this name, with tables that hold nothing."""
        self._engine.execute(f"drop database if exists {name}")
        self._engine.execute(f"create database {name}")
        store = Store(self._engine, name)
        for table in TABLES:
            self._engine.execute(definition(table, self._engine.dialect, self._keep_days))
        self._engine.execute(checkpoint_definition())
        return store

    def promote(self, store: Store) -> None:
        """From here on this is the current generation."""
        generation = int(store.database.removeprefix(f"{self._name}_"))
        self._engine.execute(
            f"insert into {self._name}.current select {{generation:UInt64}}, {{version:UInt32}}",
            {"generation": generation, "version": VERSION},
        )

    def drop_others(self, store: Store) -> None:
        """Drop what was replaced, and what an interrupted rebuild left behind."""
        ours = re.compile(rf"{self._name}_\d+")
        for name in _databases(self._engine):
            if ours.fullmatch(name) and name != store.database:
                self._engine.execute(f"drop database {name}")


def origin(engine: Engine, name: str = WAREHOUSE) -> int:
    """The id of the journal of which the rows are; 0 where it is unknown."""
    known = engine.query(f"select life from {name}.origin order by since desc limit 1")  # noqa: S608 - ours
    return int(known[0][0]) if known else 0


def newest_generation(engine: Engine, name: str = WAREHOUSE) -> tuple[str, int] | None:
    """Its database and version. One that is named in the catalogue and not there was dropped, and does not count."""
    catalogue = "select count() from system.tables where database = {database:String} and name = 'current'"
    if engine.query(catalogue, {"database": name}) == [[0]]:
        return None
    there = _databases(engine)
    rows = engine.query(f"select generation, version from {name}.current order by generation desc")  # noqa: S608 - ours
    found = [(f"{name}_{generation:d}", version) for generation, version in rows]
    return next((one for one in found if one[0] in there), None)


def _databases(engine: Engine) -> set[str]:
    return {name for (name,) in engine.query("select name from system.databases")}
