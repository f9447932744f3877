"""Parts packs of media into those that may be deleted and those that a hold, a note or an export keeps."""

import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from consumers.engine import checkpoint, view_files
from consumers.engine.projection import emit_nothing
from consumers.engine.view_files import NoView
from consumers.store.archive.retention import NEWEST, ArchiveRetention, Dropped, PackSum
from consumers.store.journal.record import JournalReader
from consumers.store.journal.store import JournalAway
from consumers.views.holds import AROUND, HoldRow, HoldsProjection, holds


class HoldsUnknown(RuntimeError):
    """Neither a view of holds nor the journal can be read: until one of them can, nothing may be deleted."""


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


class FreePacks:
    """Those of some packs that nobody holds, in the order given; `held` are the others that were met so far."""

    def __init__(self, packs: Iterable[Dropped], rows: Callable[[], Sequence[HoldRow]]) -> None:
        """`rows` is asked once there is a pack."""
        self._packs = packs
        self._rows = rows
        self.held: list[Dropped] = []

    def __iter__(self) -> Iterator[Dropped]:
        rows: Sequence[HoldRow] | None = None
        for pack in self._packs:
            rows = self._rows() if rows is None else rows
            if holds_of(pack, rows):
                self.held.append(pack)
            else:
                yield pack


class FreeMedia:
    """The sums of the packs of some kinds that were over at a moment and that nobody holds."""

    def __init__(
        self, archive: ArchiveRetention, kinds: Collection[str], rows: Sequence[HoldRow], before: datetime
    ) -> None:
        self._archive = archive
        self._kinds = kinds
        self._rows = rows
        self._before = before

    def began_by(self, moments: Sequence[datetime]) -> list[PackSum]:
        """For each moment what those hold that had begun by then."""
        held = self._held()
        sums = self._archive.sums(self._kinds, moments, self._before)
        return [
            _without(all_of_them, [one for one in held if one.start <= at])
            for all_of_them, at in zip(sums, moments, strict=True)
        ]

    def _held(self) -> set[Dropped]:
        return {
            pack
            for kind in self._kinds
            for row in self._rows
            for pack in self._archive.within(kind, row.start - AROUND, row.end + AROUND)
            if pack.end <= self._before - NEWEST and holds_of(pack, [row])
        }


def _without(all_of_them: PackSum, packs: Iterable[Dropped]) -> PackSum:
    media, size = all_of_them
    for pack in packs:
        media, size = media - pack.count, size - pack.bytes
    return PackSum(media, size)


def holds_of(pack: Dropped, rows: Iterable[HoldRow]) -> list[HoldRow]:
    """Those that keep this pack."""
    return [row for row in rows if row.keeps(pack.site, pack.device, pack.kind, pack.start, pack.end)]


BATCH = 1000


class CurrentHolds:
    """The holds now: those of the view, and those in events of the journal that it has not folded.

    A consumer that cannot write its view, as on a full disk, must not keep retention from making the room that it waits
    for. Events that are read of the journal are kept in memory until the view has them.
    """

    def __init__(self, data: Path, journal: Callable[[], JournalReader]) -> None:
        self._data = data
        self._journal = journal
        self._rest: sqlite3.Connection | None = None
        self._folded = (0, 0)
        """The id of the journal, and up to which position the rest is."""

    def rows(self) -> list[HoldRow]:
        """Raises `HoldsUnknown`. While the journal is out of reach the view counts: nobody could read more."""
        try:
            with closing(self._journal()) as reader:
                return self._rows(reader)
        except JournalAway as away:
            return self._of_view_only(away)

    def _rows(self, reader: JournalReader) -> list[HoldRow]:
        view, position = self._view(reader.journal_id())
        try:
            if view is not None and not reader.read(position, HoldsProjection.models, 1).records:
                self._forget()
                return holds(view)
            return holds(self._read_on(reader, view, position))
        finally:
            if view is not None:
                view.close()

    def _read_on(self, reader: JournalReader, view: sqlite3.Connection | None, position: int) -> sqlite3.Connection:
        journal_id, upto = self._folded
        if self._rest is None or journal_id != reader.journal_id() or upto < position:
            self._forget()
            self._rest, upto = _copy_of(view), position
        fold = HoldsProjection()
        while (batch := reader.read(upto, HoldsProjection.models, BATCH)).upto > upto:
            fold.fold(self._rest, batch.records, emit_nothing)
            upto = batch.upto
        self._folded = reader.journal_id(), upto
        return self._rest

    def _view(self, journal_id: int) -> tuple[sqlite3.Connection | None, int]:
        """The view with its position; `None` where there is none of this journal, or it cannot be read."""
        try:
            view = view_files.open_view(self._data, HoldsProjection.name)
            try:
                if not checkpoint.is_of_another_journal(view, journal_id):
                    holds(view)
                    return view, checkpoint.load(view)
            except sqlite3.Error:
                view.close()
                raise
            view.close()
        except (NoView, sqlite3.Error):
            pass
        return None, 0

    def _of_view_only(self, away: JournalAway) -> list[HoldRow]:
        try:
            with closing(view_files.open_view(self._data, HoldsProjection.name)) as view:
                return holds(view)
        except (NoView, sqlite3.Error) as error:
            raise HoldsUnknown(f"{away}, and the view {HoldsProjection.name!r} cannot be read: {error}") from away

    def _forget(self) -> None:
        if self._rest is not None:
            self._rest.close()
        self._rest = None


def _copy_of(view: sqlite3.Connection | None) -> sqlite3.Connection:
    """In memory, with the rows of the view where there is one."""
    copy = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    copy.executescript(HoldsProjection.schema)
    if view is not None:
        rows = view.execute("select * from holds").fetchall()
        copy.executemany("insert into holds values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
    return copy
