"""Reads media that only cold storage has, in threads of their own: a bucket that is slow holds up no other question."""

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

from consumers.store.archive.copies import LostCopy, ObjectRange, OutOfReach, Tier
from consumers.store.archive.reader import StoredMedium
from gateway.http.problems import Problem

if TYPE_CHECKING:
    from consumers.store.cold.reader import BucketReader

THREADS: Final = 8
RETRY: Final = {"Retry-After": "5"}


class ColdMedia:
    """Without a bucket nothing is ever asked of it."""

    def __init__(self, reader: "BucketReader | None") -> None:
        self._reader = reader
        self._pool = ThreadPoolExecutor(THREADS, "cold media")

    async def read(self, copy: ObjectRange, start: int, length: int) -> bytes:
        """A problem with a sentence where the bucket is out of reach."""
        if self._reader is None:
            raise Problem(503, "this is in cold storage only, and the configuration of the gateway names none")
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, self._reader.read, copy, start, length)
        except LostCopy as lost:
            raise Problem(404, f"this was in cold storage only: {lost.strerror}") from lost
        except OutOfReach as away:
            raise Problem(503, f"this is in cold storage only: {away.strerror}", headers=RETRY) from away

    async def read_all(self, copies: Mapping[int, ObjectRange]) -> dict[int, bytes]:
        """Those that are there; a problem where the bucket is out of reach."""
        reads = (self.read(copy, 0, copy.size) for copy in copies.values())
        found = dict(zip(copies, await asyncio.gather(*reads, return_exceptions=True), strict=True))
        wrong = [one for one in found.values() if isinstance(one, BaseException) and not _is_lost(one)]
        if wrong:
            # Held by this frame, which its error holds, the others would be kept until garbage is collected.
            found.clear()
            raise wrong.pop()
        return {number: body for number, body in found.items() if isinstance(body, bytes)}

    @property
    def is_away(self) -> bool:
        """Whether the last thing that was asked of the bucket failed."""
        return self._reader is None or self._reader.is_away

    def tier(self, stored: StoredMedium) -> Tier:
        """Where its bytes are, as far as is known now."""
        return "out_of_reach" if stored.tier == "cold" and self.is_away else stored.tier

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
        if self._reader is not None:
            self._reader.close()


def _is_lost(error: BaseException) -> bool:
    return isinstance(error, Problem) and error.status == 404
