"""A view folded from the journal, whose state and checkpoint commit together or not at all."""

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from bus_schemas.event import HUB, Event, place
from consumers.engine.process_group import ProcessGroup
from consumers.engine.rebuild.time_range import TimeRange, ViewPart
from consumers.store.journal.record import JournalReader, Recorded

Emit = Callable[[Event], None]
"""Takes an event that a fold decided on; it leaves through the outbox in the transaction of the fold."""


def emit_nothing(_: Event) -> None:
    """For a fold of what has been emitted before, or is not to be."""


class Projection(ABC):
    """One view: its schema, the events that it is made of, and the fold.

    A fold depends on nothing but the view and the batch: no clock, no network, no other view. Folding the same
    events in other batches gives the same view. What it emits bears an id derived from its cause.
    """

    name: ClassVar[str]
    version: ClassVar[int] = 1
    models: ClassVar[tuple[type[Event], ...]]
    schema: ClassVar[str]
    """SQL that makes the tables of the view; `if not exists` throughout."""
    emits: ClassVar[tuple[type[Event], ...]] = ()
    """The types of events that its fold decides on; the view's database then holds an outbox."""

    supersedes: ClassVar[tuple[str, ...]] = ()
    """Names of views of earlier releases in whose place this one is: their files go once it is there."""

    pace_s: ClassVar[float] = 0.1
    """How far apart its batches begin while events keep coming: each costs a commit, however little it holds."""

    group: ClassVar[ProcessGroup] = ProcessGroup.BATCH
    """With which other consumers it shares a process."""

    @abstractmethod
    def fold(self, view: sqlite3.Connection, batch: Sequence[Recorded], emit: Emit) -> None:
        """Bring the view from before these events to after them, inside the caller's transaction."""

    before_floor: ClassVar[Mapping[str, str]] = {}
    """By table, which of its rows an event from before the floor of the journal may have made or changed: a condition
    in SQL. It may use `:floor`, the first position that is kept, and `horizon(site, device)`, the time in seconds of
    the newest event of a device that was dropped (of any device of the site, for null). The other rows are the same in
    every fold that begins at the floor. A table that is not named cannot tell.
    """
    history: ClassVar[Mapping[str, str]] = {}
    """By table, further rows that a rebuild carries over from the old view: no event that is kept makes them again."""

    uncounted: ClassVar[frozenset[str]] = frozenset()
    """Tables whose rows are no history of their own: a rebuild that makes them in another way loses nothing."""

    def carry_over(self, view: sqlite3.Connection, floor: int) -> None:  # noqa: B027 - for most conditions are enough
        """Carry over from the old view, attached as `old`, what `before_floor` and `history` cannot say."""

    def adopt(self, view: sqlite3.Connection, data: Path, journal: JournalReader) -> None:  # noqa: B027 - few have one
        """Take into a new view what only those that it supersedes still know."""

    def made_with(self) -> object:
        """The part of the configuration on which the fold depends; its `repr` identifies it."""
        return ()

    whole_because: ClassVar[str] = "what it says of one time depends on what came before"
    """Why no part of it can be folded by itself, where none can."""

    def part(self, wanted: TimeRange, view: sqlite3.Connection) -> ViewPart | None:
        """The rows that the events of a site and a stretch of time make by themselves; `None` where there are none."""
        return None

    part_context: ClassVar[tuple[str, ...]] = ()
    """Tables that the fold of a part reads: made by events of the registry, which lie outside of it."""

    def settle_part(self, view: sqlite3.Connection, site: str) -> None:  # noqa: B027 - most views keep everything
        """Apply what bounds the rows of a site, after a part of them was replaced; in the transaction of that."""

    def is_own_emission(self, event: Event) -> bool:
        """Whether an event in the journal, of a type that this projection emits, is its own emission."""
        return place(event.source)[1] == HUB

    def compared(self, table: str, row: tuple[Any, ...]) -> tuple[Any, ...]:
        """A row of a table as `verify` compares it: what is the same in other bytes, in the same ones."""
        return row

    def committed(self) -> None:  # noqa: B027 - most hold nothing
        """What the last fold wrote is committed, and nobody else writes to the view before the next one.

        So what a projection holds of it in memory is as it stands there. One that is not told so reads it again.
        """

    def forget(self) -> None:  # noqa: B027 - most hold nothing
        """What is held of the view in memory is not true any more: a fold of it failed, or somebody else has folded."""

    def after_commit(self) -> None:  # noqa: B027 - most views have nothing to tidy up
        """Tidy up what the committed view no longer refers to, such as files. Called after each commit."""
