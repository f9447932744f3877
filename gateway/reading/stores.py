"""The stores that one reader thread holds open: the journal, the archive and the views, all read-only."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

from consumers.engine import checkpoint
from consumers.engine.shape import Shape
from consumers.engine.view_files import NoView, Views
from consumers.site_registry import Registered
from consumers.store.archive.reader import ArchiveReader
from consumers.store.journal.record import JournalReader
from consumers.store.journal.store import JournalQuestions, JournalStore
from consumers.views.registry import RegistryProjection
from gateway.reading.registry import RegistryCache


@runtime_checkable
class HoldsFiles(Protocol):
    """A journal that is in files of this machine."""

    def close_removed(self) -> None: ...


class OfAnotherVersion(RuntimeError):
    """The view is not one that this code makes, and is folded again."""


@dataclass(frozen=True, slots=True)
class Stores:
    journal: JournalReader
    queries: JournalQuestions
    archive: ArchiveReader
    views: Views
    shapes: Mapping[str, Shape]
    """Those of the views that are asked, by name."""
    _known: dict[str, tuple[sqlite3.Connection, str | None]] = field(default_factory=dict)
    """What each open view was found to be; another one of its name is another file."""
    _registry: RegistryCache = field(default_factory=RegistryCache)

    def view(self, name: str) -> sqlite3.Connection:
        """Raises `NoView` and `OfAnotherVersion`."""
        view = self.views[name]
        if why := self.outdated(name, view):
            raise OfAnotherVersion(f"the view {name!r} is folded again, for {why}")
        return view

    def outdated(self, name: str, view: sqlite3.Connection) -> str | None:
        """Why this view is not one of this code, as the rest of a sentence."""
        known = self._known.get(name)
        if known is None or known[0] is not view:
            shape = self.shapes.get(name)
            known = self._known[name] = (view, None if shape is None else shape.difference(view))
        return known[1]

    def registered(self) -> Registered:
        """What is registered now. Raises `NoView` and `OfAnotherVersion`."""
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
        yield Stores(reader, questions, archive, views, shapes or {})
