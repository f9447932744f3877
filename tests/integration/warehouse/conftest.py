"""Every ClickHouse that the warehouse runs on: all of them have to do the same."""

import re
from collections.abc import Iterator
from contextlib import closing

import pytest

from consumers.store.clickhouse.engine import Engine, OpenEngine
from consumers.store.clickhouse.server import ServerEngine
from tests.clickhouse_kinds import KINDS, opener
from tests.clickhouse_server import ClickHouse


@pytest.fixture(params=KINDS)
def open_engine(request: pytest.FixtureRequest) -> Iterator[OpenEngine]:
    opened = opener(request)
    yield opened
    drop_all(opened)


@pytest.fixture
def served(clickhouse: ClickHouse) -> Iterator[ClickHouse]:
    """The server, empty."""
    yield clickhouse
    drop_all(lambda: ServerEngine(clickhouse.server))


@pytest.fixture
def engine(open_engine: OpenEngine) -> Iterator[Engine]:
    with closing(open_engine()) as engine:
        yield engine


def drop_all(open_engine: OpenEngine) -> None:
    with closing(open_engine()) as engine:
        for (name,) in engine.query("select name from system.databases"):
            if re.fullmatch(r"warehouse(_\d+)?", name):
                engine.execute(f"drop database {name}")
