"""What a rebuild and a check need to know of a projection, with defaults for views that are folded as a whole."""

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from consumers.engine.rebuild.time_range import TimeRange, ViewPart
from consumers.store.journal.record import JournalReader


class RebuildPolicy:
    """Which rows outlive dropped days of the journal, which part can be folded by itself, and how rows are compared.

    Each view keeps its rows from before the retention floor only where it says here which they are. A projection with
    a table that is in none of `before_floor`, `history`, `recent` and `uncounted` is refused when it is registered.
    """

    before_floor: ClassVar[Mapping[str, str]] = {}
    """By table, which of its rows an event from before the floor of the journal may have made or changed: a condition
    in SQL. It may use `:floor`, the first position that is kept, and `horizon(site, device)`, the time in seconds of
    the newest event of a device that was dropped (of any device of the site, for null). The other rows are the same in
    every fold that begins at the floor. A table that is not named does not say.
    """
    history: ClassVar[Mapping[str, str]] = {}
    """By table, further rows that a rebuild carries over from the old view: no event that is kept makes them again."""

    recent: ClassVar[frozenset[str]] = frozenset()
    """Tables that hold less time than the days of the journal that always stay: every fold makes their rows again."""

    uncounted: ClassVar[frozenset[str]] = frozenset()
    """Tables whose rows are no history of their own: a rebuild that makes them in another way loses nothing."""

    def carry_over(self, view: sqlite3.Connection, floor: int) -> None:
        """Carry over from the old view, attached as `old`, what `before_floor` and `history` cannot say."""

    def adopt(self, view: sqlite3.Connection, data: Path, journal: JournalReader) -> None:
        """Take into a new view what only those that it supersedes still know."""

    def made_with(self) -> object:
        """The part of the configuration on which the fold depends; its `repr` identifies it."""
        return ()

    whole_because: ClassVar[str] = "what it says of one time depends on what came before"
    """Why no part of it can be folded by itself, where none can."""

    def part(self, wanted: TimeRange, view: sqlite3.Connection) -> ViewPart | None:
        """The rows that the events of a site in a time range make by themselves; `None` where there are none."""
        return None

    part_context: ClassVar[tuple[str, ...]] = ()
    """Tables that the fold of a part reads: made by events of the registry, which lie outside of it."""

    def settle_part(self, view: sqlite3.Connection, site: str) -> None:
        """Apply what bounds the rows of a site, after a part of them was replaced; in the transaction of that."""

    def compared(self, table: str, row: tuple[Any, ...]) -> tuple[Any, ...]:
        """A row of a table as `verify` compares it: what is the same in other bytes, in the same ones."""
        return row
