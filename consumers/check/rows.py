"""The rows of the warehouse equal the fold of the journal, where nobody else has them open."""

import fcntl
from contextlib import closing
from pathlib import Path

from consumers.check.findings import Findings
from consumers.clickhouse.engine import Engine, EngineError
from consumers.clickhouse.table import Table
from consumers.hub import Hub
from consumers.journal.configured import journal_of
from consumers.rebuilding.whole import Progress
from consumers.warehouse.fold import Fold
from consumers.warehouse.store import Generations, Store
from consumers.warehouse.tables import TABLES
from consumers.warehouse.warehouse import Settings

PART = "warehouse"


def check_rows(hub: Hub, progress: Progress) -> Findings:
    """Folds into a generation of its own, and compares count and hash of each table."""
    findings = Findings(PART)
    directory = hub.data / PART
    if not directory.exists():
        findings.note("no rows")
        return findings
    if _is_taken(directory):
        findings.note("not compared: chDB belongs to one process, and another has it now, such as the gateway")
        return findings
    try:
        engine = _engine(directory)
    except EngineError as error:
        findings.note(f"not compared: chDB cannot open the rows ({error})")
        return findings
    with closing(engine):
        _fold_and_compare(findings, engine, hub, progress)
    return findings


def _fold_and_compare(findings: Findings, engine: Engine, hub: Hub, progress: Progress) -> None:
    with closing(journal_of(hub).reader()) as journal:
        generations = Generations(engine, Settings().keep_days)
        live, shadow = generations.current(), generations.next()
        try:
            first = journal.floor()
            engine.use(live.database)
            [[upto]] = engine.query("select max(position) from checkpoint")
            engine.use(shadow.database)
            fold = Fold(journal, shadow)
            while fold.position < upto and fold.advance():
                progress(min(fold.position, upto), upto)
            for table in TABLES:
                _compare(findings, engine, table, (live, shadow), (first, upto))
        finally:
            generations.drop_others(live)


def _is_taken(directory: Path) -> bool:
    """Looked at beforehand: where chDB cannot have its directory, it tells so itself on standard error, in its words.

    It holds a lock on its file `status` for as long as it is open.
    """
    try:
        with (directory / "status").open("rb") as status:
            fcntl.flock(status, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def _engine(directory: Path) -> Engine:
    from consumers.clickhouse.embedded import EmbeddedEngine  # takes a second

    return EmbeddedEngine(directory)


def _compare(
    findings: Findings, engine: Engine, table: Table, stores: tuple[Store, Store], span: tuple[int, int]
) -> None:
    columns = ", ".join(table.column_names)
    found = []
    for store in stores:
        question = (
            f"select count(), groupBitXor(cityHash64({columns})) from {store.database}.{table.name}"  # noqa: S608 - names of ours
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
