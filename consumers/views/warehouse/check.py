"""Checks that the rows of the warehouse equal the fold of the journal, if nobody else has them open."""

import re
import time
from contextlib import closing
from pathlib import Path

from consumers.engine.findings import Findings
from consumers.engine.rebuild.whole import Progress
from consumers.hub_config import ClickHouseServer, HubConfig
from consumers.store.clickhouse.engine import Engine, EngineError
from consumers.store.clickhouse.table import Kind, Table
from consumers.store.journal.configured import journal_of
from consumers.store.journal.record import JournalReader
from consumers.views.warehouse import WAREHOUSE
from consumers.views.warehouse.fold import Fold
from consumers.views.warehouse.store import Generations, Store, newest_generation, origin
from consumers.views.warehouse.tables import TABLES, VERSION
from consumers.views.warehouse.warehouse import WarehouseSettings
from producer.locks import holder_of

_LEFT_OVER_AFTER_S = 86_400


def check_rows(hub: HubConfig, progress: Progress) -> Findings:
    """Folds into a generation of its own, and compares count and hash of each table."""
    findings = Findings(WAREHOUSE)
    if hub.warehouse is not None:
        _check_served(findings, hub, hub.warehouse, progress)
    else:
        _check_embedded(findings, hub, progress)
    return findings


def _check_embedded(findings: Findings, hub: HubConfig, progress: Progress) -> None:
    directory = hub.data / WAREHOUSE
    if not directory.exists():
        findings.note("no rows")
        return
    if _is_taken(directory):
        findings.not_compared("chDB belongs to one process, and another has it now, such as the gateway")
        return
    try:
        engine = _engine(directory)
    except EngineError as error:
        findings.not_compared(f"chDB cannot open the rows ({error})")
        return
    with closing(engine), closing(journal_of(hub).reader()) as journal:
        generations = Generations(engine, WarehouseSettings().keep_days)
        live = generations.current()
        try:
            _fold_and_compare(findings, engine, journal, (live, generations.next()), progress)
        finally:
            generations.drop_others(live)


def _check_served(findings: Findings, hub: HubConfig, server: ClickHouseServer, progress: Progress) -> None:
    """Beside the writer, which may go on: only rows up to its checkpoint are looked at."""
    from consumers.store.clickhouse.server import ServerEngine  # only who names a server needs its driver

    try:
        with closing(ServerEngine(server)) as engine, closing(journal_of(hub).reader()) as journal:
            found = newest_generation(engine, server.database)
            if found is None:
                findings.note(f"no rows in {server.database} on {server.host}:{server.port}")
            elif found[1] != VERSION:
                findings.not_compared(
                    f"the rows are of version {found[1]} and are folded anew to {VERSION} by their writer"
                )
            elif origin(engine, server.database) not in (0, journal.journal_id()):
                findings.fault(f"the rows in {server.database} are of another journal")
            else:
                _compare_served(findings, engine, journal, (server.database, found[0]), progress)
    except EngineError as error:
        findings.not_compared(f"the server of the rows, {server.host}:{server.port}, does not answer: {error}")


def _compare_served(
    findings: Findings, engine: Engine, journal: JournalReader, names: tuple[str, str], progress: Progress
) -> None:
    """`names` are those of the warehouse and of its current generation."""
    name, live = names
    _drop_left_over(engine, name)
    shadow = f"{name}_verify_{time.time_ns() // 1_000_000_000}"
    try:
        stores = Store(engine, live), Generations(engine, None, name).empty(shadow)
        _fold_and_compare(findings, engine, journal, stores, progress)
    finally:
        engine.execute(f"drop database if exists {shadow}")


def _drop_left_over(engine: Engine, name: str) -> None:
    """Remove the rest of a check that was killed."""
    for (database,) in engine.query("select name from system.databases"):
        begun = re.fullmatch(rf"{name}_verify_(\d+)", database)
        if begun is not None and time.time() - int(begun[1]) > _LEFT_OVER_AFTER_S:
            engine.execute(f"drop database if exists {database}")


def _fold_and_compare(
    findings: Findings, engine: Engine, journal: JournalReader, stores: tuple[Store, Store], progress: Progress
) -> None:
    live, shadow = stores
    first = journal.floor()
    engine.use(live.database)
    [[upto]] = engine.query("select max(position) from checkpoint")
    engine.use(shadow.database)
    fold = Fold(journal, shadow)
    while fold.position < upto and fold.advance():
        progress(min(fold.position, upto), upto)
    for table in TABLES:
        _compare(findings, engine, table, stores, (first, upto))


def _is_taken(directory: Path) -> bool:
    """Checked beforehand, because chDB prints an error of its own where it cannot have its directory.

    It holds a lock on its file `status` for as long as it is open.
    """
    return holder_of(directory / "status") is not None


def _engine(directory: Path) -> Engine:
    from consumers.store.clickhouse.embedded import EmbeddedEngine  # takes a second

    return EmbeddedEngine(directory)


def _compare(
    findings: Findings, engine: Engine, table: Table, stores: tuple[Store, Store], span: tuple[int, int]
) -> None:
    columns = ", ".join(_hashed(name, kind) for name, kind in table.columns)
    found = []
    for store in stores:
        question = (
            f"select count(), groupBitXor(cityHash64({columns})) from {store.database}.{table.name}"  # noqa: S608 - ours
            " where position between {first:UInt64} and {last:UInt64}"
        )
        found.append(engine.query(question, {"first": span[0], "last": span[1]})[0])
    (rows, one), (folded, other) = found
    if (rows, one) == (folded, other):
        findings.note(f"{table.name}: {int(rows):,} rows equal the fold of the journal up to position {span[1]:,}")
    else:
        findings.fault(
            f"table {table.name}: {int(rows):,} rows, the fold of the journal has {int(folded):,}, or others"
        )


def _hashed(name: str, kind: Kind) -> str:
    """The hash of a row in which something is null would be null, and not be counted."""
    return f"isNull({name}), ifNull({name}, 0)" if kind is Kind.REAL_OR_NONE else name
