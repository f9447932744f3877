"""Events that a consumer could not take: kept beside its checkpoint, with the error, and committed with it.

The newest of them may be an open run: nothing was taken since, so the view is as it was before the first of them, and
they can be tried again. Others are folded again by a rebuild.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bus_schemas.event import iso
from consumers.store.journal.record import Recorded

SCHEMA = """
create table if not exists set_aside (
    position integer primary key, event_id text not null, type text not null, source text not null,
    error text not null, at text not null, version integer not null, is_open integer not null
) strict;
create table if not exists set_aside_total (
    only integer primary key check (only = 1), count integer not null
) strict;
"""
TABLES = ("set_aside", "set_aside_total")
MAX_KEPT = 10_000
"""Beyond this many, the oldest are only counted; the journal has them all."""
MAX_ERROR = 400


@dataclass(frozen=True, slots=True)
class SetAsideEvent:
    """An event, and what the consumer's code raised on it."""

    position: int
    event_id: str
    type: str
    source: str
    error: str
    at: str


def of(record: Recorded, error: BaseException, now: datetime) -> SetAsideEvent:
    """Asks the record for nothing that it may be damaged in."""
    text = f"{type(error).__name__}: {error}"[:MAX_ERROR]
    try:
        event_id, kind, source = record.id, record.model.__name__.removesuffix("Event").lower(), record.source
    except Exception:  # noqa: BLE001 - whatever a damaged record raises, it is set aside all the same
        event_id, kind, source = "?", "?", "?"
    return SetAsideEvent(record.position, event_id, kind, source, text, iso(now))


def add(view: sqlite3.Connection, events: Sequence[SetAsideEvent], version: int, open_from: int) -> None:
    """In the transaction of the checkpoint. Those from the position `open_from` on are the open run."""
    if not events:
        return
    view.executemany(
        "insert or replace into set_aside values (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (it.position, it.event_id, it.type, it.source, it.error, it.at, version, it.position >= open_from)
            for it in events
        ],
    )
    view.execute(
        "insert into set_aside_total values (1, ?) on conflict do update set count = count + excluded.count",
        (len(events),),
    )
    view.execute(
        "delete from set_aside where position <= (select position from set_aside order by position desc"
        " limit 1 offset ?)",
        (MAX_KEPT,),
    )


def close_run(view: sqlite3.Connection) -> None:
    """Something was taken: what was set aside before stays so."""
    view.execute("update set_aside set is_open = 0 where is_open = 1")


def open_run(view: sqlite3.Connection) -> list[SetAsideEvent]:
    """The newest ones, behind which nothing was taken."""
    return _read(view, "where is_open = 1 order by position")


def take_back(view: sqlite3.Connection) -> int | None:
    """Forget the open run, which is to be tried again; the position before it."""
    run = open_run(view)
    if not run:
        return None
    view.execute("delete from set_aside where is_open = 1")
    view.execute("update set_aside_total set count = max(0, count - ?)", (len(run),))
    return run[0].position - 1


def forget(view: sqlite3.Connection, positions: Iterable[int]) -> None:
    view.executemany("delete from set_aside where position = ?", ((position,) for position in positions))


def newest(view: sqlite3.Connection, limit: int = 50) -> list[SetAsideEvent]:
    return _read(view, f"order by position desc limit {limit:d}")


def positions(view: sqlite3.Connection) -> frozenset[int]:
    """The positions of all that are kept; none in a view that is older than this table."""
    if not is_there(view):
        return frozenset()
    return frozenset(position for (position,) in view.execute("select position from set_aside"))


def total(view: sqlite3.Connection) -> int:
    """The number of events that were ever set aside in this view."""
    if not is_there(view):
        return 0
    found = view.execute("select count from set_aside_total").fetchone()
    return 0 if found is None else int(found[0])


def since(view: sqlite3.Connection, moment: datetime) -> list[SetAsideEvent]:
    """Those that were set aside after a moment, the newest first."""
    if not is_there(view):
        return []
    columns = "position, event_id, type, source, error, at"
    query = f"select {columns} from set_aside where at > ? order by position desc"
    return [SetAsideEvent(*row) for row in view.execute(query, (iso(moment),))]


def is_there(view: sqlite3.Connection) -> bool:
    return view.execute("select 1 from sqlite_master where name = 'set_aside_total'").fetchone() is not None


def _read(view: sqlite3.Connection, rest: str) -> list[SetAsideEvent]:
    columns = "position, event_id, type, source, error, at"
    return [SetAsideEvent(*row) for row in view.execute(f"select {columns} from set_aside {rest}")]
