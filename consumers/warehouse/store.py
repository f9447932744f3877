"""The rows of one generation and how far they go: what is inserted counts once, whenever the process dies.

Rows go in first, then the checkpoint. At start, rows beyond the checkpoint are deleted and folded again. Tokens of
deduplication are not used: a server remembers them after the rows are deleted, and would swallow the repetition.
"""

from collections.abc import Mapping

from consumers.warehouse.engine import Columns, Engine
from consumers.warehouse.tables import CHECKPOINT, TABLES, VERSION, Table, checkpoint_definition, definition

_CATALOGUE = "warehouse"
_PREFIX = "warehouse_"


class Store:
    """The rows of one database. Used by the thread that folds."""

    def __init__(self, engine: Engine, database: str) -> None:
        self.database = database
        self._engine = engine
        self._saved = 0
        engine.use(database)

    def recover(self) -> int:
        """Delete what goes beyond the checkpoint; the position to continue from."""
        [[self._saved]] = self._engine.query("select max(position) from checkpoint")
        for table in TABLES:
            beyond = {"position": self._saved}
            [[rows]] = self._engine.query(
                f"select count() from {table.name} where position > {{position:UInt64}}",  # noqa: S608 - our table
                beyond,
            )
            if rows:
                self._engine.execute(f"alter table {table.name} delete where position > {{position:UInt64}}", beyond)
        return self._saved

    @property
    def saved(self) -> int:
        """The checkpoint."""
        return self._saved

    def append(self, blocks: Mapping[Table, Columns], upto: int) -> None:
        """Insert the rows of the events up to a position, then the checkpoint."""
        for table, columns in blocks.items():
            self._engine.insert(table, columns)
        self.save(upto)

    def save(self, upto: int) -> None:
        self._engine.insert(CHECKPOINT, [["rows"], [upto]])
        self._saved = upto


class Generations:
    """Databases of rows, of which one is current; a rebuild fills the next, and then it is that one."""

    def __init__(self, engine: Engine, keep_days: int | None) -> None:
        self._engine = engine
        self._keep_days = keep_days
        engine.execute(f"create database if not exists {_CATALOGUE}")
        engine.execute(
            f"create table if not exists {_CATALOGUE}.current (generation UInt64, version UInt32) "
            "engine = ReplacingMergeTree(generation) order by tuple()"
        )
        engine.execute(
            f"create table if not exists {_CATALOGUE}.origin (since UInt64, life UInt64) "
            "engine = MergeTree order by since"
        )

    def current(self) -> Store:
        """The current generation; an empty one where there is none of this version."""
        newest = self._newest()
        if newest is None or newest[1] != VERSION:
            store = self.next()
            self.promote(store)
        else:
            store = Store(self._engine, _name(newest[0]))
        return store

    def of_journal(self, life: int) -> Store:
        """The current generation if its rows are of this journal (0 where nobody knows), else an empty one."""
        store = self.current()
        known = self._engine.query(f"select life from {_CATALOGUE}.origin order by since desc limit 1")  # noqa: S608 - ours
        if not life or (known and known[0][0] == life):
            return store
        if known:
            store = self.next()
            self.promote(store)
        since = 1 + self._engine.query(f"select count() from {_CATALOGUE}.origin")[0][0]  # noqa: S608 - ours
        self._engine.execute(
            f"insert into {_CATALOGUE}.origin select {{since:UInt64}}, {{life:UInt64}}", {"since": since, "life": life}
        )
        return store

    def next(self) -> Store:
        """An empty generation after the current one."""
        newest = self._newest()
        name = _name(1 if newest is None else newest[0] + 1)
        self._engine.execute(f"drop database if exists {name}")
        self._engine.execute(f"create database {name}")
        store = Store(self._engine, name)
        for table in TABLES:
            self._engine.execute(definition(table, self._engine.dialect, self._keep_days))
        self._engine.execute(checkpoint_definition())
        return store

    def promote(self, store: Store) -> None:
        """From here on this is the current generation."""
        generation = int(store.database.removeprefix(_PREFIX))
        self._engine.execute(
            f"insert into {_CATALOGUE}.current select {{generation:UInt64}}, {{version:UInt32}}",
            {"generation": generation, "version": VERSION},
        )

    def drop_others(self, store: Store) -> None:
        """Drop what was replaced, and what an interrupted rebuild left behind."""
        for (name,) in self._engine.query("select name from system.databases"):
            if name.startswith(_PREFIX) and name != store.database:
                self._engine.execute(f"drop database {name}")

    def _newest(self) -> tuple[int, int] | None:
        rows = self._engine.query(
            f"select generation, version from {_CATALOGUE}.current order by generation desc limit 1"  # noqa: S608 - ours
        )
        return (rows[0][0], rows[0][1]) if rows else None


def _name(generation: int) -> str:
    return f"{_PREFIX}{generation:d}"
