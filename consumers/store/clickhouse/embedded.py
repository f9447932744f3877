"""ClickHouse in this process: chDB. Imported where it is needed, for its import takes a second and 200 MB of pages."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

from chdb.session import Session
from pydantic_core import from_json

from consumers.store.clickhouse.definitions import remove_empty
from consumers.store.clickhouse.dialect import CURRENT, Dialect
from consumers.store.clickhouse.engine import Columns, EngineError, Parameter
from consumers.store.clickhouse.native import block, stated
from consumers.store.clickhouse.plain_path import plain_path
from consumers.store.clickhouse.table import Table

# Its own defaults are those of a server that has the machine to itself: caches of 5 GB, 16 threads that merge.
# No limit on the memory of the whole: it would count what the gateway uses too, and refuse questions for it.
_ARGUMENTS = {
    "max_threads": 2,
    "background_pool_size": 2,
    "background_schedule_pool_size": 2,
    "mark_cache_size": 16 << 20,
    "index_mark_cache_size": 4 << 20,
    "primary_index_cache_size": 32 << 20,
    "query_condition_cache_size": 4 << 20,
    "max_memory_usage": 256 << 20,
}
# A device with a broken clock may name any month; its rows are few, and no reason to refuse the block.
_SETTINGS = "set max_partitions_per_insert_block = 0"


class EmbeddedEngine:
    """One session of chDB. All sessions of a process share the engine and its directory, which no other may open."""

    def __init__(self, directory: Path) -> None:
        directory = directory.absolute()
        directory.mkdir(parents=True, exist_ok=True)
        remove_empty(directory)
        arguments = "&".join(f"{name}={value}" for name, value in _ARGUMENTS.items())
        self._lock = Lock()
        with _as_engine_error():
            session: Any = Session  # its methods are not typed
            self._session = session(f"{plain_path(directory)}?{arguments}")
            self._session.query(_SETTINGS)

    @property
    def dialect(self) -> Dialect:
        return CURRENT

    @property
    def lingers(self) -> bool:
        return False

    def use(self, database: str) -> None:
        self.execute(f"use {database}")

    def execute(self, statement: str, parameters: Mapping[str, Parameter] | None = None) -> None:
        with self._lock, _as_engine_error():
            self._session.query(statement, params=_bound(parameters))

    def insert(self, table: Table, columns: Columns) -> None:
        # Not `send_insert`: where the disk is full that says that it wrote the rows, and they are not there. Nor a
        # table of Arrow: chDB and Arrow both import pandas for it, half as long as chDB itself and 70 MB.
        names = ", ".join(table.column_names)
        with self._lock, _as_engine_error(), _in_memory(block(table, columns)) as path:
            self._session.query(
                f"insert into {table.name} ({names}) select * from file('{path}', Native, '{stated(table)}')"
            )

    def query(self, question: str, parameters: Mapping[str, Parameter] | None = None) -> list[list[Any]]:
        with self._lock, _as_engine_error():
            answer = self._session.query(question, "JSONCompactEachRow", params=_bound(parameters)).bytes()
        rows: list[list[Any]] = from_json(b"[" + b",".join(answer.splitlines()) + b"]")
        return rows

    def close(self) -> None:
        with self._lock:
            self._session.close()


def _bound(parameters: Mapping[str, Parameter] | None) -> dict[str, Parameter] | None:
    return dict(parameters) if parameters else None


@contextmanager
def _in_memory(data: bytes) -> Iterator[str]:
    """The path of a file with this content, which no disk has."""
    with os.fdopen(os.memfd_create("rows"), "wb") as file:
        file.write(data)
        file.flush()
        yield f"/proc/self/fd/{file.fileno()}"


@contextmanager
def _as_engine_error() -> Iterator[None]:
    """chDB raises `RuntimeError` and kin of it; the first line says what is wrong."""
    try:
        yield
    except RuntimeError as error:
        raise EngineError(str(error).split("\n", 1)[0]) from error
