"""The stores that one reader thread holds open: the journal, the archive and the views, all read-only."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

from consumers.engine import checkpoint, damaged_views
from consumers.engine.shape import Shape
from consumers.engine.view_files import NoView, Views, link_of
from consumers.site_registry import Registered
from consumers.store.archive.reader import ArchiveReader
from consumers.store.journal.record import JournalReader
from consumers.store.journal.store import JournalQuestions, JournalStore
from consumers.views.registry import RegistryProjection
from gateway.reading.registry import RegistryCache
from producer.sqlite_files import is_broken
from producer.time_budget import watch


@runtime_checkable
class HoldsFiles(Protocol):
    """A journal that is in files of this machine."""

    def close_removed(self) -> None: ...


class OfAnotherVersion(RuntimeError):
    """The view is not one that this code makes, or its file was lost. It is folded again."""


@dataclass(frozen=True, slots=True)
class Stores:
    journal: JournalReader
    queries: JournalQuestions
    archive: ArchiveReader
    views: Views
    shapes: Mapping[str, Shape]
    """Those of the views that are asked, by name."""
    data: Path | None = None
    _known: dict[str, tuple[sqlite3.Connection, str | None]] = field(default_factory=dict)
    """The finding on each open view; another file of its name is another view."""
    _refolding: dict[str, sqlite3.Connection] = field(default_factory=dict)
    """Those that were folded again when they were asked last."""
    _asked: set[str] = field(default_factory=set)
    """The views of the question that is being answered."""
    _registry: RegistryCache = field(default_factory=RegistryCache)

    def view(self, name: str) -> sqlite3.Connection:
        """Raises `NoView` and `OfAnotherVersion`."""
        self._asked.add(name)
        view = self._opened(name)
        if why := self.outdated(name, view):
            raise OfAnotherVersion(f"the view {name!r} is folded again, for {why}")
        return view

    def _opened(self, name: str) -> sqlite3.Connection:
        try:
            return self.views[name]
        except NoView:
            if self.data is not None and link_of(self.data, name).is_symlink():
                raise OfAnotherVersion(f"the view {name!r} is folded again, for its file was lost") from None
            raise

    def outdated(self, name: str, view: sqlite3.Connection) -> str | None:
        """Why this view is not one of this code, or not complete, as the rest of a sentence."""
        known = self._known.get(name)
        if known is None or known[0] is not view:
            shape = self.shapes.get(name)
            known = self._known[name] = (watch(view), None if shape is None else shape.difference(view))
            self._refolding[name] = view
        return known[1] or (self._refold(name, view) if name in self._refolding else None)

    def _refold(self, name: str, view: sqlite3.Connection) -> str | None:
        goal = checkpoint.refold_goal(view)
        if goal is None:
            del self._refolding[name]
            return None
        return f"its file was lost, and it is at position {checkpoint.load(view):,} of {goal:,}"

    @contextmanager
    def question_scope(self) -> Iterator[None]:
        """One question. Where a view that it asks cannot be read, the consumer of the view is to look at it."""
        self._asked.clear()
        try:
            yield
        except sqlite3.DatabaseError as error:
            if self.data is not None and is_broken(error):
                for name in self._asked:
                    damaged_views.note(self.data, name, str(error))
            raise

    def registered(self) -> Registered:
        """The sites and devices as registered now. Raises `NoView` and `OfAnotherVersion`."""
        view = self.view(RegistryProjection.name)
        found = self._registry.get(view)
        if not found.entries and self.journal.read(checkpoint.load(view), RegistryProjection.models, 1).records:
            raise NoView(f"the consumer {RegistryProjection.name!r} has not folded anything yet")
        return found

    def close_removed(self) -> None:
        """Close the files that were removed: views that were folded again, days of the
        journal that were dropped, an index that is made again."""
        self.views.close_removed()
        self.archive.close_removed()
        for reader in (self.journal, self.queries):
            if isinstance(reader, HoldsFiles):
                reader.close_removed()


@contextmanager
def open_stores(data: Path, journal: JournalStore, shapes: Mapping[str, Shape] | None = None) -> Iterator[Stores]:
    """For use in the thread that opens them. `shapes` are those of the views by name."""
    with (
        Views(data) as views,
        closing(journal.reader()) as reader,
        closing(journal.questions()) as questions,
        ArchiveReader(data / "archive") as archive,
    ):
        yield Stores(reader, questions, archive, views, shapes or {}, data)
