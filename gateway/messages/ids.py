"""Makes ids: of requests, which sort by time, and of actions, which are the same when repeated."""

import secrets
import time
import uuid
from hashlib import sha256


def uuid7() -> str:
    """RFC 9562: 48 bits of milliseconds, then chance."""
    milliseconds = time.time_ns() // 1_000_000
    chance = secrets.randbits(74)
    value = milliseconds << 80 | 0x7 << 76 | (chance >> 62) << 64 | 0b10 << 62 | chance & (1 << 62) - 1
    return str(uuid.UUID(int=value))


def derived(*parts: str) -> str:
    """The same parts give the same id, so that a repeated click is one event."""
    return sha256("\0".join(parts).encode()).hexdigest()[:32]
