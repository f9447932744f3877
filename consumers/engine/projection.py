"""A view folded from the journal, whose state and checkpoint commit together or not at all."""

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import ClassVar

from bus_schemas.event import HUB, Event, place
from consumers.credential import Credential
from consumers.engine.process_group import ProcessGroup
from consumers.engine.rebuild.policy import RebuildPolicy
from consumers.store.journal.record import Recorded

Emit = Callable[[Event], None]
"""Takes an event that a fold decided on; it leaves through the outbox in the transaction of the fold."""


def emit_nothing(_: Event) -> None:
    """For a fold of what has been emitted before, or is not to be."""


class Projection(RebuildPolicy, ABC):
    """One view: `name`, `models` (the events that it is made of), `schema` and `fold`. Everything else has a default.

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

    pace_s: ClassVar[float] = 0.2
    """How far apart its batches begin while events keep coming: each costs a commit, however little it holds."""

    group: ClassVar[ProcessGroup] = ProcessGroup.BATCH
    """With which other consumers it shares a process."""

    credentials: ClassVar[frozenset[Credential]] = frozenset({Credential.COLD_STORAGE})
    """What its process has to know: of every consumer that may read media, the keys of where old ones are."""

    @abstractmethod
    def fold(self, view: sqlite3.Connection, batch: Sequence[Recorded], emit: Emit) -> None:
        """Bring the view from before these events to after them, inside the caller's transaction."""

    def is_own_emission(self, event: Event) -> bool:
        """Whether an event in the journal, of a type that this projection emits, is its own emission."""
        return place(event.source)[1] == HUB

    def committed(self) -> None:
        """Called when a fold is committed; nobody else writes to the view before the next one.

        So what a projection holds of it in memory is as it stands there. Without this call it reads it again.
        """

    def forget(self) -> None:
        """Called when state in memory may differ from the view: a fold of it failed, or another process has folded."""

    def after_commit(self) -> None:
        """Tidy up what the committed view no longer refers to, such as files. Called after each commit."""
