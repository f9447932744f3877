"""Every journal: the files of SQLite, and a ClickHouse in process, as a server is written to, and on a server."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from consumers.clickhouse.embedded import EmbeddedEngine
from consumers.clickhouse.engine import OpenEngine
from consumers.clickhouse.server import ServerEngine
from consumers.journal.clickhouse.store import ClickHouseStore
from consumers.journal.files import SqliteStore
from consumers.journal.store import JournalStore
from tests.clickhouse_server import ClickHouse

DATABASE = "journal"


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


@pytest.fixture(params=["sqlite", "chdb", "chdb through doors", "server"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[JournalStore]:
    if request.param == "sqlite":
        yield SqliteStore(tmp_path / "journal")
        return
    open_engine = _opener(request)
    yield ClickHouseStore(open_engine, DATABASE, "here", patience_s=0.5)
    with closing(open_engine()) as engine:
        engine.execute(f"drop database if exists {DATABASE}")


def _opener(request: pytest.FixtureRequest) -> OpenEngine:
    if request.param == "server":
        clickhouse: ClickHouse = request.getfixturevalue("clickhouse")
        return lambda: ServerEngine(clickhouse.server)
    directory: Path = request.getfixturevalue("kept_open")
    embedded = EmbeddedEngine if request.param == "chdb" else ThroughDoors
    return lambda: embedded(directory)
