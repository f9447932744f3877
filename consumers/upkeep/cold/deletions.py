"""Deletes the objects of a bucket that are to go."""

from typing import Final

from consumers.store.cold.bucket import Bucket, BucketRefused
from consumers.upkeep.cold.copy_book import CopyBook
from consumers.upkeep.rounds import RoundFailed

STAYING_PER_ROUND: Final = 10
"""A bucket that lets nothing be deleted is not asked hundreds of times for that."""


class NotDeleted(RoundFailed):
    """The server says that an object is deleted, and has it still."""


class Deletions:
    """Each object in its turn: one that stays, as under a legal hold, keeps no other from its own.

    An object is forgotten once the bucket says that it is gone.
    """

    def __init__(self) -> None:
        self._after = ""
        """The name of the object that was asked for last."""

    def some(self, book: CopyBook, bucket: Bucket, limit: int) -> bool:
        """Whether there are more to delete at once. Raises `OutOfReach` and `NotDeleted`, for the first that stays."""
        buried = book.tombstones(self._after, limit)
        staying: list[BucketRefused | NotDeleted] = []
        for name, upload_id in buried:
            self._after = name
            try:
                _delete(bucket, name, upload_id)
            except (BucketRefused, NotDeleted) as stays:
                staying.append(stays)
                if len(staying) == STAYING_PER_ROUND:
                    break
            else:
                book.confirm_gone(name)
        else:
            self._after = self._after if len(buried) == limit else ""
        if staying:
            raise staying[0]
        return len(buried) == limit


def _delete(bucket: Bucket, name: str, upload_id: str | None) -> None:
    """Raises `OutOfReach` and `NotDeleted`."""
    if upload_id is not None:
        bucket.abort_upload(name, upload_id)
    bucket.delete(name)
    if bucket.size(name) is not None:
        raise NotDeleted(f"{bucket.storage.name} says that {name} is deleted, and has it still")
