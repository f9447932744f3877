"""What one reader thread holds open: the journal, the archive and the views, all read-only."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from consumers.archive.reader import ArchiveReader
from consumers.journal.record import JournalReader
from consumers.journal.store import JournalQuestions, JournalStore
from consumers.views import Views


@dataclass(frozen=True, slots=True)
class Stores:
    journal: JournalReader
    queries: JournalQuestions
    archive: ArchiveReader
    views: Views

    def view(self, name: str) -> sqlite3.Connection:
        """Raises `NoView`."""
        return self.views[name]


@contextmanager
def open_stores(data: Path, journal: JournalStore) -> Iterator[Stores]:
    """For use in the thread that opens them."""
    with (
        Views(data) as views,
        closing(journal.reader()) as reader,
        closing(journal.questions()) as questions,
        ArchiveReader(data / "archive") as archive,
    ):
        yield Stores(reader, questions, archive, views)
