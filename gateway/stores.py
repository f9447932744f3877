"""What one reader thread holds open: the journal, the archive and the views, all read-only."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from consumers.journal.sqlite import SqliteJournalReader
from consumers.views import Views


@dataclass(frozen=True, slots=True)
class Stores:
    journal: SqliteJournalReader
    views: Views

    def view(self, name: str) -> sqlite3.Connection:
        """Raises `NoView`."""
        return self.views[name]


@contextmanager
def open_stores(data: Path) -> Iterator[Stores]:
    """For use in the thread that opens them."""
    with Views(data) as views, closing(SqliteJournalReader(data / "journal")) as journal:
        yield Stores(journal, views)
