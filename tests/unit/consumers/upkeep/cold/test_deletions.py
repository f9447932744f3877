from collections.abc import Collection, Iterator
from pathlib import Path

import pytest

from consumers.store.archive.disk import Archive
from consumers.store.cold.bucket import Bucket, BucketAway, BucketRefused
from consumers.store.cold.settings import ColdStorage
from consumers.upkeep.cold.copy_book import CopyBook
from consumers.upkeep.cold.deletions import STAYING_PER_ROUND, Deletions, NotDeleted
from tests.builders import START


class HoldingBucket(Bucket):
    """In memory. It refuses to delete the objects that are `held`, and has still what is deleted of the `kept`."""

    def __init__(self, names: Collection[str], held: Collection[str] = (), kept: Collection[str] = ()) -> None:
        self.storage = ColdStorage("bucket", "")
        self.names, self._held, self._kept = set(names), held, kept
        self.is_away = False
        self.asked = 0

    def delete(self, name: str) -> None:
        self.asked += 1
        if self.is_away:
            raise BucketAway(5, "bucket does not answer")
        if name in self._held:
            raise BucketRefused(13, f"bucket refuses to delete {name}")
        if name not in self._kept:
            self.names.discard(name)

    def size(self, name: str) -> int | None:
        return 1 if name in self.names else None


@pytest.fixture
def book(tmp_path: Path) -> Iterator[CopyBook]:
    Archive(tmp_path, lambda: START).close()
    with CopyBook(tmp_path) as book:
        yield book


def dropped(book: CopyBook, count: int) -> list[str]:
    names = [f"packs/{number:03d}" for number in range(count)]
    for name in names:
        book.delete_later(name)
    return names


def attempted(deletions: Deletions, book: CopyBook, bucket: Bucket, limit: int) -> bool | str:
    try:
        return deletions.some(book, bucket, limit)
    except (BucketRefused, BucketAway, NotDeleted) as error:
        return type(error).__name__


def test_objects_that_stay_keep_no_other_from_being_deleted(book: CopyBook) -> None:
    names = dropped(book, 9)
    bucket, deletions = HoldingBucket(names, held=names[:4], kept=names[4:5]), Deletions()
    outcomes = [attempted(deletions, book, bucket, 3) for _ in range(5)]

    assert bucket.names == set(names[:5])
    assert outcomes == ["BucketRefused", "BucketRefused", True, False, "BucketRefused"]


def test_objects_that_only_seem_to_be_deleted_are_a_failure_and_nothing_to_do_at_once(book: CopyBook) -> None:
    names = dropped(book, 3)
    bucket = HoldingBucket(names, kept=names)

    with pytest.raises(NotDeleted, match="packs/000 is deleted, and has it still"):
        Deletions().some(book, bucket, 3)


def test_a_bucket_that_lets_nothing_be_deleted_is_asked_for_a_few_at_a_time(book: CopyBook) -> None:
    names = dropped(book, 4 * STAYING_PER_ROUND)
    bucket, deletions = HoldingBucket(names, held=names), Deletions()
    outcomes = [attempted(deletions, book, bucket, 500) for _ in range(2)]

    assert outcomes == ["BucketRefused"] * 2
    assert bucket.asked == 2 * STAYING_PER_ROUND


def test_a_bucket_that_is_away_is_asked_once(book: CopyBook) -> None:
    bucket = HoldingBucket(dropped(book, 3))
    bucket.is_away = True

    assert attempted(Deletions(), book, bucket, 3) == "BucketAway"
    assert bucket.asked == 1
