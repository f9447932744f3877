"""Rebuilds a part of a view: the rows of one site in a time range, while the consumer goes on beside it."""

import sqlite3
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog

from bus_schemas.event import iso, place
from consumers.engine import checkpoint, set_aside, view_files
from consumers.engine.folding import Faulty, fold_around, fold_whole
from consumers.engine.follower import BATCH, ConsumerContext, log_set_aside
from consumers.engine.projection import Projection
from consumers.engine.rebuild.process_lock import rebuild_lock
from consumers.engine.rebuild.time_range import TimeRange, ViewPart
from consumers.engine.shape import shape_of
from consumers.engine.view_creation import create, of_another_configuration
from consumers.store.journal.record import Recorded
from producer.times import micros, moment
from producer.transaction import transaction

_STEP = 2 * BATCH

log = structlog.get_logger()


class NotInPart(ValueError):
    """This view, or this time range of it, cannot be folded by itself."""


class WholeOnly(NotInPart):
    """No part of this view can be folded by itself."""


@dataclass(frozen=True, slots=True)
class PartReport:
    """The whole buckets that were folded, from how many events, and how many rows they have now."""

    part: ViewPart
    events: int
    rows: int


def rebuild_part(
    projection: Projection, context: ConsumerContext, wanted: TimeRange, progress: Callable[[int, int], None]
) -> PartReport:
    """Late events that arrive meanwhile are in it once. Raises `NotInPart`, `NoView` or `AlreadyRebuilding`."""
    part = _part(projection, context, wanted)
    with rebuild_lock(context.data, projection.name):
        goal = _checked(projection, context, wanted, part)
        with _shadow(projection, context.data) as shadow:
            work = _Work(projection, context, wanted.site, part, shadow)
            with closing(view_files.open_view(context.data, projection.name)) as view:
                work.give_context(view)
            work.fold(0, goal, progress)
            with view_files.locked(context.data, projection.name):
                replaced = work.swap(goal)
    log.info("part of a view rebuilt", consumer=projection.name, site=wanted.site, rows=replaced.rows)
    return replaced


def _part(projection: Projection, context: ConsumerContext, wanted: TimeRange) -> ViewPart:
    if wanted.until <= wanted.since:
        raise NotInPart(f"the time range ends ({iso(wanted.until)}) before it begins ({iso(wanted.since)})")
    part = None
    if type(projection).part is not Projection.part:
        with closing(view_files.open_view(context.data, projection.name)) as view:
            part = projection.part(wanted, view)
    if part is None:
        raise WholeOnly(f"{projection.name} cannot be folded in part: {projection.whole_because}")
    return part


def _checked(projection: Projection, context: ConsumerContext, wanted: TimeRange, part: ViewPart) -> int:
    """The position of the view. Raises `NotInPart` if the fold of a part would differ from the whole view."""
    with closing(view_files.open_view(context.data, projection.name)) as view:
        if checkpoint.is_of_another_journal(view, context.journal.journal_id()):
            raise NotInPart(f"the view {projection.name} is of a journal that is gone, and begins again by itself")
        if why := shape_of(projection).difference(view):
            raise NotInPart(f"{projection.name}: {why}. Fold it as a whole first")
        if of_another_configuration(projection, view):
            raise NotInPart(f"{projection.name} was made by another configuration: fold it as a whole first")
        goal = checkpoint.load(view)
    _check_floor(context, wanted, part)
    return goal


def _check_floor(context: ConsumerContext, wanted: TimeRange, part: ViewPart) -> None:
    latest = context.journal.latest_dropped()
    if latest is None:
        raise NotInPart(
            "days of the journal were dropped, and nobody knows how far they reached: a part may lack events"
        )
    newest = max((moment(at) for name, at in latest.items() if place(name)[0] == wanted.site), default=None)
    if newest is not None and newest >= part.since:
        raise NotInPart(
            f"events of {wanted.site} up to {iso(newest)} were dropped from the journal, and this part begins with"
            f" {iso(part.since)}: what is there now is all that is known of it"
        )


