"""A ClickHouse server over its native protocol."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event, Lock
from typing import Any

from clickhouse_driver import Client
from clickhouse_driver.errors import Error

from consumers.warehouse.dialect import Dialect, of_version
from consumers.warehouse.engine import Columns, EngineError, Parameter
from consumers.warehouse.tables import Kind, Table

_PARAMETER = re.compile(r"\{(\w+):\w+\}")
_MUTATION = re.compile(r"alter table (\w+) delete ")
_MUTATION_POLL_S = 0.2


@dataclass(frozen=True, slots=True)
class Server:
    """Where the server is, and as whom to log in."""

    host: str
    port: int = 9000
    user: str = "default"
    password: str = ""


class ServerEngine:
    """One connection, made anew by the driver where it was lost."""

    def __init__(self, server: Server) -> None:
        self._lock = Lock()
        self._database = "default"
        self._client = Client(
            server.host, server.port, user=server.user, password=server.password, connect_timeout=5, tcp_keepalive=True
        )
        with self._lock, self._told():
            [[version]] = self._client.execute("select version()")
        self._dialect = of_version(int(version.split(".")[0]))
        if self._dialect.waits_for_mutations:
            self._client.settings |= {"mutations_sync": 2, "max_partitions_per_insert_block": 0}

    @property
    def dialect(self) -> Dialect:
        return self._dialect

    def use(self, database: str) -> None:
        self.execute(f"use {database}")
        # What a new connection is to begin with.
        self._client.connection.database = database
        self._database = database

    def execute(self, statement: str, parameters: Mapping[str, Parameter] | None = None) -> None:
        with self._lock, self._told():
            self._client.execute(*_substituted(statement, parameters))
        mutated = _MUTATION.match(statement)
        if mutated and not self._dialect.waits_for_mutations:
            self._wait_for_mutations(mutated[1])

    def insert(self, table: Table, columns: Columns) -> None:
        text = f"insert into {table.name} ({', '.join(table.column_names)}) values"
        values = [self._values(kind, column) for column, (_, kind) in zip(columns, table.columns, strict=True)]
        with self._lock, self._told():
            self._client.execute(text, values, columnar=True)

    def query(self, question: str, parameters: Mapping[str, Parameter] | None = None) -> list[list[Any]]:
        with self._lock, self._told():
            return [list(row) for row in self._client.execute(*_substituted(question, parameters))]

    def close(self) -> None:
        with self._lock:
            self._client.disconnect()

    def _values(self, kind: Kind, column: Any) -> list[Any]:
        if kind is Kind.MOMENT and self._dialect.moments_per_second == 1:
            return [milliseconds // 1000 for milliseconds in column]
        return list(column)

    def _wait_for_mutations(self, table: str) -> None:
        pending = (
            "select count() from system.mutations "
            "where database = {database:String} and table = {table:String} and not is_done"
        )
        while self.query(pending, {"database": self._database, "table": table}) != [[0]]:
            Event().wait(_MUTATION_POLL_S)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """A connection whose answer was not read to its end is of no more use."""
        try:
            yield
        except (Error, OSError, EOFError) as error:
            self._client.disconnect()
            raise EngineError(str(error).split("\n", 1)[0] or type(error).__name__) from error


def _substituted(text: str, parameters: Mapping[str, Parameter] | None) -> tuple[str, dict[str, Parameter] | None]:
    """The driver quotes values into `%(name)s`; servers before 2019 know no other way."""
    if not parameters:
        return text, None
    return _PARAMETER.sub(r"%(\1)s", text.replace("%", "%%")), dict(parameters)
