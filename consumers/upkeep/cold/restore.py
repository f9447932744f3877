"""Makes a hub again of what a bucket holds: the closed days of its journal, and an index over the packs that are there.

The media stay in the bucket and are read from there. The journal gets a new identity, and the prefix belongs to the new
hub; the lost one, should it come back, is refused.
"""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from hashlib import sha256
from pathlib import Path
from typing import Final, get_args

from bus_schemas.media import MediaKind
from consumers.store.archive.disk import Archive
from consumers.store.archive.index import open_to_write
from consumers.store.cold.bucket import Bucket, NoSuchObject, TooLarge
from consumers.store.journal.days import day_path, list_days, remove
from consumers.store.journal.files import SqliteStore
from consumers.store.journal.record import journal_id_text
from consumers.store.journal.retention_floor import NAME as FLOOR
from consumers.upkeep.backup.restore import become_another_journal, require_empty
from consumers.upkeep.cold.copy_book import CopyBook
from consumers.upkeep.cold.day_chain import JOURNAL, DamagedChain, DayManifest, read_manifests, set_aside_after
from consumers.upkeep.cold.day_files import unpack
from consumers.upkeep.cold.owner import take_over
from consumers.upkeep.cold.packs import enter_objects
from producer.ids import Clock
from producer.times import DAY, micros
from producer.transaction import transaction
from producer.whole_file import name_whole, sync_directory, write_whole

DRAFT: Final = ".restored"
MOST_FLOOR_BYTES: Final = 10_000_000

Progress = Callable[[str, int, int], None]
"""Called with what is restored, how many of it are done, and of how many."""


class NothingInBucket(LookupError):
    """The bucket holds no closed day of a journal."""


@dataclass(frozen=True, slots=True)
class RestoredHub:
    """The outcome of a restore: the days of the journal, its last position, and the objects of media."""

    days: int
    until: datetime
    head: int
    objects: int


def restore_from_bucket(
    bucket: Bucket, data: Path, clock: Clock, progress: Progress, until: date | None = None
) -> RestoredHub:
    """Up to a day, and with it, or all: later ones are set aside in the bucket.

    Raises `DataThere`, `NothingInBucket`, `DamagedChain` or `OutOfReach`; the directory is as empty as before then,
    but for what the next try finds and does not fetch again.
    """
    draft = data / DRAFT
    _take_back(data, draft)
    require_empty(data, besides=(DRAFT,))
    manifests = read_manifests(bucket, until)
    if not manifests:
        raise NothingInBucket(
            f"{bucket.storage.name} holds no closed day of a journal{'' if until is None else f' until {until}'}"
        )
    (draft / "journal").mkdir(parents=True, exist_ok=True)
    _fetch_days(bucket, manifests, draft / "journal", progress)
    _fetch_floor(bucket, draft / "journal")
    become_another_journal(draft / "journal")
    objects = _make_index(bucket, draft / "archive", manifests[-1], clock, lambda n, of: progress("objects", n, of))
    head, identity = _end_of(draft / "journal")
    if until is not None:
        set_aside_after(bucket, until)
    take_over(bucket, identity, clock)
    # The journal comes last: a restore that was interrupted leaves a directory that no hub starts from by mistake.
    for name in ("archive", "journal"):
        (draft / name).rename(data / name)
    draft.rmdir()
    sync_directory(data)
    return RestoredHub(len(manifests), _end(manifests[-1]), head, objects)


def _take_back(data: Path, draft: Path) -> None:
    """A restore that died between its last two steps goes on."""
    is_between = (draft / "journal").exists() and not (draft / "archive").exists()
    if is_between and (data / "archive").exists() and not (data / "journal").exists():
        (data / "archive").rename(draft / "archive")


def _end_of(journal: Path) -> tuple[int, str]:
    """The last position, and the id of the journal."""
    with closing(SqliteStore(journal).reader()) as reader:
        identity = journal_id_text(reader.journal_id())
        assert identity is not None
        return reader.head(), identity


def _fetch_days(bucket: Bucket, manifests: Sequence[DayManifest], directory: Path, progress: Progress) -> None:
    """Raises `DamagedChain`. Days that an earlier try has fetched, and that nobody wants now, go."""
    wanted = {manifest.date for manifest in manifests}
    for day in list_days(directory):
        if day.date not in wanted:
            remove(day)
    whole_until: date | None = None
    for done, manifest in enumerate(manifests, 1):
        try:
            _fetch_day(bucket, manifest, directory)
        except DamagedChain as damaged:
            raise DamagedChain(str(damaged), whole_until) from damaged
        whole_until = manifest.date
        progress("days", done, len(manifests))


def _fetch_day(bucket: Bucket, manifest: DayManifest, directory: Path) -> None:
    path = day_path(directory, manifest.date)
    if path.exists():
        return
    packed, draft = directory / f".{manifest.date}.gz", directory / f".{manifest.date}.draft"
    digest = sha256()
    try:
        with packed.open("wb") as file:
            for chunk in bucket.stream(manifest.object, manifest.size):
                digest.update(chunk)
                file.write(chunk)
    except NoSuchObject as error:
        raise DamagedChain(f"{manifest.date} of the journal is in no object {manifest.object}") from error
    except TooLarge as error:
        raise DamagedChain(str(error)) from error
    if digest.hexdigest() != manifest.sha256:
        raise DamagedChain(f"{manifest.object} has other bytes than were written")
    try:
        unpack(packed, draft)
    except (OSError, EOFError) as error:
        raise DamagedChain(f"{manifest.object} cannot be unpacked: {error}") from error
    packed.unlink()
    name_whole(draft, path)


def _fetch_floor(bucket: Bucket, directory: Path) -> None:
    try:
        body = bucket.get_small(f"{JOURNAL}{FLOOR}", MOST_FLOOR_BYTES)
    except NoSuchObject:
        return
    except TooLarge as error:
        raise DamagedChain(str(error)) from error
    write_whole(directory / FLOOR, body)


def _make_index(
    bucket: Bucket, directory: Path, newest: DayManifest, clock: Clock, progress: Callable[[int, int], None]
) -> int:
    Archive(directory, clock).close()
    with CopyBook(directory) as book:
        enter_objects(book, bucket, progress)
        book.mark_reconciled(bucket.storage.name)
        objects = len(book.copies())
    _forget_other_kinds(directory, newest)
    return objects


def _forget_other_kinds(directory: Path, newest: DayManifest) -> None:
    """Kinds that were on the disk alone keep nothing from before the end of the newest day."""
    index = open_to_write(directory)
    try:
        with transaction(index):
            for kind in get_args(MediaKind):
                if kind not in newest.kinds:
                    index.execute("insert or replace into floors values (?, ?)", (kind, micros(_end(newest))))
    finally:
        index.close()


def _end(manifest: DayManifest) -> datetime:
    return datetime.combine(manifest.date, time(0), UTC) + DAY
