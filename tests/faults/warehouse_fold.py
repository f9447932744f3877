"""What a fold of the warehouse needs in the process that is killed and in the one that looks: journal and engine."""

import json
from pathlib import Path

from consumers.hub_config import ClickHouseServer
from consumers.store.clickhouse.embedded import EmbeddedEngine
from consumers.store.clickhouse.engine import Engine
from consumers.store.clickhouse.server import ServerEngine
from tests.builders import at, detection, thermal
from tests.memory_journal import MemoryJournal

EVENTS = 5000


def journal() -> MemoryJournal:
    """The same events in every process."""
    kinds = (detection, thermal)
    return MemoryJournal(kinds[number % 2](at(number), id=f"e-{number}") for number in range(EVENTS))


def engine_of(where: str) -> Engine:
    """A directory, or a server as JSON."""
    if where.startswith("{"):
        return ServerEngine(ClickHouseServer(**json.loads(where)))
    return EmbeddedEngine(Path(where))
