"""A connection for reading the journal: opened on first use, also while there is no journal yet."""

from typing import Any

from consumers.store.clickhouse.engine import Engine, EngineError, OpenEngine, Parameter
from consumers.store.journal.store import JournalAway


class JournalConnection:
    """For use from one thread at a time."""

    def __init__(self, open_engine: OpenEngine, database: str) -> None:
        self.database = database
        self._open_engine = open_engine
        self._engine: Engine | None = None
        self._is_there = False

    def query(self, question: str, parameters: dict[str, Parameter] | None = None) -> list[list[Any]]:
        """No rows where there is no journal yet, or no more. Raises `JournalAway`."""
        try:
            if not self.is_there():
                return []
            return self._opened().query(question, parameters)
        except EngineError as error:
            self._is_there = False
            raise JournalAway(f"the journal cannot be read: {error}") from error

    def is_there(self) -> bool:
        """Whether the journal has been begun. Raises `EngineError`."""
        if not self._is_there:
            # The table that is made last.
            found = self._opened().query(
                "select count() from system.tables where database = {database:String} and name = 'writers'",
                {"database": self.database},
            )
            self._is_there = found == [[1]]
        return self._is_there

    def execute(self, statement: str) -> None:
        """Raises `JournalAway`."""
        try:
            self._opened().execute(statement)
        except EngineError as error:
            raise JournalAway(f"the journal cannot be changed: {error}") from error

    def _opened(self) -> Engine:
        if self._engine is None:
            self._engine = self._open_engine()
        return self._engine

    def close(self) -> None:
        if self._engine is not None:
            self._engine.close()
        self._engine = None
