"""Checks that the files of an open outbox still have their names."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from producer.file_identity import OpenFile, identity
from producer.sqlite_files import files_beside


@dataclass(frozen=True, slots=True)
class OpenFiles:
    """As they were when it was opened: the file itself, its log and the index of that."""

    file: OpenFile
    beside: tuple[OpenFile, ...]

    @classmethod
    def now(cls, path: Path) -> Self:
        return cls(OpenFile.now(path), tuple(OpenFile.now(beside) for beside in files_beside(path)))

    def check(self) -> None:
        """Raises `FileGone` where the name does not lead to the file any more."""
        self.file.check()

    def remove_rest(self) -> None:
        """SQLite would read the old log into another file of this name, and share its index with who has it open."""
        for held in self.beside:
            if held.identity is not None and identity(held.path) == held.identity:
                held.path.unlink(missing_ok=True)
