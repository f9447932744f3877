"""Checks that the files of an open outbox still have their names."""

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from producer.file_identity import CutOff, OpenFile, identity, identity_and_size
from producer.outbox.shrinking import Shrunk, shrunk
from producer.sqlite_files import files_beside


@dataclass(slots=True)
class OpenFiles:
    """The outbox file, its log and the index of that, as they were when the outbox was opened."""

    file: OpenFile
    beside: tuple[OpenFile, ...]
    shrunk: Shrunk
    """As it was when the file was opened, or last found to be shorter."""
    is_to_shrink: bool
    """Whether the file had pages then that it was to lose once its log is copied to it."""

    @classmethod
    def now(cls, path: Path, connection: sqlite3.Connection) -> Self:
        known, file = shrunk(connection), OpenFile.now(path)
        found = identity_and_size(path)
        file.size = 0 if found is None else found[1]
        beside = tuple(OpenFile.now(beside) for beside in files_beside(path))
        return cls(file, beside, known, 0 < known.bytes < file.size)

    def check(self, connection: sqlite3.Connection) -> None:
        """Raises `FileGone` where the outbox file has lost its name, and `CutOff` where it is shorter than it was, and
        nobody shrank it.
        """
        try:
            self.file.check()
        except CutOff:
            now = shrunk(connection)
            if now.times == self.shrunk.times and not self.is_to_shrink:
                raise
            self._take(now, connection)

    def _take(self, now: Shrunk, connection: sqlite3.Connection) -> None:
        """Take the size that the file has. The length that was known before says how short it may be, unless it was
        shrunk once more in between.
        """
        self.file.size = now.left_bytes
        try:
            self.file.check()
        except CutOff:
            again = shrunk(connection)
            if again.times == now.times:
                raise
            self._take(again, connection)
        else:
            self.shrunk, self.is_to_shrink = now, now.bytes < self.file.size

    def remove_rest(self) -> None:
        """Remove log and index: SQLite would apply the old log to a new file of this name."""
        for held in self.beside:
            if held.identity is not None and identity(held.path) == held.identity:
                held.path.unlink(missing_ok=True)
