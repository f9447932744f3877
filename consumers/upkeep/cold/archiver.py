"""The rounds of cold storage: upload what is due, delete what retention dropped, let the disk go of what is copied."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing
from datetime import datetime
from pathlib import Path
from threading import Event as Flag
from typing import Final

import structlog

from consumers.store.archive.copies import OutOfReach, PackRange
from consumers.store.archive.keys import pack_path
from consumers.store.archive.retention import NEWEST, ArchiveRetention
from consumers.store.cold.bucket import Bucket
from consumers.store.journal.record import journal_id_text
from consumers.upkeep.cold.copy_book import CopyBook
from consumers.upkeep.cold.deletions import Deletions
from consumers.upkeep.cold.journal_days import JournalDays
from consumers.upkeep.cold.owner import claim, owner_of
from consumers.upkeep.cold.packs import copy_range, enter_objects
from consumers.upkeep.cold.scope import ColdStorageScope
from consumers.upkeep.cold.sending import ObjectSender
from consumers.upkeep.rounds import NeedsPerson, RoundFailed
from consumers.upkeep.verify.repair_copies import send_lost_again
from producer.garbage import results_of
from producer.ids import Clock

AT_ONCE: Final = 4
PACKS_PER_ROUND: Final = 64
DELETIONS_PER_ROUND: Final = 500

log = structlog.get_logger()


def copy_all(directory: Path, book: CopyBook, sender: ObjectSender, waiting: Sequence[PackRange]) -> int:
    """Some at a time; the bytes that were copied. Once the bucket takes one no more, it is not asked to take others."""
    with ThreadPoolExecutor(AT_ONCE, "cold storage") as pool:
        jobs = [pool.submit(copy_range, directory, book, sender, one) for one in waiting]
        if any(isinstance(job.exception(), OutOfReach) for job in as_completed(jobs)):
            pool.shutdown(wait=False, cancel_futures=True)
    done = [job for job in jobs if not job.cancelled()]
    jobs.clear()
    return sum(results_of(done))


def do_each(*steps: Callable[[], bool]) -> bool:
    """Whether any of them has more to do. One that fails keeps the others from nothing: a bucket that is full can be
    read, and one that refuses to delete can be written. Raises what the first of those that failed has raised.
    """
    failure: Exception | None = None
    has_more = False
    for step in steps:
        try:
            has_more = step() or has_more
        except (OSError, RoundFailed, NeedsPerson) as error:
            failure = failure or error
    if failure is not None:
        raise failure
    return has_more


class Archiver:
    """One thread calls `round` again and again; `halted` lets go of what takes long."""

    def __init__(self, scope: ColdStorageScope, clock: Clock, halted: Flag) -> None:
        self._directory = scope.archive
        self._storage = scope.storage
        self._clock = clock
        self._halted = halted
        self._journal = scope.journal
        self._kinds = scope.kinds
        self._retention = ArchiveRetention(self._directory, clock)
        self._scope = scope
        self._days = JournalDays(scope, clock)
        self._deletions = Deletions()
        self._absent: dict[int, PackRange] = {}
        """Ranges of packs, by their numbers, that the index has and the disk has not: somebody has removed them."""
        self._bucket: Bucket | None = None

    def round(self) -> bool:
        """Whether there is more to do at once. Raises `OutOfReach`, `NotOwner`, `NotAsWritten` or `Halted`."""
        with closing(self._journal.reader()) as reader:
            journal = journal_id_text(reader.journal_id())
        if journal is None or not self._retention.exists:
            return False
        bucket = self._connected()
        with CopyBook(self._directory) as book:
            if owner_of(bucket) is None and book.is_reconciled(bucket.storage.name):
                self._restore_emptied(bucket)
            claim(bucket, journal, self._clock)
            self._reconcile(book, bucket)
            return do_each(
                lambda: self._deletions.some(book, bucket, DELETIONS_PER_ROUND),
                lambda: self._upload_packs(book, bucket),
                lambda: self._upload_days(book, bucket),
                lambda: self._release(bucket),
            )

    def _restore_emptied(self, bucket: Bucket) -> None:
        """The marker was there, so somebody has emptied the bucket: what the disk still has is sent again, before it
        goes for want of room.
        """
        found = send_lost_again(self._directory, bucket)
        self._days = JournalDays(self._scope, self._clock)
        log.error(
            "the bucket was emptied",
            bucket=bucket.storage.name,
            objects_sent_again=found.sent_again,
            packs_lost=len(found.lost) + found.left,
        )

    def _reconcile(self, book: CopyBook, bucket: Bucket) -> None:
        """An index that was made again of the packs on the disk knows nothing of those in the bucket."""
        name = bucket.storage.name
        if book.is_reconciled(name):
            return
        known = book.upload_ids()
        for object_name, upload_id in bucket.uploads():
            if upload_id not in known:
                # It began a moment before a crash, and nobody knows of it.
                bucket.abort_upload(object_name, upload_id)
        entered = enter_objects(book, bucket)
        book.mark_reconciled(name)
        if entered:
            log.info("objects of cold storage entered", bucket=name, objects=entered)

    def _upload_packs(self, book: CopyBook, bucket: Bucket) -> bool:
        if not self._is_hour():
            return False
        waiting = self._waiting(book, self._due(self._clock()), PACKS_PER_ROUND)
        copied = copy_all(self._directory, book, ObjectSender(bucket, book, self._halted), waiting)
        self._note_absent(waiting)
        return copied > 0

    def _waiting(self, book: CopyBook, until: datetime, limit: int) -> list[PackRange]:
        """Those of which the disk has something: others keep nothing else from its turn."""
        found = book.waiting(until, self._kinds, limit + len(self._absent))
        return [one for one in found if one.pack not in self._absent][:limit]

    def _note_absent(self, waiting: Sequence[PackRange]) -> None:
        known, candidates = set(self._absent), [*self._absent.values(), *waiting]
        self._absent = {one.pack: one for one in candidates if not self._has(one)}
        if more := len(self._absent.keys() - known):
            log.error("packs of media are not on the disk any more", packs=more)

    def _has(self, wanted: PackRange) -> bool:
        """Whether the disk has all of it."""
        try:
            return pack_path(self._directory, wanted.series, wanted.interval).stat().st_size >= wanted.last
        except FileNotFoundError:
            return False

    def _upload_days(self, book: CopyBook, bucket: Bucket) -> bool:
        if self._is_hour():
            sender = ObjectSender(bucket, book, self._halted)
            self._days.upload(book, bucket, sender, self._oldest_waiting(book))
        return False

    def _is_hour(self) -> bool:
        return self._storage.hours is None or self._clock() in self._storage.hours

    def _oldest_waiting(self, book: CopyBook) -> datetime:
        """The moment before which everything of the archive is in the bucket."""
        now = self._clock()
        waiting = self._waiting(book, now, 1)
        return min([self._due(now), *(one.interval.begin for one in waiting)])

    def _due(self, now: datetime) -> datetime:
        return now - max(self._storage.archive_after, NEWEST)

    def _release(self, bucket: Bucket) -> bool:
        if self._storage.copies == 1:
            self._retention.release(
                self._clock() - self._storage.keep_hot,
                is_there=lambda copy: bucket.size(copy.object) == copy.size,
            )
        return False

    def _connected(self) -> Bucket:
        if self._bucket is None:
            self._bucket = Bucket(self._storage)
        return self._bucket

    def close(self) -> None:
        if self._bucket is not None:
            self._bucket.close()
        self._bucket = None
