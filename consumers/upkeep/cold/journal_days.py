"""Copies closed days of the journal to the bucket: compressed, hashed, and chained from day to day."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from functools import partial
from pathlib import Path
from typing import Final

import structlog

from consumers.store.archive.copies import PackRange
from consumers.store.archive.keys import PackInterval, Series
from consumers.store.cold.bucket import Bucket
from consumers.store.journal.retention_floor import NAME as FLOOR
from consumers.upkeep.cold.copy_book import CopyBook
from consumers.upkeep.cold.day_chain import JOURNAL, DamagedChain, DayManifest, DaysInBucket
from consumers.upkeep.cold.day_files import DayFiles, LocalDays, ServerDays, compressed, decompressed
from consumers.upkeep.cold.scope import ColdStorageScope
from consumers.upkeep.cold.sending import FileContent, ObjectSender, digest_of
from producer.ids import Clock
from producer.times import DAY
from producer.whole_file import name_whole

STAGED: Final = ".sqlite.gz"
LEVEL: Final = 6
_NO_PACK: Final = PackRange(0, Series("hub", "hub", "journal"), PackInterval(0), 0, 0)

log = structlog.get_logger()


class JournalDays:
    """Whether files or a server keep the journal, a day in the bucket is a file."""

    def __init__(self, scope: ColdStorageScope, clock: Clock) -> None:
        self._staging = scope.data / "cold_staging"
        self._files: DayFiles = (
            LocalDays(scope.data / "journal")
            if scope.journal_server is None
            else ServerDays(scope.journal, self._staging / "journal")
        )
        self._kinds = scope.kinds
        self._clock = clock
        self._known: list[DayManifest] = []
        self._open: date | None = None
        """The day that was written when the days in the bucket were compared with those of the journal."""
        self._looked: datetime | None = None

    def upload(self, book: CopyBook, bucket: Bucket, sender: ObjectSender, archived_until: datetime) -> None:
        """The closed days of whose media everything is there, up to this moment; those that are gone here, go there.

        Raises `JournalAway` where a server keeps it and does not answer.
        """
        now = self._clock()
        if self._looked is not None and abs(now - self._looked) < self._files.look_every:
            return
        days = self._files.days()
        if days and days[-1] != self._open:
            self._compare(bucket, days)
        # First: a day that does not follow those which the bucket has would be taken for a gap in the chain.
        self._drop(days, book, bucket)
        for day in self._due(days, archived_until):
            self._known.append(self._send(day, bucket, sender, book))
        self._looked = now

    def _compare(self, bucket: Bucket, days: list[date]) -> None:
        """At a start, and when a day begins: what the bucket has lost meanwhile is sent again, while the journal has
        it. Raises `DamagedChain` where the journal does not go on from there.
        """
        found = DaysInBucket(bucket, days[0])
        following = [day for day in days[:-1] if not found.whole or day > found.whole[-1].date]
        if found.whole and following:
            last, first = found.whole[-1].last, self._files.describe(following[0]).first
            if first != last + 1:
                raise DamagedChain(
                    f"{bucket.storage.name} has days of the journal up to position {last:,}, and this one goes on at"
                    f" {first:,}: name another prefix"
                )
        if found.lost:
            log.error("days of the journal are sent again", bucket=bucket.storage.name, lost_days=found.lost)
        self._known, self._open = [*found.dropped, *found.whole], days[-1]

    def _due(self, days: list[date], archived_until: datetime) -> Iterator[date]:
        """All but the one that is written."""
        for day in days[:-1]:
            end = datetime.combine(day, time(0), UTC) + DAY
            if end > archived_until:
                return
            if not self._known or day > self._known[-1].date:
                yield day

    def _send(self, day: date, bucket: Bucket, sender: ObjectSender, book: CopyBook) -> DayManifest:
        what = self._files.describe(day)
        staged = self._stage(day, bucket)
        content = FileContent(staged, 0, staged.stat().st_size)
        digest = digest_of(content)
        name = _object_name(day, digest)
        sender.send(name, content, _NO_PACK, digest)
        book.finish(name)
        before = self._known[-1] if self._known else None
        manifest = DayManifest(
            date=day,
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
        log.info("day of the journal copied", day=str(day), bytes=content.size)
        return manifest

    def _stage(self, day: date, bucket: Bucket) -> Path:
        """Kept until it is uploaded: an upload that was interrupted goes on with the same bytes."""
        staged = self._staging / f"{day}{STAGED}"
        if staged.exists():
            return staged
        self._staging.mkdir(parents=True, exist_ok=True)
        copy, draft = self._staging / f"{day}.sqlite", self._staging / f".{day}.gz"
        self._files.write(day, copy, partial(self._fetch_newest, bucket))
        compressed(copy, draft, LEVEL)
        copy.unlink()
        # It is uploaded as it is found: cut off by a power cut, it would be in the bucket for the day.
        name_whole(draft, staged)
        return staged

    def _fetch_newest(self, bucket: Bucket, path: Path) -> bool:
        if not self._known:
            return False
        decompressed(bucket.stream(self._known[-1].object, self._known[-1].size), path)
        return True

    def _drop(self, days: list[date], book: CopyBook, bucket: Bucket) -> None:
        """Days that retention dropped from the journal go from the bucket too, after the floor that says so."""
        if not days:
            return
        self._drop_staged(days[0], book)
        gone = [one for one in self._known if one.date < days[0]]
        if not gone:
            return
        if (floor := self._files.floor()) is not None:
            bucket.put(f"{JOURNAL}{FLOOR}", floor)
        for one in gone:
            book.delete_later(one.name)
            book.delete_later(one.object)
        self._known = [one for one in self._known if one not in gone]

    def _drop_staged(self, oldest: date, book: CopyBook) -> None:
        """A day that was dropped before its upload was done is on the disk still, and perhaps a part of it there."""
        for staged in self._staging.glob(f"*{STAGED}"):
            day = staged.name.removesuffix(STAGED)
            if day < oldest.isoformat():
                name = _object_name(day, digest_of(FileContent(staged, 0, staged.stat().st_size)))
                book.give_up(name)
                book.delete_later(name)
                staged.unlink()


def _object_name(day: date | str, digest: str) -> str:
    return f"{JOURNAL}{day}.{digest}{STAGED}"
