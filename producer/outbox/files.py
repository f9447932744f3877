"""Checks that the files of an open outbox still have their names."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from producer.file_identity import OpenFile, identity
from producer.sqlite_files import files_beside


@dataclass(frozen=True, slots=True)
class OpenFiles:
    """The outbox file, its log and the index of that, as they were when the outbox was opened."""

    file: OpenFile
    beside: tuple[OpenFile, ...]

    @classmethod
    def now(cls, path: Path) -> Self:
        return cls(OpenFile.now(path), tuple(OpenFile.now(beside) for beside in files_beside(path)))

    def check(self) -> None:
        """Raises `FileGone` where the outbox file has lost its name, and `CutOff` where it is shorter than it was."""
        self.file.check()

    def remove_rest(self) -> None:
        """Remove log and index: SQLite would apply the old log to a new file of this name."""
        for held in self.beside:
            if held.identity is not None and identity(held.path) == held.identity:
                held.path.unlink(missing_ok=True)
