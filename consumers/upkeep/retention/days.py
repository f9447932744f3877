"""Decides which days of the journal are deleted, and which consumers they still have to wait for."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from bus_schemas.codec import read_stored
from consumers.engine import checkpoint, view_files
from consumers.engine.damaged_views import find_damage
from consumers.engine.rebuild.process_lock import rebuild_progress
from consumers.engine.store_owner import StoreOwner
from consumers.store.journal.days import DroppedDay
from consumers.store.journal.query_types import DayRow
from consumers.store.journal.record import JournalReader
from consumers.upkeep.retention.plan import words
from consumers.upkeep.retention.scope import RetentionScope
from producer.times import DAY

DAYS_THAT_STAY = 2
"""The one that is written, and the one before it, in which ingest looks for events that come again."""


@dataclass(frozen=True, slots=True)
class ExpiredDay:
    """A day that goes, and by which rule."""

    what: DroppedDay
    rule: str

    @property
    def end(self) -> datetime:
        return datetime.combine(self.what.date, time(0), UTC) + DAY


def expired_days(days: Sequence[DayRow], now: datetime, keep: timedelta | None, limit: int | None) -> list[ExpiredDay]:
    """The oldest days that are older than they may be, or with which the journal has more bytes than it may."""
    total = sum(day.bytes for day in days)
    found = []
    for day in days[:-DAYS_THAT_STAY]:
        what = DroppedDay(day.date, day.bytes, day.first, day.last)
        if keep is not None and day.date < (now - keep).date():
            found.append(ExpiredDay(what, f"journal: kept for {words(keep)}"))
        elif limit is not None and total > limit:
            found.append(ExpiredDay(what, f"journal: kept up to {limit} bytes"))
        else:
            break
        total -= day.bytes
    return found


@dataclass(frozen=True, slots=True)
class DayBlockers:
    """Finds out which consumers still need a day of the journal."""

    scope: RetentionScope
    journal: JournalReader

    def why(self, expired: ExpiredDay) -> str | None:
        """Why the day has to stay for now; `None` where it may go."""
        return next(self._reasons(expired), None)

    def _reasons(self, expired: ExpiredDay) -> Iterator[str]:
        for name in self.scope.names():
            yield from self._of_view(name, expired)
        for owner in self.scope.owners():
            yield from self._of_store(owner, expired.what.last)

    def _of_view(self, name: str, expired: ExpiredDay) -> Iterator[str]:
        last = expired.what.last
        file = view_files.file_of(self.scope.data, name)
        if file is None:
            return
        if why := find_damage(file):
            yield f"{name} cannot be read: {why}"
            return
        with closing(view_files.open_view(self.scope.data, name)) as view:
            position = checkpoint.load(view)
            if checkpoint.is_of_another_journal(view, self.journal.journal_id()):
                yield f"{name} has not begun with this journal"
            elif (goal := checkpoint.refold_goal(view)) is not None:
                yield f"{name} is being folded again up to position {goal:,}"
            elif position < last:
                yield f"{name} is at position {position:,}, the day ends at {last:,}"
            elif (waiting := _unsent_of(view, expired.end)) is not None:
                yield f"{waiting} that {name} emitted is not confirmed yet"
        reached = rebuild_progress(self.scope.data, name)
        if reached is not None and reached < last:
            yield f"{name} is being folded again and is at position {reached:,}, the day ends at {last:,}"

    def _of_store(self, owner: StoreOwner, last: int) -> Iterator[str]:
        if not owner.is_there():
            return
        position = owner.position(self.journal.journal_id())
        if position is None:
            yield f"nobody knows how far the rows of the {owner.name} are, until it runs"
        elif position < last:
            yield f"the rows of the {owner.name} are at position {position:,}, the day ends at {last:,}"


def _unsent_of(view: sqlite3.Connection, end: datetime) -> str | None:
    """An event in the outbox that is not in the journal yet and was decided on in that day or before: were the view
    lost, only the day could make it again.
    """
    if not view.execute("select 1 from sqlite_master where name = 'outbox_event'").fetchone():
        return None
    for born, body in view.execute(
        "select born, body from outbox_event join outbox_stream on id = stream where outbox_event.sequence > watermark"
    ):
        (event,) = read_stored([body])
        if born < end.timestamp() or event.time < end:
            return f"event {event.id}"
    return None
