"""Puts a backup in the place of a data directory that was lost.

The journal gets a new identity: positions after its end will mean other events than those that the lost one gave them,
so whatever was folded from that one, also rows on a ClickHouse server, begins anew.
"""

import secrets
import sqlite3
from collections.abc import Callable, Collection
from contextlib import closing
from pathlib import Path
from typing import Final

from consumers.store.journal.days import list_days
from consumers.upkeep.backup.files import copy_file
from consumers.upkeep.backup.manifest import Manifest, read_manifest
from producer.whole_file import sync_directory

NO_DATA: Final = ("run", "logs", ".lock")
"""What a hub leaves in a data directory in which it found nothing."""


class DataThere(FileExistsError):
    """The data directory holds data already."""


def restore(backup: Path, data: Path, progress: Callable[[int, int], None]) -> Manifest:
    """Raises `NoBackup`, `DataThere`, and `OSError` where the data directory cannot be written."""
    manifest = read_manifest(backup)
    require_empty(data)
    files = sorted(path for path in backup.rglob("*") if path.is_file() and manifest.holds(path.relative_to(backup)))
    # The journal comes last: a restore that was interrupted leaves a directory that no hub starts from by mistake.
    files.sort(key=lambda path: path.relative_to(backup).parts[0] == "journal")
    for done, file in enumerate(files, 1):
        place = data / file.relative_to(backup)
        place.parent.mkdir(parents=True, exist_ok=True)
        copy_file(file, place)
        progress(done, len(files))
    become_another_journal(data / "journal")
    return manifest


def require_empty(data: Path, besides: Collection[str] = ()) -> None:
    """Raises `DataThere`."""
    if data.exists() and any(path for path in data.iterdir() if path.name not in (*NO_DATA, *besides)):
        raise DataThere(f"{data} holds data already; name a directory that is empty or not there yet")


def become_another_journal(journal: Path) -> None:
    """Positions after its end will mean other events than those that the lost one gave them."""
    days = list_days(journal)
    if not days:
        return
    identity = 1 + secrets.randbits(62)
    for day in days:
        with closing(sqlite3.connect(day.path)) as connection, connection:
            connection.execute("update meta set value = ? where key = 'life'", (identity,))
    sync_directory(journal)
