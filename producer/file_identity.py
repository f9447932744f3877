"""Checks that an open file still has its name: it may have been removed or replaced meanwhile."""

import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Self

Identity = tuple[int, int]
"""Device and inode. No other file gets this identity while the file is open, even after its name was removed."""


class FileGone(RuntimeError):
    """A file that is written to was removed or replaced: what is written to it is lost."""


def identity(path: Path | str) -> Identity | None:
    """The identity of the file with this name; `None` where there is none. Text is quicker where it is asked often."""
    found = identity_and_size(path)
    return None if found is None else found[0]


def identity_and_size(path: Path | str) -> tuple[Identity, int] | None:
    """The identity, as `identity`, with the bytes of the file."""
    try:
        found = os.stat(path)  # noqa: PTH116 - asked for each batch, at half the cost of a path
    except (FileNotFoundError, NotADirectoryError):
        return None
    return (found.st_dev, found.st_ino), found.st_size


class CutOff(sqlite3.DatabaseError):
    """The file of a database is shorter than it was. SQLite goes on with what it has in memory, and finds out late."""


@dataclass(slots=True)
class OpenFile:
    """The open file of a database, its identity when it was opened, and its size when it was checked last."""

    path: Path
    identity: Identity | None
    size: int = 0

    @classmethod
    def now(cls, path: Path) -> Self:
        return cls(path, identity(path))

    def check(self) -> None:
        """Raises `FileGone` where the name does not lead to this file any more, and `CutOff` where it is shorter."""
        now = identity_and_size(self.path)
        if now is None:
            raise FileGone(f"{self.path} was removed while it was written to")
        if now[0] != self.identity:
            raise FileGone(f"{self.path} was replaced by another file while it was written to")
        if now[1] < self.size:
            raise CutOff(f"{self.path} was cut off while it was written to")
        self.size = now[1]