@contextmanager
def _shadow(projection: Projection, data: Path) -> Iterator[sqlite3.Connection]:
    beside = view_files.link_of(data, projection.name).parent
    with (
        TemporaryDirectory(prefix=".part-", dir=beside) as directory,
        closing(create(projection, Path(directory) / f"{projection.name}.sqlite")) as shadow,
    ):
        shadow.execute("pragma synchronous = off")
        yield shadow


class _Work:
    """The fold of one part, and its swap."""

    def __init__(
        self, projection: Projection, context: ConsumerContext, site: str, part: ViewPart, shadow: sqlite3.Connection
    ) -> None:
        self._projection = projection
        self._context = context
        self._site = site
        self._part = part
        self._shadow = shadow
        self._since, self._until = micros(part.since), micros(part.until)
        self._events = 0
        self._positions = array("q")

    def give_context(self, view: sqlite3.Connection) -> None:
        """Copy the rows that the fold reads and that no event of the part makes."""
        for table in self._projection.part_context:
            rows = view.execute(f"select * from {table}").fetchall()
            if rows:
                marks = ", ".join("?" * len(rows[0]))
                self._shadow.executemany(f"insert or replace into {table} values ({marks})", rows)

    def fold(self, after: int, goal: int, progress: Callable[[int, int], None]) -> None:
        """Fold the events of the part in positions after `after`, up to `goal`."""
        bounds = self._context.journal.span(self._part.since, self._part.until)
        if bounds is None:
            return
        begin, last = max(after, bounds[0] - 1), min(goal, bounds[1])
        position = begin
        while position < last:
            batch = self._context.journal.read(position, self._projection.models, _STEP)
            records = [record for record in batch.records if record.position <= last and self._is_meant(record)]
            if records:
                self._take(records)
            position = max(batch.upto, position + 1)
            progress(min(position, last) - begin, last - begin)

    def _take(self, records: Sequence[Recorded]) -> None:
        try:
            with transaction(self._shadow):
                fold_whole(self._projection, self._shadow, records)
        except Faulty:
            with transaction(self._shadow):
                folded = fold_around(self._projection, self._shadow, records, self._context.clock)
                set_aside.add(self._shadow, folded.refused, self._projection.version, records[-1].position + 1)
            log_set_aside(self._projection.name, folded.refused)
        self._events += len(records)
        self._positions.extend(record.position for record in records)

    def _is_meant(self, record: Recorded) -> bool:
        return self._since <= record.time_us < self._until and record.where[0] == self._site

    def swap(self, folded: int) -> PartReport:
        """Fold what came meanwhile, and put the rows in place of those that are there. The lock is held."""
        file = view_files.file_of(self._context.data, self._projection.name)
        if file is None:
            raise view_files.NoView(f"the view of {self._projection.name!r} vanished during its rebuild")
        with closing(create(self._projection, file)) as live:
            self.give_context(live)
            self.fold(folded, checkpoint.load(live), lambda done, of: None)
            [(_, _, shadow)] = self._shadow.execute("pragma database_list")
            live.execute("attach database ? as part", (shadow,))
            with transaction(live):
                rows = sum(self._replace(live, table) for table in self._part.rows)
                self._replace_set_aside(live)
                self._projection.settle_part(live, self._site)
            live.execute("detach database part")
        return PartReport(self._part, self._events, rows)

    def _replace_set_aside(self, live: sqlite3.Connection) -> None:
        """Events that were folded again are no longer set aside, unless they failed again."""
        set_aside.close_run(live)
        set_aside.forget(live, set_aside.positions(live).intersection(self._positions))
        live.execute("insert or replace into main.set_aside select * from part.set_aside")

    def _replace(self, live: sqlite3.Connection, table: str) -> int:
        condition, values = self._part.rows[table]
        live.execute(f"delete from main.{table} where {condition}", values)
        query = f"insert or ignore into main.{table} select * from part.{table} where {condition}"
        return live.execute(query, values).rowcount
