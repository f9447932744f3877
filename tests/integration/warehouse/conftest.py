"""Every ClickHouse that the warehouse runs on: all of them have to do the same."""

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from consumers.clickhouse.embedded import EmbeddedEngine
from consumers.clickhouse.engine import Engine, OpenEngine
from consumers.clickhouse.server import ServerEngine
from tests.clickhouse_server import ClickHouse


class ThroughDoors(EmbeddedEngine):
    """The newest dialect, written to as a server is."""

    @property
    def lingers(self) -> bool:
        return True


@pytest.fixture(scope="module")
def kept_open(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A directory of chDB for all tests of a module: every time that it starts anew it leaves files open behind."""
    directory = tmp_path_factory.mktemp("chdb")
    with closing(EmbeddedEngine(directory)):
        yield directory


@pytest.fixture(params=["chdb", "chdb through doors", "server"])
def open_engine(request: pytest.FixtureRequest) -> Iterator[OpenEngine]:
    opened = _opener(request)
    yield opened
    drop_all(opened)


def _opener(request: pytest.FixtureRequest) -> OpenEngine:
    if request.param == "server":
        clickhouse: ClickHouse = request.getfixturevalue("clickhouse")
        return lambda: ServerEngine(clickhouse.server)
    directory: Path = request.getfixturevalue("kept_open")
    embedded = EmbeddedEngine if request.param == "chdb" else ThroughDoors
    return lambda: embedded(directory)


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
