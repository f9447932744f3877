"""A ClickHouse server over its native protocol."""

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Lock
from typing import Any

from clickhouse_driver import Client
from clickhouse_driver.errors import Error, ErrorCodes, ServerException

from consumers.hub_config import ClickHouseServer
from consumers.store.clickhouse.dialect import Dialect, of_version
from consumers.store.clickhouse.engine import Columns, EngineError, Parameter
from consumers.store.clickhouse.table import Kind, Table

_PARAMETER = re.compile(r"\{(\w+):\w+\}")
_LATEST_S = 2**32 - 1
_TIMES = {"connect_timeout": 5, "sync_request_timeout": 5, "send_receive_timeout": 60}
# Seconds that the server waits for the rest of an insert: a writer that is cut off holds up the next one no longer.
_SETTINGS = {"receive_timeout": 10}

# The driver logs each connection that fails, with a traceback; it is raised too, and whoever catches it logs it once.
logging.getLogger("clickhouse_driver").addHandler(logging.NullHandler())


class ServerEngine:
    """One connection, made anew by the driver where it was lost."""

    def __init__(self, server: ClickHouseServer) -> None:
        self._lock = Lock()
        self._client = Client(
            server.host,
            server.port,
            user=server.user,
            password=server.password,
            secure=server.secure,
            tcp_keepalive=True,
            settings=dict(_SETTINGS),
            **_TIMES,
        )
        with self._lock, self._as_engine_error():
            [[version]] = self._client.execute("select version()")
        self._dialect = of_version(int(version.split(".")[0]))
        if self._dialect.limits_partitions:
            # A device with a broken clock may name any month.
            self._client.settings["max_partitions_per_insert_block"] = 0

    @property
    def dialect(self) -> Dialect:
        return self._dialect

    @property
    def lingers(self) -> bool:
        return True

    def use(self, database: str) -> None:
        self.execute(f"use {database}")
        # What a new connection is to begin with.
        self._client.connection.database = database

    def execute(self, statement: str, parameters: Mapping[str, Parameter] | None = None) -> None:
        with self._lock, self._as_engine_error():
            self._client.execute(*_substituted(statement, parameters))

    def insert(self, table: Table, columns: Columns) -> None:
        text = f"insert into {table.name} ({', '.join(table.column_names)}) values"
        values = [self._values(kind, column) for column, (_, kind) in zip(columns, table.columns, strict=True)]
        with self._lock, self._as_engine_error():
            self._client.execute(text, values, columnar=True)

    def query(self, question: str, parameters: Mapping[str, Parameter] | None = None) -> list[list[Any]]:
        with self._lock, self._as_engine_error():
            return [list(row) for row in self._client.execute(*_substituted(question, parameters))]

    def close(self) -> None:
        with self._lock:
            self._client.disconnect()

    def _values(self, kind: Kind, column: Any) -> list[Any]:
        if kind is Kind.MOMENT and self._dialect.moments_per_second == 1:
            return [min(max(milliseconds // 1000, 0), _LATEST_S) for milliseconds in column]
        return list(column)

    @contextmanager
    def _as_engine_error(self) -> Iterator[None]:
        """A connection whose answer was not read to its end is of no more use."""
        try:
            yield
        except (Error, OSError, EOFError) as error:
            self._client.disconnect()
            if isinstance(error, ServerException) and error.code == ErrorCodes.UNKNOWN_DATABASE:
                # It was dropped, and to begin with it again would refuse every new connection.
                self._client.connection.database = ""
            raise EngineError(_reason(error)) from error


def _reason(error: Exception) -> str:
    """The line that says it: the first is but a number where the server refused, and its stack comes after."""
    lines = [line.strip() for line in str(error).split("Stack trace")[0].splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__


def _substituted(text: str, parameters: Mapping[str, Parameter] | None) -> tuple[str, dict[str, Parameter] | None]:
    """The driver quotes values into `%(name)s`; servers before 2019 know no other way."""
    if not parameters:
        return text, None
    return _PARAMETER.sub(r"%(\1)s", text.replace("%", "%%")), dict(parameters)
