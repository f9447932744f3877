"""Fold a view again from the beginning into a shadow, then swap; or compare the two."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import structlog

from consumers import checkpoint, views
from consumers.follow import BATCH, Source, create, fold
from consumers.projection import Projection

_LAST_STEP = 2 * BATCH

Progress = Callable[[int, int], None]
"""Told how many positions are folded, of how many."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Difference:
    """A table of which a view and the fold of the journal hold different rows: how many only the one has."""

    table: str
    only_in_view: int
    only_in_fold: int


def needs_rebuild(projection: Projection, data: Path) -> bool:
    """Whether the view was made by another version of the projection."""
    if views.file_of(data, projection.name) is None:
        return False
    view = views.open_view(data, projection.name)
    try:
        return checkpoint.version(view) != projection.version
    finally:
        view.close()


def rebuild(projection: Projection, source: Source, progress: Progress = lambda done, of: None) -> None:
    """Fold from position 0 to where the view stands, and take its place. Nothing is emitted that was told before."""
    goal = _position(source, projection.name)
    if goal is None:
        return
    file = views.next_file(source.data, projection.name)
    views.remove(file)
    shadow = create(projection, file)
    try:
        checkpoint.begin(shadow, 0, projection.version, silent=goal)
        fold_upto(projection, shadow, source, goal, progress)
        with views.locked(source.data, projection.name):
            _swap(projection, shadow, source, file)
    finally:
        shadow.close()
    log.info("view rebuilt", consumer=projection.name, position=goal)


def _swap(projection: Projection, shadow: sqlite3.Connection, source: Source, file: Path) -> None:
    """Fold what came meanwhile, carry over what is not yet sent, and change the files. The lock is held."""
    old = views.file_of(source.data, projection.name)
    goal = _position(source, projection.name)
    if old is None or goal is None:
        raise views.NoView(f"the view of {projection.name!r} vanished during its rebuild")
    shadow.execute("update checkpoint set silent_until = ?", (goal,))
    fold_upto(projection, shadow, source, goal)
    if projection.emits:
        _carry_outbox(shadow, old)
    shadow.execute("pragma wal_checkpoint(truncate)")
    views.place(source.data, projection.name, file)
    views.remove(old)


def fold_upto(
    projection: Projection,
    shadow: sqlite3.Connection,
    source: Source,
    goal: int,
    progress: Progress = lambda done, of: None,
) -> None:
    """Fold on until the checkpoint is at `goal`, and no further."""
    while (position := checkpoint.load(shadow)) < goal:
        batch = source.journal.read(position, projection.models, _LAST_STEP)
        records = [record for record in batch.records if record.position <= goal]
        with checkpoint.transaction(shadow):
            if records:
                fold(projection, shadow, records)
            checkpoint.save(shadow, min(max(batch.upto, position + 1), goal))
        progress(checkpoint.load(shadow), goal)


def _carry_outbox(shadow: sqlite3.Connection, old: Path) -> None:
    """The shadow goes on with the life of the old outbox: its epoch, its sequences, and what is not yet sent."""
    shadow.execute("attach database ? as old", (str(old),))
    with checkpoint.transaction(shadow):
        tables = shadow.execute(
            "select name from old.sqlite_master where type = 'table' and name glob 'outbox_*' order by rowid"
        ).fetchall()
        for (table,) in reversed(tables):
            shadow.execute(f"delete from main.{table}")  # noqa: S608 - a name out of our own schema
        for (table,) in reversed(tables):
            shadow.execute(f"insert into main.{table} select * from old.{table}")  # noqa: S608
    shadow.execute("detach database old")


def _position(source: Source, name: str) -> int | None:
    """`None` where there is nothing to fold up to: no view, or one of a journal that is gone."""
    if views.file_of(source.data, name) is None:
        return None
    view = views.open_view(source.data, name)
    try:
        if checkpoint.is_of_another_journal(view, source.journal.life()):
            return None
        return checkpoint.load(view)
    finally:
        view.close()


def verify(projection: Projection, source: Source) -> list[Difference]:
    """Fold the journal up to where the view stands, and say in which tables the two differ. Raises `views.NoView`."""
    file = views.next_file(source.data, projection.name).with_suffix(".verify")
    views.remove(file)
    shadow = create(projection, file)
    try:
        with views.locked(source.data, projection.name):
            live = views.open_view(source.data, projection.name)
            try:
                live.execute("begin")
                goal = checkpoint.load(live)
                checkpoint.begin(shadow, 0, projection.version, silent=goal)
                fold_upto(projection, shadow, source, goal)
                return compare(live, shadow)
            finally:
                live.close()
    finally:
        shadow.close()
        views.remove(file)


def tables_of(view: sqlite3.Connection) -> list[str]:
    """The tables that a fold makes."""
    found = view.execute("select name from sqlite_master where type = 'table' order by name")
    return [name for (name,) in found if name not in checkpoint.TABLES and not name.startswith(("outbox_", "sqlite_"))]


def compare(view: sqlite3.Connection, other: sqlite3.Connection) -> list[Difference]:
    differences = []
    for table in tables_of(view):
        query = f"select * from {table}"  # noqa: S608 - a name out of our own schema
        left, right = set(view.execute(query).fetchall()), set(other.execute(query).fetchall())
        if left != right:
            differences.append(Difference(table, len(left - right), len(right - left)))
    return differences
