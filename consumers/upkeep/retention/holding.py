"""Parts packs of media into those that may be deleted and those that a hold, a note or an export keeps."""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from consumers.engine import checkpoint, view_files
from consumers.engine.view_files import NoView
from consumers.store.archive.retention import Dropped
from consumers.store.journal.record import JournalReader
from consumers.store.journal.store import JournalAway
from consumers.views.holds import HoldRow, HoldsProjection, holds


class HoldsUnknown(RuntimeError):
    """The view of holds lacks what the journal has of them: until it has folded it, nothing may be deleted."""


@dataclass(frozen=True, slots=True)
class PartedPacks:
    """`free` packs may be deleted; `held` ones are kept, whatever their age and size."""

    free: tuple[Dropped, ...] = ()
    held: tuple[Dropped, ...] = ()


def part(packs: Iterable[Dropped], rows: Sequence[HoldRow]) -> PartedPacks:
    """In the order given."""
    free: list[Dropped] = []
    held: list[Dropped] = []
    for pack in packs:
        (held if holds_of(pack, rows) else free).append(pack)
    return PartedPacks(tuple(free), tuple(held))


def holds_of(pack: Dropped, rows: Iterable[HoldRow]) -> list[HoldRow]:
    """Those that keep this pack."""
    return [row for row in rows if row.keeps(pack.site, pack.device, pack.kind, pack.start, pack.end)]


def current_holds(data: Path, journal: Callable[[], JournalReader]) -> list[HoldRow]:
    """What is held now. Raises `HoldsUnknown` where the view is behind what the journal says of holds.

    While the journal is out of reach the view counts: it has folded all that anybody could read.
    """
    try:
        with closing(view_files.open_view(data, HoldsProjection.name)) as view:
            _require_all(journal, view)
            return holds(view)
    except NoView:
        _require_all(journal, None)
        return []


def _require_all(journal: Callable[[], JournalReader], view: sqlite3.Connection | None) -> None:
    try:
        with closing(journal()) as reader:
            is_known = view is not None and not checkpoint.is_of_another_journal(view, reader.journal_id())
            folded = checkpoint.load(view) if view is not None and is_known else 0
            missing = reader.read(folded, HoldsProjection.models, 1).records
    except JournalAway as away:
        if view is None:
            raise HoldsUnknown(f"there is no view {HoldsProjection.name!r}, and {away}") from away
        return
    if missing:
        raise HoldsUnknown(f"the view {HoldsProjection.name!r} is behind, at position {folded:,}")
