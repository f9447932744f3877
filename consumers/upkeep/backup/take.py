"""Takes a backup of all that cannot be rebuilt: the journal, the media, and what agents and hub know of each other.

The journal comes before the media, because ingest writes a medium before the event that names it: every medium of an
event in the copy was on the disk when its pack was copied. Views, tiles and rows are folded again after a restore, and
an outbox is never copied: two of one outbox would write one stream.
"""

import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from consumers.hub_config import HubConfig
from consumers.store.archive.copies import copies_in, records_of
from consumers.store.archive.disk import Archive
from consumers.store.archive.index import NAME as INDEX
from consumers.store.archive.index import open_to_read
from consumers.store.journal.days import list_days
from consumers.store.journal.files import SqliteStore
from consumers.store.journal.retention_floor import NAME as FLOOR
from consumers.upkeep.backup.files import copy_database, copy_file, is_alike
from consumers.upkeep.backup.lineage import ends_alike, is_same_journal
from consumers.upkeep.backup.manifest import NAME, OTHER_FOLDERS, Manifest, NoBackup, read_manifest
from consumers.upkeep.cold.copy_book import CopyBook
from producer.ids import Clock
from producer.sqlite_files import remove_database

LOGS_OF_DATABASES = ("-wal", "-shm")
OnFile = Callable[[int, int], None]
"""Called with the number of files that are done, and of how many."""


class NothingToBackUp(LookupError):
    """The data directory has no journal."""


@dataclass(slots=True)
class _Taken:
    files: int = 0
    bytes: int = 0

    def add(self, size: int) -> None:
        self.files += 1
        self.bytes += size


def take(hub: HubConfig, target: Path, version: str, clock: Clock, progress: OnFile) -> Manifest:
    """Make `target` a backup of the data directory as it is; what it holds already is not copied again.

    The directory may be in use. Raises `NothingToBackUp`, `OfAnotherHub`, and `OSError` where the target cannot be
    written.
    """
    journal = hub.data / "journal"
    if hub.journal is None:
        if not list_days(journal):
            raise NothingToBackUp(f"there is no journal in {hub.data}")
        if not is_same_journal(journal, target / "journal"):
            # A pack may have been replaced by another one of its name and size.
            remove_database(target / "archive" / INDEX)
    before = _others_of(target)
    (target / NAME).unlink(missing_ok=True)
    taken, moment = _Taken(), clock()
    if hub.journal is None:
        _copy_journal(journal, target / "journal", taken)
    others = _copy_others(hub.data, target, taken)
    for gone in before - set(others):
        (target / gone).unlink(missing_ok=True)
    _copy_packs(hub.data / "archive", target / "archive", taken, progress)
    # The index of the copy is made of its packs: they may have grown since the journal was copied.
    Archive(target / "archive", clock).close()
    _enter_copies(hub.data / "archive", target / "archive")
    manifest = Manifest(
        version=version,
        taken=moment,
        head=_head(target, hub),
        files=taken.files,
        bytes=taken.bytes,
        others=tuple(others),
    )
    manifest.write(target)
    return manifest


def _head(target: Path, hub: HubConfig) -> int | None:
    if hub.journal is not None:
        return None
    with closing(SqliteStore(target / "journal").reader()) as reader:
        return reader.head()


def _copy_journal(source: Path, target: Path, taken: _Taken) -> None:
    """Day by day, the oldest first. What retention drops meanwhile is dropped from the copy at the end."""
    target.mkdir(parents=True, exist_ok=True)
    days = [day.path for day in list_days(source)]
    for day, later in zip_longest(days, days[1:]):
        copy = target / day.name
        with suppress(FileNotFoundError):
            # Where the copy has the day after, this one was closed when it was copied; after a restore it may be
            # one that went on in another way.
            is_whole = later is not None and (target / later.name).exists() and ends_alike(day, copy)
            taken.add(copy.stat().st_size if is_whole else copy_database(day, copy))
    with suppress(FileNotFoundError):
        taken.add(copy_file(source / FLOOR, target / FLOOR))
    kept = {day.path.name for day in list_days(source)}
    for gone in [day.path for day in list_days(target) if day.path.name not in kept]:
        gone.unlink()


def _others_of(target: Path) -> set[str]:
    """What the backup that is there holds beside journal and media, and still has."""
    try:
        listed = set(read_manifest(target).others or ())
    except NoBackup:
        return set()
    return listed & {name.as_posix() for folder in OTHER_FOLDERS for name in _files_in(target, folder)}


def _copy_others(data: Path, target: Path, taken: _Taken) -> list[str]:
    """Returns their names. A file that is gone from the data directory is none of this backup."""
    copied = []
    for name in (name for folder in OTHER_FOLDERS for name in _files_in(data, folder)):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            taken.add(_copy_other(data / name, target / name))
            copied.append(name.as_posix())
    return copied


def _files_in(directory: Path, folder: str) -> list[Path]:
    """The log of a database belongs to its file as of one moment alone, and is not copied beside it."""
    files = (path for path in (directory / folder).rglob("*") if path.is_file())
    shown = (path for path in files if not path.name.startswith(".") and not path.name.endswith(LOGS_OF_DATABASES))
    return sorted(path.relative_to(directory) for path in shown)


def _copy_other(source: Path, copy: Path) -> int:
    if source.suffix == ".sqlite":
        with suppress(sqlite3.DatabaseError):
            return copy_database(source, copy)
    return copy_file(source, copy)


def _copy_packs(source: Path, target: Path, taken: _Taken, progress: OnFile) -> None:
    target.mkdir(parents=True, exist_ok=True)
    packs = sorted(path.relative_to(source) for path in source.glob("*/*/*/*/*.pack"))
    for done, name in enumerate(packs, 1):
        with suppress(FileNotFoundError):
            taken.add(_copy_pack(source / name, target / name))
        progress(done, len(packs))
    kept = set(packs)
    for copy in list(target.glob("*/*/*/*/*.pack")):
        if copy.relative_to(target) not in kept:
            copy.unlink()


def _enter_copies(source: Path, target: Path) -> None:
    """Media in cold storage stay there, and the copy refers to them."""
    if not (source / INDEX).exists():
        return
    with CopyBook(target) as book, closing(open_to_read(source)) as index:
        known = book.copies()
        for place, copy in copies_in(index):
            if copy.object not in known:
                book.enter(place, copy, records_of(index, place))


def _copy_pack(source: Path, copy: Path) -> int:
    """A pack grows at its end alone: of one that is written to meanwhile the end is cut off when it is opened."""
    if is_alike(source, copy):
        return copy.stat().st_size
    copy.parent.mkdir(parents=True, exist_ok=True)
    return copy_file(source, copy)
