"""Reads ranges of objects through the cache, and fails at once while the bucket is known to be away."""

import errno
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from time import monotonic

from consumers.store.archive.copies import LostCopy, ObjectRange, OutOfReach
from consumers.store.cold.bucket import Bucket, NoSuchObject, TooLarge
from consumers.store.cold.cache import BlockCache
from consumers.store.cold.settings import ColdStorage

BLOCK_BYTES = 1 << 17
MOST_AHEAD = 7
"""Blocks that are read together with those that are needed, for whoever reads what follows them."""
AHEAD_S = 0.5
"""So much longer may a read take for what nobody has asked for yet: nothing where the link is slow."""
AWAY_S = 5.0
"""So long after a failure nothing is asked: whoever plays an hour would wait for each segment of it."""
LOCKS = 64


class BucketReader:
    """A `ColdReader`; for use from any thread. It connects when it is first asked."""

    def __init__(
        self,
        storage: ColdStorage,
        directory: Path,
        monotonic: Callable[[], float] = monotonic,
        received: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._storage = storage
        self._received = received
        self._cache = BlockCache(directory, storage.cache_bytes)
        self._monotonic = monotonic
        self._bucket: Bucket | None = None
        self._connecting = threading.Lock()
        self._locks = [threading.Lock() for _ in range(LOCKS)]
        self._failed_at: float | None = None
        self._reason = ""
        self._bytes_per_s = 0.0
        """How fast the last read was."""

    @property
    def is_away(self) -> bool:
        """Whether the last thing that was asked failed. Media in the cache are read all the same."""
        return self._failed_at is not None

    def read(self, place: ObjectRange, start: int, length: int) -> bytes:
        """Bytes of a medium. Raises `OutOfReach`, and `LostCopy` where they are not there or not those of its hash: a
        part is read with all of its medium, which alone can be compared.
        """
        if length <= 0:
            return b""
        # The server may have been wrong for a moment: it is asked once more, and what was wrong is not kept.
        with suppress(LostCopy):
            return self._checked(place)[start : start + length]
        return self._checked(place)[start : start + length]

    def _checked(self, place: ObjectRange) -> bytes:
        try:
            body = self._read(place.object, place.offset, place.offset + place.size)
            if sha256(body).hexdigest() != place.sha256:
                raise LostCopy(errno.EIO, f"{self._storage.name} holds other bytes than were written", place.object)
        except LostCopy:
            self._forget(place)
            raise
        return body

    def _forget(self, place: ObjectRange) -> None:
        for number in range(place.offset // BLOCK_BYTES, (place.offset + place.size) // BLOCK_BYTES + 1):
            self._cache.remove(_block_name(place.object, number))

    def _read(self, name: str, first: int, last: int) -> bytes:
        numbers = range(first // BLOCK_BYTES, (last - 1) // BLOCK_BYTES + 1)
        # Many want blocks of one object at once: it is asked for each of them once.
        with self._locks[hash((name, numbers[0])) % LOCKS]:
            blocks = {number: self._cache.get(_block_name(name, number)) for number in numbers}
            for run in _runs([number for number, block in blocks.items() if block is None]):
                blocks.update(self._fetch(name, run))
        whole = b"".join(block for number in numbers if (block := blocks[number]) is not None)
        start = first - numbers[0] * BLOCK_BYTES
        found = whole[start : start + last - first]
        if len(found) != last - first:
            raise LostCopy(errno.EIO, f"{self._storage.name} holds fewer bytes than were written", name)
        return found

    def _fetch(self, name: str, numbers: range) -> Iterator[tuple[int, bytes]]:
        began = self._monotonic()
        ahead = min(MOST_AHEAD, int(self._bytes_per_s * AHEAD_S / BLOCK_BYTES))
        body = self._ask(name, numbers.start * BLOCK_BYTES, (numbers.stop + ahead) * BLOCK_BYTES)
        self._bytes_per_s = len(body) / max(self._monotonic() - began, 1e-3)
        for place, number in enumerate(range(numbers.start, numbers.stop + ahead)):
            block = body[place * BLOCK_BYTES : (place + 1) * BLOCK_BYTES]
            if block:
                self._cache.put(_block_name(name, number), block)
                yield number, block

    def _ask(self, name: str, first: int, last: int) -> bytes:
        if self._failed_at is not None and self._monotonic() - self._failed_at < AWAY_S:
            raise OutOfReach(errno.EHOSTUNREACH, self._reason)
        try:
            body = self._connected().get(name, first, last)
        except NoSuchObject as error:
            raise LostCopy(errno.ENOENT, f"{self._storage.name} has no object {name}") from error
        except TooLarge as error:
            raise LostCopy(errno.EIO, f"{self._storage.name} sends more of {name} than it was asked for") from error
        except OutOfReach as error:
            self._failed_at, self._reason = self._monotonic(), error.strerror or str(error)
            raise
        self._failed_at = None
        return body

    def _connected(self) -> Bucket:
        with self._connecting:
            if self._bucket is None:
                self._bucket = Bucket(self._storage, received=self._received)
            return self._bucket

    def close(self) -> None:
        if self._bucket is not None:
            self._bucket.close()


def _block_name(name: str, number: int) -> str:
    return f"{name}@{number * BLOCK_BYTES}"


def _runs(numbers: list[int]) -> Iterator[range]:
    """Those that follow each other, together."""
    for _, run in groupby(enumerate(numbers), lambda pair: pair[1] - pair[0]):
        found = [number for _, number in run]
        yield range(found[0], found[-1] + 1)
