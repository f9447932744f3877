"""The protocol of a ClickHouse engine, in process or on a server."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from consumers.store.clickhouse.dialect import Dialect
from consumers.store.clickhouse.table import Table

Parameter = str | int
Columns = Sequence[Sequence[Any]]
"""Values by column, in the order of the table's columns; moments are milliseconds since 1970."""


class EngineError(RuntimeError):
    """The engine refused or could not be reached; what it said is the message."""


class Engine(Protocol):
    """One connection to a ClickHouse. Several threads may use it; it takes them one after the other.

    Statements name parameters as `{name:Type}`, and tables of the database that `use` chose last.
    Every method raises `EngineError`.
    """

    @property
    def dialect(self) -> Dialect: ...

    @property
    def lingers(self) -> bool:
        """Whether an insert may still take effect after its sender has ended and another one has begun."""
        ...

    def use(self, database: str) -> None: ...

    def execute(self, statement: str, parameters: Mapping[str, Parameter] | None = None) -> None:
        """Run what answers nothing. It has taken effect on return."""
        ...

    def insert(self, table: Table, columns: Columns) -> None:
        """Insert as one block, durable on return."""
        ...

    def query(self, question: str, parameters: Mapping[str, Parameter] | None = None) -> list[list[Any]]:
        """The rows of the answer."""
        ...

    def close(self) -> None: ...


OpenEngine = Callable[[], Engine]
