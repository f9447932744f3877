"""What one reader thread holds open: the journal, the archive and the views, all read-only."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from consumers.archive.reader import ArchiveReader
from consumers.journal.sqlite import JournalQueries, SqliteJournalReader
from consumers.views import Views


@dataclass(frozen=True, slots=True)
class Stores:
    journal: SqliteJournalReader
    queries: JournalQueries
    archive: ArchiveReader
    views: Views

    def view(self, name: str) -> sqlite3.Connection:
        """Raises `NoView`."""
        return self.views[name]


@contextmanager
def open_stores(data: Path) -> Iterator[Stores]:
    """For use in the thread that opens them."""
    directory = data / "journal"
    with (
        Views(data) as views,
        closing(SqliteJournalReader(directory)) as journal,
        closing(JournalQueries(directory)) as queries,
        ArchiveReader(data / "archive") as archive,
    ):
        yield Stores(journal, queries, archive, views)
