"""The options of a rebuild, and its outcome."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from consumers.engine.rebuild.time_range import TimeRange


class DaysWereDropped(RuntimeError):
    """Days left the journal before they were folded."""


class WouldLose(RuntimeError):
    """The view holds what was before the floor of the journal, and the fold from there does not make it again."""

    def __init__(self, name: str, floor: int, rows: Mapping[str, int]) -> None:
        super().__init__(
            f"the journal begins at position {floor:,}, for days were dropped: {name} folded from there would lose"
            f" {_counts(rows)}"
        )
        self.rows = rows


@dataclass(frozen=True, slots=True)
class RebuildRequest:
    """The options of a rebuild. `restart`: from the beginning, even if an interrupted rebuild could be continued.
    `force`: also where history is lost; the old view is then kept beside the new one. `part`: only that.
    """

    restart: bool = False
    force: bool = False
    part: TimeRange | None = None


@dataclass(slots=True)
class RebuildReport:
    """The outcome: where it went on, why not where it could have, and the rows that no event makes any more, by
    table: carried over from the old view, or lost with `kept`, the file of that.
    """

    position: int
    begun_at: int = 0
    discarded: str | None = None
    carried: Mapping[str, int] = field(default_factory=dict)
    lost: Mapping[str, int] = field(default_factory=dict)
    kept: Path | None = None


def _counts(rows: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} rows of {table}" for table, count in rows.items())
