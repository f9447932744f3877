"""Finds out how large a message may be, where a broker ends the connection over a larger one and announces no limit."""

from dataclasses import dataclass, field
from math import inf
from typing import Final

import structlog

from bus_schemas.streams import Traffic

SHRINKS_AFTER: Final = 3
"""Connections that ended in a row, until messages of many events are made smaller: that costs nothing."""
GIVES_UP_AFTER: Final = 6
"""Connections that ended in a row over a message of one size, until it is given up: a bad line hits others too."""
GIVES_UP_AGAIN_AFTER: Final = 2
"""Where a larger message has been given up already."""
SMALLEST_BYTES: Final = 4096
HOLDS_S: Final = 3600.0
"""After this a larger message is tried again: somebody may have changed the limit of the broker."""

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Found:
    """The size at which connections of one kind of traffic have ended, and how often."""

    ends: int = 0
    same_size: int = 0
    size: int = 0
    batch: float = inf
    too_large: float = inf
    until: float = inf


@dataclass(slots=True)
class SizeLimits:
    """Used by the thread of the relay alone. Times are seconds of a monotonic clock, sizes are bytes of a payload."""

    _found: dict[Traffic, _Found] = field(default_factory=lambda: {traffic: _Found() for traffic in Traffic})

    def ended(self, traffic: Traffic, suspect: int | None, now: float) -> None:
        """A connection ended. `suspect` is the size of the message that may be the cause, where there is one."""
        found = self._found[traffic]
        if suspect is None or suspect <= SMALLEST_BYTES:
            found.ends = found.same_size = 0
            return
        found.ends += 1
        found.same_size = found.same_size + 1 if suspect == found.size else 1
        found.size = suspect
        if found.ends % SHRINKS_AFTER == 0:
            found.batch, found.until = max(SMALLEST_BYTES, suspect // 2), now + HOLDS_S
        if found.same_size >= (GIVES_UP_AFTER if found.too_large == inf else GIVES_UP_AGAIN_AFTER):
            found.too_large, found.until = suspect, now + HOLDS_S
            found.ends = found.same_size = 0
            log.error("broker ends the connection over a large message", traffic=str(traffic), bytes=suspect)

    def batch(self, traffic: Traffic, now: float) -> float:
        """How large a message of several events may be."""
        return self._current(traffic, now).batch

    def is_too_large(self, traffic: Traffic, size: int, now: float) -> bool:
        """Whether a message of this size has no chance."""
        return size >= self._current(traffic, now).too_large

    def _current(self, traffic: Traffic, now: float) -> _Found:
        if now >= self._found[traffic].until:
            self._found[traffic] = _Found()
        return self._found[traffic]
