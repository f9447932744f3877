"""A journal in the files of a directory, which processes of one machine may read and one may write."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from consumers.store.journal.day_reader import OpenDay, StoredBody, bodies, each_day
from consumers.store.journal.days import Day, day_path, list_days, remove
from consumers.store.journal.queries import JournalQueries
from consumers.store.journal.reader import SqliteJournalReader
from consumers.store.journal.retention_floor import drop
from consumers.store.journal.writer import Journal
from producer.ids import Clock


class SqliteStore:
    """A `JournalStore`."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.name = str(directory.parent)

    def exists(self) -> bool:
        return bool(list_days(self._directory))

    def reader(self) -> SqliteJournalReader:
        return SqliteJournalReader(self._directory)

    def questions(self) -> JournalQueries:
        return JournalQueries(self._directory)

    def writer(self, clock: Clock, owner: str) -> Journal:
        """Its owner is who holds the lock of the directory."""
        return Journal(self._directory, clock)

    def each_day(self) -> Iterator[OpenDay]:
        return each_day(self._directory)

    def bodies(self, event_type: str) -> Iterator[StoredBody]:
        return bodies(self._directory, event_type)

    def erase(self) -> None:
        for day in list_days(self._directory):
            remove(day)

    def drop(self, day: date) -> None:
        drop(self._directory, [Day(day, day_path(self._directory, day))])
