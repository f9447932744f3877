"""Compares a view with the fold of the journal: table by table, as it was at one moment."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from consumers.engine import checkpoint, set_aside, view_files
from consumers.engine.checkpoint import tables_of
from consumers.engine.follower import ConsumerContext
from consumers.engine.projection import Projection
from consumers.engine.rebuild.retention_floor import Scope, know_horizon
from consumers.engine.rebuild.whole import Progress, fold_upto, ignore
from consumers.engine.view_creation import create

EXAMPLE = 160


@dataclass(frozen=True, slots=True)
class Difference:
    """A table of which a view and the fold of the journal hold different rows: how many only the one has."""

    table: str
    only_in_view: int
    only_in_fold: int
    example: str = field(default="", compare=False)
    """One of these rows, in short."""


def verify(
    projection: Projection, context: ConsumerContext, progress: Progress = ignore, scope: Scope | None = None
) -> list[Difference]:
    """Fold the journal up to where the view stands, and say in which tables the two differ. Raises `view_files.NoView`.

    The view is read as it was at one moment; the consumer folds on meanwhile.
    """
    beside = view_files.link_of(context.data, projection.name).parent
    with (
        _snapshot(context.data, projection.name) as live,
        TemporaryDirectory(prefix=".verify-", dir=beside) as directory,
    ):
        shadow = create(projection, Path(directory) / f"{projection.name}.sqlite")
        try:
            shadow.execute("pragma synchronous = off")
            goal = checkpoint.load(live)
            checkpoint.begin(shadow, 0, projection.version, silent=goal)
            # Events that the consumer set aside are in neither; the check lists them.
            fold_upto(projection, shadow, context, goal, progress, without=set_aside.positions(live))
            for connection in (live, shadow):
                know_horizon(connection, context.journal)
            return compare(live, shadow, projection, scope)
        finally:
            shadow.close()


@contextmanager
def _snapshot(data: Path, name: str) -> Iterator[sqlite3.Connection]:
    """The view as it is now, for as long as it is looked at."""
    with view_files.locked(data, name):
        live = view_files.open_view(data, name)
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
    what a fold from there can say.
    """
    differences = []
    for table in tables_of(view):
        if scope is not None and table in scope.incomparable:
            continue
        where = f"not coalesce({scope.left_out[table]}, false)" if scope is not None else "true"
        left, right = (_contents(one, table, projection, where) for one in (view, other))
        if left != right:
            only_left, only_right = left - right, right - left
            example = str(next(iter(only_left or only_right)))[:EXAMPLE]
            differences.append(Difference(table, len(only_left), len(only_right), example))
    return differences


def _contents(view: sqlite3.Connection, table: str, projection: Projection, where: str) -> set[tuple[Any, ...]]:
    rows = view.execute(f"select * from {table} where {where}")
    return {projection.compared(table, row) for row in rows}
