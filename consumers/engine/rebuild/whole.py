"""Rebuilds a whole view: folds it from the beginning into a shadow, then swaps."""

import sqlite3
from bisect import bisect_right
from collections.abc import Callable, Sequence
from contextlib import closing
from operator import attrgetter
from pathlib import Path

import structlog

from consumers.engine import checkpoint, set_aside, view_files
from consumers.engine.checkpoint import Made
from consumers.engine.damaged_views import find_damage
from consumers.engine.folding import Faulty, fold_around, fold_whole
from consumers.engine.follower import ConsumerContext, log_set_aside
from consumers.engine.projection import Projection
from consumers.engine.rebuild.process_lock import rebuild_lock
from consumers.engine.rebuild.request import DaysWereDropped, RebuildReport, RebuildRequest, WouldLose
from consumers.engine.rebuild.retention_floor import attached, carry_over, lost
from consumers.engine.rebuild.shadow import Shadow, open_shadow
from consumers.engine.shape import shape_of
from consumers.engine.view_creation import of_another_configuration
from consumers.store.journal.record import Recorded
from producer.outbox.tables import move_streams
from producer.transaction import transaction

REBUILD_BATCH = 10000
"""A fold reads and writes as much of its view for a small batch as for a large one."""

Progress = Callable[[int, int], None]
"""Called with how many positions are folded, of how many."""

log = structlog.get_logger()


def why_rebuild(projection: Projection, data: Path) -> str | None:
    """Why the view that is there is not one of this code, older or newer, or not of this configuration; `None` where it
    is, or there is none that can be read.
    """
    file = view_files.file_of(data, projection.name)
    if file is None or find_damage(file) is not None:
        return None
    with closing(view_files.open_view(data, projection.name)) as view:
        return difference(projection, view)


def difference(projection: Projection, view: sqlite3.Connection) -> str | None:
    """Why the consumer of a view folds it again when it starts, as the rest of a sentence; `None` where it goes on."""
    why = shape_of(projection).difference(view)
    if why is None and of_another_configuration(projection, view):
        return "it was made by another configuration"
    return why


def ignore(done: int, of: int) -> None:
    """Nobody waits."""


def rebuild(
    projection: Projection, context: ConsumerContext, progress: Progress = ignore, request: RebuildRequest | None = None
) -> RebuildReport | None:
    """Fold from position 0 to where the view stands, and take its place. Nothing is emitted a second time.

    If it is interrupted, also by the end of the process, the old view stays, and the next rebuild goes on where this
    one was. Rows of events that the journal has dropped are carried over from the old view where the projection knows
    how. `None` where there is nothing to fold. Raises `AlreadyRebuilding`, and `WouldLose` unless the request allows
    it.
    """
    request = request or RebuildRequest()
    goal = _position(context, projection.name)
    if goal is None:
        return None
    with rebuild_lock(context.data, projection.name):
        rebuilt = _rebuild(projection, context, goal, progress, request)
    _log_rebuilt(projection.name, rebuilt)
    return rebuilt


def _log_rebuilt(name: str, rebuilt: RebuildReport) -> None:
    log.info("view rebuilt", consumer=name, position=rebuilt.position)
    if rebuilt.carried:
        log.warning("rows from before the floor carried over", consumer=name, rows=dict(rebuilt.carried))
    if rebuilt.lost:
        log.error(
            "rows from before the floor are not in the rebuilt view, the old one is kept",
            consumer=name, rows=dict(rebuilt.lost), kept=str(rebuilt.kept),
        )  # fmt: skip


def _rebuild(
    projection: Projection, context: ConsumerContext, goal: int, progress: Progress, request: RebuildRequest
) -> RebuildReport:
    shadow = open_shadow(projection, context, goal, restart=request.restart)
    if shadow.begun_at:
        log.info("rebuild goes on", consumer=projection.name, position=shadow.begun_at)
    if shadow.discarded:
        log.warning("rebuild begins again", consumer=projection.name, reason=shadow.discarded)
    try:
        progress(shadow.begun_at, goal)
        fold_upto(projection, shadow.view, context, goal, _watching(shadow, context, progress))
        with view_files.locked(context.data, projection.name):
            return _swap(projection, shadow, context, request)
    except (sqlite3.Error, OSError, DaysWereDropped):
        # A half-made view helps nobody where the disk is full or the file is broken. Closed first: closing writes.
        shadow.view.close()
        if view_files.file_of(context.data, projection.name) != shadow.file:
            view_files.remove(shadow.file)
        raise
    finally:
        shadow.view.close()


