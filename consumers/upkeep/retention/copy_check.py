"""Asks the bucket whether it still has what the disk is about to let go of for want of room."""

from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING, Final

import structlog

from consumers.store.archive.copies import CopiedRange, OutOfReach
from consumers.store.cold.settings import ColdStorage

if TYPE_CHECKING:
    from consumers.store.cold.bucket import Bucket

ANSWERS_WITHIN_S: Final = 3.0
ROUND_S: Final = 20.0
"""So long one round asks: the disk fills up meanwhile."""
AWAY_S: Final = 300.0
"""So long nobody asks a bucket again that could not be asked."""

log = structlog.get_logger()


class CopyCheck:
    """Where the bucket cannot be asked, or not fast enough, room wins: a full disk loses what is recorded now."""

    def __init__(self, storage: ColdStorage, seconds: Callable[[], float] = monotonic) -> None:
        self._storage = storage
        self._seconds = seconds
        self._bucket: Bucket | None = None
        self._away_until = -AWAY_S

    def round(self) -> Callable[[CopiedRange], bool]:
        """Whether the bucket has a copy, for all copies of one round."""
        until = self._seconds() + ROUND_S
        return lambda copy: self._has(copy, until)

    def _has(self, copy: CopiedRange, until: float) -> bool:
        now = self._seconds()
        if now < self._away_until:
            return True
        if now > until:
            self._give_up("it takes too long to answer")
            return True
        try:
            return self._connected().size(copy.object) == copy.size
        except OutOfReach as error:
            self._give_up(error.strerror or str(error))
            return True

    def _give_up(self, reason: str) -> None:
        self._away_until = self._seconds() + AWAY_S
        log.warning("the disk lets go of copied media without asking the bucket for them", reason=reason)

    def _connected(self) -> "Bucket":
        from consumers.store.cold.bucket import Bucket

        if self._bucket is None:
            self._bucket = Bucket(self._storage, answers_within_s=ANSWERS_WITHIN_S)
        return self._bucket

    def close(self) -> None:
        if self._bucket is not None:
            self._bucket.close()
        self._bucket = None
