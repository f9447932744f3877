"""Every ClickHouse that the warehouse runs on: all of them have to do the same."""

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from consumers.warehouse.embedded import EmbeddedEngine
from consumers.warehouse.engine import Engine, OpenEngine
from consumers.warehouse.server import ServerEngine
from tests.clickhouse_server import ClickHouse


class ThroughDoors(EmbeddedEngine):
    """The newest dialect, written to as a server is."""

    @property
    def lingers(self) -> bool:
        return True


@pytest.fixture(params=["chdb", "chdb through doors", "server"])
def open_engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OpenEngine]:
    if request.param == "server":
        server: ClickHouse = request.getfixturevalue("clickhouse")
        yield lambda: ServerEngine(server.server)
        drop_all(server)
    else:
        engine = EmbeddedEngine if request.param == "chdb" else ThroughDoors
        yield lambda: engine(tmp_path / "warehouse")


@pytest.fixture
def served(clickhouse: ClickHouse) -> Iterator[ClickHouse]:
    """The server, empty."""
    yield clickhouse
    drop_all(clickhouse)


@pytest.fixture
def engine(open_engine: OpenEngine) -> Iterator[Engine]:
    with closing(open_engine()) as engine:
        yield engine


def drop_all(clickhouse: ClickHouse) -> None:
    with closing(ServerEngine(clickhouse.server)) as engine:
        for (name,) in engine.query("select name from system.databases"):
            if re.fullmatch(r"warehouse(_\d+)?", name):
                engine.execute(f"drop database {name}")
