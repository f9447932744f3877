"""Fold a view again from the beginning into a shadow, then swap; or compare the two."""

import sqlite3
from bisect import bisect_right
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import structlog

from consumers import checkpoint, views
from consumers.checkpoint import Made, tables_of
from consumers.follow import Source, create, fold
from consumers.projection import Projection
from consumers.rebuilding.alone import alone
from consumers.rebuilding.floor import Scope, attached, carry_over, know_horizon, lost
from consumers.rebuilding.shadow import Shadow, open_shadow
from consumers.rebuilding.wish import DaysWereDropped, Rebuilt, Wish, WouldLose
from producer.transaction import transaction

REBUILD_BATCH = 10000
"""What a fold reads of its view at the begin of a batch and writes at its end is as much for a large one."""
EXAMPLE = 160

Progress = Callable[[int, int], None]
"""Told how many positions are folded, of how many."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Difference:
    """A table of which a view and the fold of the journal hold different rows: how many only the one has."""

    table: str
    only_in_view: int
    only_in_fold: int
    example: str = field(default="", compare=False)
    """One of these rows, in short."""


def needs_rebuild(projection: Projection, data: Path) -> bool:
    """Whether the view was made by another version of the projection."""
    if views.file_of(data, projection.name) is None:
        return False
    view = views.open_view(data, projection.name)
    try:
        return checkpoint.version(view) != projection.version
    finally:
        view.close()


def _ignore(done: int, of: int) -> None:
    """Nobody waits."""


def rebuild(
    projection: Projection, source: Source, progress: Progress = _ignore, wish: Wish | None = None
) -> Rebuilt | None:
    """Fold from position 0 to where the view stands, and take its place. Nothing is emitted that was told before.

    Who interrupts it, also by ending the process, keeps the old view, and the next one goes on where this one was. What
    the journal has dropped is carried over from the old view where the projection can tell. `None` where there is
    nothing to fold. Raises `AlreadyRebuilding`, and `WouldLose` unless that was wished for.
    """
    wish = wish or Wish()
    goal = _position(source, projection.name)
    if goal is None:
        return None
    with alone(source.data, projection.name):
        rebuilt = _rebuild(projection, source, goal, progress, wish)
    _tell(projection.name, rebuilt)
    return rebuilt


def _tell(name: str, rebuilt: Rebuilt) -> None:
    log.info("view rebuilt", consumer=name, position=rebuilt.position)
    if rebuilt.carried:
        log.warning("rows from before the floor carried over", consumer=name, rows=dict(rebuilt.carried))
    if rebuilt.lost:
        log.error(
            "rows from before the floor are not in the rebuilt view, the old one is kept",
            consumer=name, rows=dict(rebuilt.lost), kept=str(rebuilt.kept),
        )  # fmt: skip


def _rebuild(projection: Projection, source: Source, goal: int, progress: Progress, wish: Wish) -> Rebuilt:
    shadow = open_shadow(projection, source, goal, restart=wish.restart)
    if shadow.begun_at:
        log.info("rebuild goes on", consumer=projection.name, position=shadow.begun_at)
    if shadow.discarded:
        log.warning("rebuild begins again", consumer=projection.name, reason=shadow.discarded)
    try:
        progress(shadow.begun_at, goal)
        fold_upto(projection, shadow.view, source, goal, _watching(shadow, source, progress))
        with views.locked(source.data, projection.name):
            return _swap(projection, shadow, source, wish)
    except (sqlite3.Error, OSError, DaysWereDropped):
        # What is half done helps nobody where the disk is full or the file is broken. Closed first: closing writes.
        shadow.view.close()
        if views.file_of(source.data, projection.name) != shadow.file:
            views.remove(shadow.file)
        raise
    finally:
        shadow.view.close()


def _watching(shadow: Shadow, source: Source, progress: Progress) -> Progress:
    """Retention waits for rebuilds; one that began in the same moment must not pass over what is gone."""
    before = shadow.begun_at

    def told(done: int, of: int) -> None:
        nonlocal before
        if source.journal.floor() > max(shadow.made.floor, before + 1):
            raise DaysWereDropped("days were dropped from the journal before they were folded; ask again")
        before = done
        progress(done, of)

    return told


def _swap(projection: Projection, shadow: Shadow, source: Source, wish: Wish) -> Rebuilt:
    """Fold what came meanwhile, carry over what is not yet sent, and change the files. The lock is held."""
    old = views.file_of(source.data, projection.name)
    goal = _position(source, projection.name)
    if old is None or goal is None:
        raise views.NoView(f"the view of {projection.name!r} vanished during its rebuild")
    view = shadow.view
    view.execute("update checkpoint set silent_until = ?", (goal,))
    fold_upto(projection, view, source, goal, _watching(shadow, source, _ignore))
    rebuilt = Rebuilt(goal, shadow.begun_at, shadow.discarded)
    with attached(view, str(old)), transaction(view):
        if projection.emits:
            _carry_outbox(view)
        _carry_history(projection, shadow, source, wish, rebuilt)
    view.execute("pragma wal_checkpoint(truncate)")
    views.place(source.data, projection.name, shadow.file)
    if rebuilt.lost:
        rebuilt.kept = old
    else:
        views.remove(old)
    return rebuilt


def _carry_history(projection: Projection, shadow: Shadow, source: Source, wish: Wish, rebuilt: Rebuilt) -> None:
    """What was before the floor: carried over where the projection can tell, and counted where it cannot."""
    reached = checkpoint.made(shadow.view, "old").reaches
    if reached >= shadow.made.floor:
        return
    rebuilt.carried = carry_over(projection, shadow.view, source.journal)
    rebuilt.lost = lost(projection, shadow.view)
    if rebuilt.lost and not wish.force:
        raise WouldLose(projection.name, shadow.made.floor, rebuilt.lost)
    if rebuilt.carried:
        made = shadow.made
        checkpoint.make(shadow.view, Made(made.configuration, made.floor, reached))


def fold_upto(
    projection: Projection,
    shadow: sqlite3.Connection,
    source: Source,
    goal: int,
    progress: Progress = _ignore,
) -> None:
    """Fold on until the checkpoint is at `goal`, and no further."""
    while (position := checkpoint.load(shadow)) < goal:
        _fold_after(position, projection, shadow, source, goal)
        progress(checkpoint.load(shadow), goal)


def _fold_after(position: int, projection: Projection, shadow: sqlite3.Connection, source: Source, goal: int) -> None:
    """The next batch. It is gone before another is read, which then takes its memory."""
    batch = source.journal.read(position, projection.models, REBUILD_BATCH)
    records = batch.records[: bisect_right(batch.records, goal, key=attrgetter("position"))]
    with transaction(shadow):
        if records:
            fold(projection, shadow, records)
        checkpoint.save(shadow, min(max(batch.upto, position + 1), goal))


def _carry_outbox(shadow: sqlite3.Connection) -> None:
    """The shadow goes on with the life of the old outbox: its epoch, its sequences, and what is not yet sent."""
    tables = shadow.execute(
        "select name from old.sqlite_master where type = 'table' and name glob 'outbox_*' order by rowid"
    ).fetchall()
    for (table,) in reversed(tables):
        shadow.execute(f"delete from main.{table}")  # noqa: S608 - a name out of our own schema
    for (table,) in reversed(tables):
        shadow.execute(f"insert into main.{table} select * from old.{table}")  # noqa: S608


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


def verify(
    projection: Projection, source: Source, progress: Progress = _ignore, scope: Scope | None = None
) -> list[Difference]:
    """Fold the journal up to where the view stands, and say in which tables the two differ. Raises `views.NoView`.

    The view is read as it was at one moment; the consumer folds on meanwhile.
    """
    beside = views.link_of(source.data, projection.name).parent
    with (
        _snapshot(source.data, projection.name) as live,
        TemporaryDirectory(prefix=".verify-", dir=beside) as directory,
    ):
        shadow = create(projection, Path(directory) / f"{projection.name}.sqlite")
        try:
            shadow.execute("pragma synchronous = off")
            goal = checkpoint.load(live)
            checkpoint.begin(shadow, 0, projection.version, silent=goal)
            fold_upto(projection, shadow, source, goal, progress)
            for connection in (live, shadow):
                know_horizon(connection, source.journal)
            return compare(live, shadow, projection, scope)
        finally:
            shadow.close()


@contextmanager
def _snapshot(data: Path, name: str) -> Iterator[sqlite3.Connection]:
    """The view as it is now, for as long as it is looked at."""
    with views.locked(data, name):
        live = views.open_view(data, name)
        live.execute("begin")
        checkpoint.load(live)
    try:
        yield live
    finally:
        live.close()


def compare(
    view: sqlite3.Connection, other: sqlite3.Connection, projection: Projection, scope: Scope | None = None
) -> list[Difference]:
    """In which tables two views of one projection differ; of what lies before the floor, where there is a `scope`, only
    what can be told.
    """
    differences = []
    for table in tables_of(view):
        if scope is not None and table in scope.untold:
            continue
        where = f"not coalesce({scope.left_out[table]}, false)" if scope is not None else "true"
        left, right = (_contents(one, table, projection, where) for one in (view, other))
        if left != right:
            only_left, only_right = left - right, right - left
            example = str(next(iter(only_left or only_right)))[:EXAMPLE]
            differences.append(Difference(table, len(only_left), len(only_right), example))
    return differences


def _contents(view: sqlite3.Connection, table: str, projection: Projection, where: str) -> set[tuple[Any, ...]]:
    rows = view.execute(f"select * from {table} where {where}")  # noqa: S608 - names and conditions of ours
    return {projection.compared(table, row) for row in rows}
