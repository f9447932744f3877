"""Checks that an open file still has its name: it may have been removed or replaced meanwhile."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

Identity = tuple[int, int]
"""Device and inode. No other file gets this identity while the file is open, even after its name was removed."""


class FileGone(RuntimeError):
    """A file that is written to was removed or replaced: what is written to it is lost."""


def identity(path: Path | str) -> Identity | None:
    """The identity of the file with this name; `None` where there is none. Text is quicker where it is asked often."""
    try:
        found = os.stat(path)  # noqa: PTH116 - asked for each batch, at half the cost of a path
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_dev, found.st_ino


@dataclass(frozen=True, slots=True)
class OpenFile:
    """An open file, and its identity when it was opened."""

    path: Path
    identity: Identity | None

    @classmethod
    def now(cls, path: Path) -> Self:
        return cls(path, identity(path))

    def check(self) -> None:
        """Raises `FileGone` where the name does not lead to this file any more."""
        now = identity(self.path)
        if now is None:
            raise FileGone(f"{self.path} was removed while it was written to")
        if now != self.identity:
            raise FileGone(f"{self.path} was replaced by another file while it was written to")
