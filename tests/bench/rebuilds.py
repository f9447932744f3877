"""How fast views and rows are folded again from a day of 1,000,000 events, and how long it takes to verify them."""

import subprocess
import sys
import time
from collections.abc import Callable, Collection
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from bus_schemas.event import Event
from consumers.engine import checkpoint, view_files
from consumers.engine.follower import ConsumerContext
from consumers.engine.projection import Projection
from consumers.engine.rebuild.whole import REBUILD_BATCH
from consumers.engine.sink import Sink
from consumers.engine.view_creation import create
from consumers.hub_config import HubConfig
from consumers.registry import CONSUMERS, consumer_registry
from consumers.store.clickhouse.embedded import EmbeddedEngine
from consumers.store.journal.reader import SqliteJournalReader
from consumers.upkeep.maintenance import rebuild_view
from consumers.views.warehouse.fold import Fold
from consumers.views.warehouse.rows import MODELS
from consumers.views.warehouse.store import Generations
from consumers.views.warehouse.tables import TABLES
from producer.garbage import spare_the_collector
from tests.bench import day
from tests.bench.measure import Measurement, summary

REBUILT_PER_S = 200_000
ROWS_PER_S = 100_000
VERIFIED_MS = 60_000
# Its work is drawing 1,440 minutes, for which there is a benchmark of its own.
DRAWN = "mosaics"


def case_day() -> list[Measurement]:
    """Reading the log, each projection's rebuild with its swap, rows with chDB, and then the proof that all is so."""
    with TemporaryDirectory() as directory:
        data = Path(directory)
        day.write(data / "journal")
        hub = day.hub(data)
        spare_the_collector()
        found = _reading(data)
        found += [_rebuilt(made, hub) for made in _projections(hub)]
        return [*found, _rows(data), _verified(hub)]


def _projections(hub: HubConfig) -> list[Projection]:
    found = []
    for make in CONSUMERS.values():
        made = make(hub)
        if isinstance(made, Sink):
            made.close()
        else:
            found.append(made)
    return found


def _taken(act: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds, by the clock and of the processors."""
    begin, worked = time.perf_counter(), time.process_time()
    act()
    return (time.perf_counter() - begin) * 1000, (time.process_time() - worked) * 1000


def _once(case: str, act: Callable[[], object], includes: str) -> Measurement:
    """A day is long enough to be measured once. What the processors did says more where others use them too."""
    taken, worked = _taken(act)
    found = summary(case, [taken], f"{includes}; {worked * 1000 / day.EVENTS:.2f} µs of CPU an event")
    return replace(found, items=day.EVENTS)


def _reading(data: Path) -> list[Measurement]:
    with closing(SqliteJournalReader(data / "journal")) as journal:
        return [
            _once("log of 1 M events: records", lambda: _read(journal), "what its columns tell, bodies not parsed"),
            _once("log of 1 M events: events", lambda: _read(journal, parse=True), "every event parsed"),
        ]


def _read(journal: SqliteJournalReader, models: Collection[type[Event]] | None = None, *, parse: bool = False) -> None:
    after = 0
    while (batch := journal.read(after, models, REBUILD_BATCH)).records:
        if parse:
            assert all(record.event.id for record in batch.records)
        after = batch.upto


def _rebuilt(projection: Projection, hub: HubConfig) -> Measurement:
    with closing(SqliteJournalReader(hub.data / "journal")) as journal:
        _stand_at(journal.head(), projection, ConsumerContext(hub.data, journal, lambda: day.BEGIN))
        limit, _ = _taken(lambda: _read(journal, projection.models))
    name = projection.name
    includes = "read, fold, swap" if name != DRAWN else "and 1,440 mosaics of 50 cells whose pictures are gone"
    found = _once(
        f"rebuild {name}", lambda: rebuild_view(consumer_registry(hub), name, lambda done, of: None), includes
    )
    goal = REBUILT_PER_S if name != DRAWN else None
    return replace(found, limit="reading its types", limit_ms=limit, goal_per_s=goal)


def _stand_at(position: int, projection: Projection, context: ConsumerContext) -> None:
    """A view that claims to be folded up to here."""
    file = view_files.next_file(context.data, projection.name)
    view = create(projection, file)
    checkpoint.begin(view, position, projection.version)
    view.close()
    view_files.place(context.data, projection.name, file)


def _rows(data: Path) -> Measurement:
    with (
        closing(EmbeddedEngine(data / "warehouse")) as engine,
        closing(SqliteJournalReader(data / "journal")) as journal,
    ):
        store = Generations(engine, None).current()
        fold = Fold(journal, store)
        found = _once("log of 1 M events to rows", lambda: _catch_up(fold), "read, fold, insert with fsync, checkpoint")
        rows = sum(engine.query(f"select count() from {table.name}")[0][0] for table in TABLES)
        assert rows > day.EVENTS / 4
        limit, _ = _taken(lambda: _read(journal, MODELS))
    return replace(found, goal_per_s=ROWS_PER_S, limit="reading its types", limit_ms=limit)


def _catch_up(fold: Fold) -> None:
    while fold.advance():
        pass
    fold.save()


def _verified(hub: HubConfig) -> Measurement:
    """As the command does it: in a process that has not loaded chDB, whose threads no fork survives."""
    command = [sys.executable, "-m", "tests.bench.verifying", str(hub.data)]
    taken, _ = _taken(lambda: subprocess.run(command, check=True))
    return summary("verify a day of 1 M events", [taken], "journal, every view, rows", goal_ms=VERIFIED_MS)
