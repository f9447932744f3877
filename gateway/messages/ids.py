"""Makes ids of requests and of actions of people, which sort by time."""

import secrets
import time
import uuid


def uuid7() -> str:
    """RFC 9562: 48 bits of milliseconds, then chance."""
    milliseconds = time.time_ns() // 1_000_000
    chance = secrets.randbits(74)
    value = milliseconds << 80 | 0x7 << 76 | (chance >> 62) << 64 | 0b10 << 62 | chance & (1 << 62) - 1
    return str(uuid.UUID(int=value))