def _watching(shadow: Shadow, context: ConsumerContext, progress: Progress) -> Progress:
    """Retention waits for rebuilds; one that began in the same moment must not pass over what is gone."""
    before = shadow.begun_at

    def report(done: int, of: int) -> None:
        nonlocal before
        if context.journal.floor() > max(shadow.made.floor, before + 1):
            raise DaysWereDropped("days were dropped from the journal before they were folded; ask again")
        before = done
        progress(done, of)

    return report


def _swap(projection: Projection, shadow: Shadow, context: ConsumerContext, request: RebuildRequest) -> RebuildReport:
    """Fold what came meanwhile, carry over what is not yet sent, and change the files. The lock is held."""
    old = view_files.file_of(context.data, projection.name)
    goal = _position(context, projection.name)
    if old is None or goal is None:
        raise view_files.NoView(f"the view of {projection.name!r} vanished during its rebuild")
    view = shadow.view
    view.execute("update checkpoint set silent_until = ?", (goal,))
    fold_upto(projection, view, context, goal, _watching(shadow, context, ignore))
    rebuilt = RebuildReport(goal, shadow.begun_at, shadow.discarded)
    with attached(view, str(old)), transaction(view):
        if projection.emits:
            _carry_outbox(view)
        _carry_history(projection, shadow, context, request, rebuilt)
    view.execute("pragma wal_checkpoint(truncate)")
    view_files.place(context.data, projection.name, shadow.file)
    if rebuilt.lost:
        rebuilt.kept = old
    else:
        view_files.remove(old)
    return rebuilt


def _carry_history(
    projection: Projection, shadow: Shadow, context: ConsumerContext, request: RebuildRequest, rebuilt: RebuildReport
) -> None:
    """Carry over the rows from before the floor, or count them if the projection does not say which they are."""
    reached = checkpoint.made(shadow.view, "old").reaches
    if reached >= shadow.made.floor:
        return
    rebuilt.carried = carry_over(projection, shadow.view, context.journal)
    rebuilt.lost = lost(projection, shadow.view)
    if rebuilt.lost and not request.force:
        raise WouldLose(projection.name, shadow.made.floor, rebuilt.lost)
    if rebuilt.carried:
        made = shadow.made
        checkpoint.make(shadow.view, Made(made.configuration, made.floor, reached))


def fold_upto(
    projection: Projection,
    shadow: sqlite3.Connection,
    context: ConsumerContext,
    goal: int,
    progress: Progress = ignore,
    *,
    without: frozenset[int] = frozenset(),
) -> None:
    """Fold on until the checkpoint is at `goal`, and no further; without the events at some positions.

    An event on which the code raises is set aside, as it is by a consumer that follows.
    """
    while (position := checkpoint.load(shadow)) < goal:
        _fold_after(position, projection, shadow, context, goal, without)
        progress(checkpoint.load(shadow), goal)


def _fold_after(
    position: int,
    projection: Projection,
    shadow: sqlite3.Connection,
    context: ConsumerContext,
    goal: int,
    without: frozenset[int],
) -> None:
    """The next batch. It is gone before another is read, which then takes its memory."""
    batch = context.journal.read(position, projection.models, REBUILD_BATCH)
    records: Sequence[Recorded] = batch.records[: bisect_right(batch.records, goal, key=attrgetter("position"))]
    if without:
        records = [record for record in records if record.position not in without]
    upto = min(max(batch.upto, position + 1), goal)
    try:
        with transaction(shadow):
            if records:
                fold_whole(projection, shadow, records)
            checkpoint.save(shadow, upto)
        projection.committed()
    except Faulty:
        with transaction(shadow):
            folded = fold_around(projection, shadow, records, context.clock)
            set_aside.add(shadow, folded.refused, projection.version, goal + 1)
            checkpoint.save(shadow, upto)
        log_set_aside(projection.name, folded.refused)


def _carry_outbox(shadow: sqlite3.Connection) -> None:
    """The shadow goes on with the life of the old outbox: its epoch, its sequences, and what is not yet sent."""
    tables = shadow.execute(
        "select name from old.sqlite_master where type = 'table' and name glob 'outbox_*' order by rowid"
    ).fetchall()
    for (table,) in reversed(tables):
        shadow.execute(f"delete from main.{table}")
    move_streams(shadow, "old")
    for (table,) in reversed(tables):
        shadow.execute(f"insert into main.{table} select * from old.{table}")


def _position(context: ConsumerContext, name: str) -> int | None:
    """`None` where there is nothing to fold up to: no view, or one of a journal that is gone."""
    if view_files.file_of(context.data, name) is None:
        return None
    view = view_files.open_view(context.data, name)
    try:
        if checkpoint.is_of_another_journal(view, context.journal.journal_id()):
            return None
        return checkpoint.load(view)
    finally:
        view.close()
