"""Every ClickHouse there is: in process, in process but written to as a server is, and a server."""

from pathlib import Path

import pytest

from consumers.store.clickhouse.embedded import EmbeddedEngine
from consumers.store.clickhouse.engine import OpenEngine
from consumers.store.clickhouse.server import ServerEngine
from tests.clickhouse_server import ClickHouse

KINDS = tuple(pytest.param(kind, marks=pytest.mark.processes) for kind in ("chdb", "chdb through doors", "server"))


class ThroughDoors(EmbeddedEngine):
    """The newest dialect, written to as a server is."""

    @property
    def lingers(self) -> bool:
        return True


def opener(request: pytest.FixtureRequest) -> OpenEngine:
    """For a fixture whose parameter is one of `KINDS`, of which those in process share one directory."""
    if request.param == "server":
        clickhouse: ClickHouse = request.getfixturevalue("clickhouse")
        return lambda: ServerEngine(clickhouse.server)
    directory: Path = request.getfixturevalue("kept_open")
    embedded = EmbeddedEngine if request.param == "chdb" else ThroughDoors
    return lambda: embedded(directory)
