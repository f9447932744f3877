"""Elects the writer of a journal that many machines can reach: the newest term, never taken from a live writer."""

from dataclasses import dataclass
from secrets import token_hex
from threading import Event
from time import monotonic

from consumers.store.clickhouse.engine import Engine
from consumers.store.journal.clickhouse.tables import WRITERS, within
from consumers.store.journal.store import JournalInUse

# Ingest writes a beat of its own every 5 s; who has written nothing for so long is gone, or is shut out.
TIMEOUT_S = 12.0
_POLL_S = 0.25


@dataclass(frozen=True, slots=True, order=True)
class Term:
    """Numbers may be given twice by two that begin in one moment; then the token decides."""

    number: int
    token: str


def newest(engine: Engine, database: str) -> tuple[Term, str] | None:
    """The last term, and whose it is."""
    rows = engine.query(f"select term, token, owner from {database}.writers order by term desc, token desc limit 1")
    return (Term(int(rows[0][0]), rows[0][1]), rows[0][2]) if rows else None


def claim(engine: Engine, database: str, owner: str, timeout_s: float = TIMEOUT_S) -> Term:
    """Begin a term. Only one of an owner can run on its machine, so it need not wait for itself.

    Raises `JournalInUse`.
    """
    before = newest(engine, database)
    if before is not None and before[1] != owner:
        _wait_for_silence(engine, database, before[1], timeout_s)
    term = Term(1 if before is None else before[0].number + 1, token_hex(8))
    engine.insert(within(database, WRITERS), [[term.number], [term.token], [owner]])
    return term


def confirm(engine: Engine, database: str, term: Term) -> None:
    """Raises `JournalInUse` where another has begun a term since."""
    found = newest(engine, database)
    if found is not None and found[0] > term:
        raise JournalInUse(f"{found[1]} writes the journal in the database {database} now")


def _wait_for_silence(engine: Engine, database: str, other: str, timeout_s: float) -> None:
    head = f"select max(position) from {database}.events"
    before = engine.query(head)
    deadline = monotonic() + timeout_s
    while monotonic() < deadline:
        Event().wait(_POLL_S)
        if engine.query(head) != before:
            raise JournalInUse(f"{other} writes the journal in the database {database}")
