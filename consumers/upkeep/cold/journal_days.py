"""Copies closed days of the journal to the bucket: compressed, hashed, and chained from day to day."""

import gzip
import shutil
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, time
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Final

import structlog
from pydantic import BaseModel, ConfigDict, ValidationError

from consumers.hub_config import HubConfig
from consumers.store.archive.copies import PackRange
from consumers.store.archive.keys import PackInterval, Series
from consumers.store.cold.bucket import Bucket, NoSuchObject
from consumers.store.journal.days import Day, list_days
from consumers.store.journal.retention_floor import NAME as FLOOR
from consumers.store.journal.retention_floor import weigh
from consumers.upkeep.backup.files import copy_database
from consumers.upkeep.cold.copy_book import CopyBook
from consumers.upkeep.cold.sending import FileContent, ObjectSender, digest_of
from producer.ids import Clock
from producer.times import DAY

JOURNAL: Final = "journal/"
LEVEL: Final = 6
_NO_PACK: Final = PackRange(0, Series("hub", "hub", "journal"), PackInterval(0), 0, 0)

log = structlog.get_logger()


class DamagedChain(ValueError):
    """The days of the journal in the bucket do not follow each other."""


class DayManifest(BaseModel):
    """A day of the journal in the bucket. `previous` is the SHA-256 of the manifest of the day before it."""

    model_config = ConfigDict(frozen=True)

    date: date
    first: int
    last: int
    object: str
    size: int
    sha256: str
    previous: str | None
    kinds: tuple[str, ...]
    """The kinds of media of which the bucket has everything up to the end of the day."""

    @property
    def digest(self) -> str:
        return sha256(self.model_dump_json().encode()).hexdigest()

    @property
    def name(self) -> str:
        return f"{JOURNAL}{self.date}.json"


def read_manifests(bucket: Bucket) -> list[DayManifest]:
    """Oldest first. Raises `DamagedChain`."""
    found: list[DayManifest] = []
    for name, _ in bucket.list(JOURNAL):
        if name.endswith(".json") and name != f"{JOURNAL}{FLOOR}":
            found.append(_manifest(bucket, name))
    for before, after in pairwise(found):
        if after.previous != before.digest or after.first != before.last + 1:
            raise DamagedChain(f"{after.name} does not follow {before.name}: a day is missing, or was changed")
    return found


def _manifest(bucket: Bucket, name: str) -> DayManifest:
    try:
        return DayManifest.model_validate_json(bucket.get(name))
    except (ValidationError, NoSuchObject) as error:
        raise DamagedChain(f"{name} is not the manifest of a day") from error


class JournalDays:
    """Nothing where the journal is on a server, which has copies of its own."""

    def __init__(self, hub: HubConfig, clock: Clock) -> None:
        self._directory = None if hub.journal is not None else hub.data / "journal"
        self._staging = hub.data / "cold_staging"
        self._kinds = () if hub.cold is None else hub.cold.kinds(hub.retention.longest())
        self._clock = clock
        self._known: list[DayManifest] | None = None

    def upload(self, book: CopyBook, bucket: Bucket, sender: ObjectSender, archived_until: datetime) -> None:
        """The closed days of whose media everything is there, up to this moment; those that are gone here, go there."""
        if self._directory is None:
            return
        if self._known is None:
            self._known = read_manifests(bucket)
        days = list_days(self._directory)
        for day in self._due(days, archived_until):
            self._known.append(self._send(day, bucket, sender, book))
        self._drop(days, book, bucket)

    def _due(self, days: list[Day], archived_until: datetime) -> Iterator[Day]:
        """All but the one that is written."""
        for day in days[:-1]:
            end = datetime.combine(day.date, time(0), UTC) + DAY
            if end > archived_until:
                return
            if not self._known or day.date > self._known[-1].date:
                yield day

    def _send(self, day: Day, bucket: Bucket, sender: ObjectSender, book: CopyBook) -> DayManifest:
        staged = self._stage(day)
        content = FileContent(staged, 0, staged.stat().st_size)
        digest = digest_of(content)
        name = f"{JOURNAL}{day.date}.{digest}.sqlite.gz"
        sender.send(name, content, _NO_PACK, digest)
        book.finish(name)
        before = self._known[-1] if self._known else None
        what = weigh(day)
        manifest = DayManifest(
            date=day.date,
            first=what.first,
            last=what.last,
            object=name,
            size=content.size,
            sha256=digest,
            previous=None if before is None else before.digest,
            kinds=self._kinds,
        )
        bucket.put(manifest.name, manifest.model_dump_json().encode())
        staged.unlink()
        log.info("day of the journal copied", day=str(day.date), bytes=content.size)
        return manifest

    def _stage(self, day: Day) -> Path:
        """Kept until it is uploaded: an upload that was interrupted goes on with the same bytes."""
        staged = self._staging / f"{day.date}.sqlite.gz"
        if staged.exists():
            return staged
        self._staging.mkdir(parents=True, exist_ok=True)
        copy, draft = self._staging / f"{day.date}.sqlite", self._staging / f".{day.date}.gz"
        copy_database(day.path, copy)
        with (
            copy.open("rb") as source,
            draft.open("wb") as raw,
            gzip.GzipFile("", "wb", LEVEL, raw, mtime=0) as target,
        ):
            shutil.copyfileobj(source, target, 1 << 20)
        copy.unlink()
        return draft.replace(staged)

    def _drop(self, days: list[Day], book: CopyBook, bucket: Bucket) -> None:
        """What retention dropped of the journal goes from the bucket too, after the floor that says so."""
        gone = [one for one in self._known or () if days and one.date < days[0].date]
        if not gone or self._directory is None:
            return
        with suppress(FileNotFoundError):
            bucket.put(f"{JOURNAL}{FLOOR}", (self._directory / FLOOR).read_bytes())
        for one in gone:
            book.delete_later(one.name)
            book.delete_later(one.object)
        self._known = [one for one in self._known or () if one not in gone]
