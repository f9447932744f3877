"""Copies the files of a data directory, each as a whole or not at all."""

import shutil
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from consumers.store.journal.days import open_to_read
from producer.whole_file import name_whole

DRAFT = ".draft"
PAGES_PER_STEP = 2048
"""The pages of SQLite that are copied before its writer gets a turn."""


def copy_database(source: Path, target: Path) -> int:
    """Copy it as of one moment, also while it is written to. Returns its bytes. Raises `FileNotFoundError`."""
    if not source.exists():
        raise FileNotFoundError(source)
    draft = target.with_name(f".{target.name}{DRAFT}")
    draft.unlink(missing_ok=True)
    with closing(open_to_read(source)) as opened, closing(sqlite3.connect(draft)) as copy:
        opened.backup(copy, pages=PAGES_PER_STEP)
        copy.execute("pragma journal_mode = delete")
    name_whole(draft, target)
    return target.stat().st_size


def copy_file(source: Path, target: Path) -> int:
    """With its time of change, by which the next backup knows that it has it already; its bytes."""
    draft = target.with_name(f".{target.name}{DRAFT}")
    shutil.copy2(source, draft)
    name_whole(draft, target)
    return target.stat().st_size


def is_alike(source: Path, target: Path) -> bool:
    """Whether the copy has all of a file that only grows. Raises `FileNotFoundError` where there is no file."""
    found = source.stat()
    with suppress(FileNotFoundError):
        copied = target.stat()
        return found.st_size == copied.st_size and found.st_mtime_ns <= copied.st_mtime_ns
    return False
