"""Checks that an open file still has its name: it may have been removed or replaced meanwhile."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

Identity = tuple[int, int]
"""Device and inode. While somebody holds a file open no other has its identity, though it has lost its name."""


class FileGone(RuntimeError):
    """A file that is written to has lost its name, or another one bears it now: what is written is lost."""


def identity(path: Path) -> Identity | None:
    """Of the file that a name leads to; `None` where it leads to none."""
    try:
        found = os.stat(path)  # noqa: PTH116 - asked for each batch, at half the cost of a path
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_dev, found.st_ino


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A file that is open, as it was when it was opened."""

    path: Path
    identity: Identity | None

    @classmethod
    def now(cls, path: Path) -> Self:
        return cls(path, identity(path))

    def check(self) -> None:
        """Raises `FileGone` where its name does not lead to it any more."""
        now = identity(self.path)
        if now is None:
            raise FileGone(f"{self.path} was removed while it was written to")
        if now != self.identity:
            raise FileGone(f"{self.path} was replaced by another file while it was written to")
