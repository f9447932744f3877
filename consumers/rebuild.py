"""Fold a view again from the beginning into a shadow, then swap; or compare the two."""

import fcntl
import sqlite3
from bisect import bisect_right
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from time import sleep
from typing import IO, Any

import structlog

from consumers import checkpoint, views
from consumers.follow import Source, create, fold
from consumers.projection import Projection

REBUILD_BATCH = 10000
"""What a fold reads of its view at the begin of a batch and writes at its end is as much for a large one."""
EXAMPLE = 160
LOCK_TRIES = 20
LOCK_PAUSE_S = 0.05

Progress = Callable[[int, int], None]
"""Told how many positions are folded, of how many."""

log = structlog.get_logger()


class AlreadyRebuilding(RuntimeError):
    """Somebody else folds this view again just now."""


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


def rebuild(projection: Projection, source: Source, progress: Progress = lambda done, of: None) -> None:
    """Fold from position 0 to where the view stands, and take its place. Nothing is emitted that was told before."""
    goal = _position(source, projection.name)
    if goal is None:
        return
    with _alone(source.data, projection.name):
        # Never gone on with: another version or configuration may have begun it.
        file = views.next_file(source.data, projection.name)
        views.remove(file)
        _rebuild(projection, source, file, goal, progress)
    log.info("view rebuilt", consumer=projection.name, position=goal)


def _rebuild(projection: Projection, source: Source, file: Path, goal: int, progress: Progress) -> None:
    shadow = create(projection, file)
    try:
        checkpoint.begin(shadow, 0, projection.version, silent=goal)
        fold_upto(projection, shadow, source, goal, progress)
        with views.locked(source.data, projection.name):
            _swap(projection, shadow, source, file)
    except BaseException:
        # Who interrupts it keeps the old view, and no half of a new one. Closed first: closing writes.
        shadow.close()
        if views.file_of(source.data, projection.name) != file:
            views.remove(file)
        raise
    shadow.close()


@contextmanager
def _alone(data: Path, name: str) -> Iterator[None]:
    """Two rebuilds of one view would write one shadow. Raises `AlreadyRebuilding`."""
    path = _lock_of(data, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        # Who only looks whether there is one holds it for a moment.
        for _ in range(LOCK_TRIES):
            if _taken(file, fcntl.LOCK_EX):
                break
            sleep(LOCK_PAUSE_S)
        else:
            raise AlreadyRebuilding(f"the view {name!r} is being folded again already")
        yield


def rebuilt(data: Path, name: str) -> int | None:
    """The position that a rebuild has reached; `None` where there is none going on."""
    try:
        with _lock_of(data, name).open("rb") as file:
            if _taken(file, fcntl.LOCK_SH):
                return None
        shadow = views.open_file(views.next_file(data, name))
    except FileNotFoundError:
        return None
    except sqlite3.OperationalError:
        return 0
    try:
        return checkpoint.load(shadow)
    except sqlite3.OperationalError:
        # It has no tables yet.
        return 0
    finally:
        shadow.close()


def _lock_of(data: Path, name: str) -> Path:
    return views.link_of(data, name).with_suffix(".rebuild")


def _taken(file: IO[Any], kind: int) -> bool:
    """Whether the lock could be had; it ends with the file."""
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


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
        batch = source.journal.read(position, projection.models, REBUILD_BATCH)
        records = batch.records[: bisect_right(batch.records, goal, key=attrgetter("position"))]
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


def verify(projection: Projection, source: Source, progress: Progress = lambda done, of: None) -> list[Difference]:
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
            return compare(live, shadow, projection)
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


def tables_of(view: sqlite3.Connection) -> list[str]:
    """The tables that a fold makes."""
    found = view.execute("select name from sqlite_master where type = 'table' order by name")
    return [name for (name,) in found if name not in checkpoint.TABLES and not name.startswith(("outbox_", "sqlite_"))]


def compare(view: sqlite3.Connection, other: sqlite3.Connection, projection: Projection) -> list[Difference]:
    """In which tables two views of one projection differ."""
    differences = []
    for table in tables_of(view):
        left, right = (_contents(one, table, projection) for one in (view, other))
        if left != right:
            only_left, only_right = left - right, right - left
            example = str(next(iter(only_left or only_right)))[:EXAMPLE]
            differences.append(Difference(table, len(only_left), len(only_right), example))
    return differences


def _contents(view: sqlite3.Connection, table: str, projection: Projection) -> set[tuple[Any, ...]]:
    rows = view.execute(f"select * from {table}")  # noqa: S608 - a name out of our own schema
    return {projection.compared(table, row) for row in rows}
