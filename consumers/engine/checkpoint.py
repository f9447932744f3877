"""The last position that a consumer has finished, kept in the database of its view, and what stopped it."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from bus_schemas.event import iso
from consumers.engine import set_aside

SCHEMA = f"""
create table if not exists checkpoint (
    only integer primary key check (only = 1), position integer not null check (position >= 0),
    version integer not null, silent_until integer not null default 0
) strict;
create table if not exists failure (
    only integer primary key check (only = 1), position integer not null, event_id text not null,
    error text not null, at text not null
) strict;
create table if not exists origin (
    only integer primary key check (only = 1), journal integer not null
) strict;
create table if not exists refold (
    only integer primary key check (only = 1), goal integer not null
) strict;
create table if not exists made (
    only integer primary key check (only = 1), configuration text not null, floor integer not null,
    reaches integer not null
) strict;
{set_aside.SCHEMA}"""
TABLES = ("checkpoint", "failure", "origin", "refold", "made", *set_aside.TABLES)


class WentBackwards(ValueError):
    """A checkpoint would go back: two processes fold into one view, or the journal is another one."""


@dataclass(frozen=True, slots=True)
class Failure:
    """The first of the events of which a consumer could take none, and what its code raised."""

    position: int
    event_id: str
    error: str
    at: str


def load(view: sqlite3.Connection) -> int:
    found = view.execute("select position from checkpoint").fetchone()
    return 0 if found is None else int(found[0])


def version(view: sqlite3.Connection) -> int | None:
    """The version of the projection that the view was made by, `None` for a new one, or a file that is none."""
    if not _has_table(view, "checkpoint"):
        return None
    found = view.execute("select version from checkpoint").fetchone()
    return None if found is None else int(found[0])


def _has_table(view: sqlite3.Connection, name: str) -> bool:
    return view.execute("select 1 from sqlite_master where name = ?", (name,)).fetchone() is not None


def refold_goal(view: sqlite3.Connection) -> int | None:
    """Up to this position the view is folded again before it answers anything; `None` where it answers."""
    found = view.execute("select goal from refold").fetchone() if _has_table(view, "refold") else None
    return None if found is None else int(found[0])


def refold_until(view: sqlite3.Connection, goal: int | None) -> None:
    view.execute("delete from refold")
    if goal is not None:
        view.execute("insert into refold values (1, ?)", (goal,))


def silent_until(view: sqlite3.Connection) -> int:
    """Up to this position a fold emits nothing: what it decides there was emitted before."""
    found = view.execute("select silent_until from checkpoint").fetchone()
    return 0 if found is None else int(found[0])


def begin(view: sqlite3.Connection, position: int, made_by: int, silent: int = 0) -> None:
    """Set the checkpoint of a new view."""
    view.execute("insert into checkpoint values (1, ?, ?, ?)", (position, made_by, silent))


def is_of_another_journal(view: sqlite3.Connection, journal_id: int) -> bool:
    """Whether its positions are those of a journal that is gone. Views that do not say it yet count as of this one."""
    found = _has_table(view, "origin") and view.execute("select journal from origin").fetchone()
    return bool(found and journal_id and found[0] != journal_id)


def belong(view: sqlite3.Connection, journal_id: int) -> None:
    """Say of which journal the positions are, once that is known."""
    if journal_id:
        view.execute("insert or replace into origin values (1, ?)", (journal_id,))


@dataclass(frozen=True, slots=True)
class Made:
    """How the fold of a view began: the digest of the configuration that it was made with, and the floor of the journal
    then. `reaches` is a position before which it says nothing; it is below the floor where rows were carried over.
    """

    configuration: str
    floor: int
    reaches: int


def made(view: sqlite3.Connection, schema: str = "main") -> Made:
    """A view that does not say it yet, or is older than this table, may reach back to the very first event."""
    known = view.execute(f"select 1 from {schema}.sqlite_master where name = 'made'").fetchone()
    found = known and view.execute(f"select configuration, floor, reaches from {schema}.made").fetchone()
    return Made(*found) if found else Made("", 1, 1)


def make(view: sqlite3.Connection, made: Made) -> None:
    view.execute("insert or replace into made values (1, ?, ?, ?)", (made.configuration, made.floor, made.reaches))


def begin_again(view: sqlite3.Connection) -> None:
    """Set the checkpoint before everything that another journal holds."""
    view.execute("update checkpoint set position = 0, silent_until = 0")


def save(view: sqlite3.Connection, position: int) -> None:
    """Move the checkpoint. Raises `WentBackwards`."""
    before = load(view)
    if position < before:
        raise WentBackwards(f"the checkpoint is at {before} and cannot go back to {position}")
    view.execute("update checkpoint set position = ?", (position,))


def go_back(view: sqlite3.Connection, position: int) -> None:
    """Move the checkpoint in front of events that were set aside, to try them again: nothing was folded since."""
    view.execute("update checkpoint set position = ?", (position,))


def tables_of(view: sqlite3.Connection, schema: str = "main") -> list[str]:
    """The tables that a fold makes."""
    found = view.execute(f"select name from {schema}.sqlite_master where type = 'table' order by name")
    return [name for (name,) in found if name not in TABLES and not name.startswith(("outbox_", "sqlite_"))]


def stop(view: sqlite3.Connection, failure: Failure) -> None:
    view.execute(
        "insert or replace into failure values (1, ?, ?, ?, ?)",
        (failure.position, failure.event_id, failure.error, failure.at),
    )


def resume(view: sqlite3.Connection) -> None:
    view.execute("delete from failure")


def failure(view: sqlite3.Connection) -> Failure | None:
    found = view.execute("select position, event_id, error, at from failure").fetchone()
    return None if found is None else Failure(*found)


def failed(position: int, event_id: str, error: BaseException, now: datetime) -> Failure:
    return Failure(position, event_id, f"{type(error).__name__}: {error}", iso(now))


def failed_on(event: set_aside.SetAsideEvent) -> Failure:
    return Failure(event.position, event.event_id, event.error, event.at)
