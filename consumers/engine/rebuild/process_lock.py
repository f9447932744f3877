"""One rebuild of a view at a time, and how far it is for those who look."""

import fcntl
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import sleep
from typing import IO, Any

from consumers.engine import checkpoint, view_files

LOCK_TRIES = 20
LOCK_PAUSE_S = 0.05


class AlreadyRebuilding(RuntimeError):
    """Somebody else folds this view again just now."""


@contextmanager
def alone(data: Path, name: str) -> Iterator[None]:
    """Two rebuilds of one view would write one shadow. Raises `AlreadyRebuilding`."""
    path = _lock_of(data, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        # Who only looks whether there is one holds it for a moment.
        for _ in range(LOCK_TRIES):
            if _taken(file, fcntl.LOCK_EX):
                break
            sleep(LOCK_PAUSE_S)
        else:
            raise AlreadyRebuilding(f"the view {name!r} is being folded again already")
        yield


def rebuilt(data: Path, name: str) -> int | None:
    """The position that a rebuild has reached; `None` where there is none going on."""
    try:
        with _lock_of(data, name).open("rb") as file:
            if _taken(file, fcntl.LOCK_SH):
                return None
        shadow = view_files.open_file(view_files.next_file(data, name))
    except FileNotFoundError:
        return None
    except sqlite3.OperationalError:
        return 0
    try:
        return checkpoint.load(shadow)
    except sqlite3.OperationalError:
        # It has no tables yet.
        return 0
    finally:
        shadow.close()


def _lock_of(data: Path, name: str) -> Path:
    return view_files.link_of(data, name).with_suffix(".rebuild")


def _taken(file: IO[Any], kind: int) -> bool:
    """Whether the lock could be had; it ends with the file."""
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
