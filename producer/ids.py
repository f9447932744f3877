"""Makes event ids: UUIDv7, which sort in the order in which they were made."""

import secrets
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


class Ids:
    """Each id is greater than the one before, even within a millisecond and when the clock goes back."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._tick = 0

    def __call__(self) -> str:
        with self._lock:
            # RFC 9562 leaves the 12 bits after the version to a counter within the millisecond.
            self._tick = max(self._tick + 1, int(self._clock().timestamp() * 1000) << 12)
            tick = self._tick
        value = (tick >> 12) << 80 | 0x7 << 76 | (tick & 0xFFF) << 64 | 0b10 << 62 | secrets.randbits(62)
        return str(UUID(int=value))
