"""What a fold of the warehouse needs in the process that is killed and in the one that looks: journal and engine.

`python -m tests.faults.warehouse_fold WHERE` is the one that is killed; after each block it says how far it is.
"""

import json
import sys
from pathlib import Path

from consumers.hub_config import ClickHouseServer
from consumers.store.clickhouse.embedded import EmbeddedEngine
from consumers.store.clickhouse.engine import Engine
from consumers.store.clickhouse.server import ServerEngine
from consumers.views.warehouse import fold
from consumers.views.warehouse.store import Generations
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


def main() -> None:
    fold.BLOCK = fold.PAGE = 50
    folding = fold.Fold(journal(), Generations(engine_of(sys.argv[1]), None).current())
    while folding.advance():
        sys.stdout.write(f"{folding.position}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
