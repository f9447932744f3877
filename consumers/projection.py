"""A view folded from the journal, whose state and checkpoint commit together or not at all."""

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from bus_schemas.event import HUB, Event, place
from consumers.journal.record import Recorded

Emit = Callable[[Event], None]
"""Takes an event that a fold decided on; it leaves through the outbox in the transaction of the fold."""


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

    @abstractmethod
    def fold(self, view: sqlite3.Connection, batch: Sequence[Recorded], emit: Emit) -> None:
        """Bring the view from before these events to after them, inside the caller's transaction."""

    def has_told(self, event: Event) -> bool:
        """Whether an event of a type that it emits, found in the journal, is its own."""
        return place(event.source)[1] == HUB

    def compared(self, table: str, row: tuple[Any, ...]) -> tuple[Any, ...]:
        """A row of a table as `verify` compares it: what is the same in other bytes, in the same ones."""
        return row

    def after_commit(self) -> None:  # noqa: B027 - most views have nothing to tidy up
        """Tidy up what the committed view no longer refers to, such as files. Called after each commit."""
