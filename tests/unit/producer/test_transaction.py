"""All of it or nothing, whatever goes wrong."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from producer.transaction import transaction


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    made = sqlite3.connect(tmp_path / "some.sqlite", isolation_level=None, timeout=0)
    made.execute("create table rows (value integer primary key)")
    yield made
    made.close()


def values(connection: sqlite3.Connection) -> list[int]:
    return [value for (value,) in connection.execute("select value from rows order by value")]


def test_what_ends_well_is_there(connection: sqlite3.Connection) -> None:
    with transaction(connection) as inside:
        inside.execute("insert into rows values (1), (2)")

    assert values(connection) == [1, 2]
    assert not connection.in_transaction


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_what_raises_leaves_nothing(connection: sqlite3.Connection, error: type[BaseException]) -> None:
    def fail() -> None:
        with transaction(connection):
            connection.execute("insert into rows values (1)")
            raise error

    with pytest.raises(error):
        fail()

    assert values(connection) == []
    assert not connection.in_transaction


def test_what_sqlite_has_undone_itself_is_raised_as_it_was(connection: sqlite3.Connection) -> None:
    def conflict() -> None:
        with transaction(connection):
            connection.execute("insert into rows values (1)")
            connection.execute("insert or rollback into rows values (1)")

    with pytest.raises(sqlite3.IntegrityError):
        conflict()

    assert values(connection) == []


def test_nobody_else_writes_meanwhile(connection: sqlite3.Connection, tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "some.sqlite", isolation_level=None, timeout=0)
    with transaction(connection), pytest.raises(sqlite3.OperationalError, match="locked"), transaction(other):
        pass
    other.close()
