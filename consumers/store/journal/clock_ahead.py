"""Handles events from a clock that is ahead of the hub's, or was never set: they are filed under their arrival.

The journal files such an event under its arrival and keeps the time that it says in its body. So no view takes it for
the newest, or for one of 1970, and retention, parts and days of every view agree about where it belongs.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

from bus_schemas.event import AFTER_LATEST
from producer.times import micros, moment

LATEST = AFTER_LATEST - timedelta(milliseconds=1)
AHEAD_US = 5 * 60 * 1_000_000
"""A clock may be ahead of the hub's by so much before it is called wrong."""
NEVER_SET_BEFORE: Final = datetime(2020, 1, 1, tzinfo=UTC)
"""A computer without a clock begins in 1970, or when its firmware was made. What says an earlier time than this has
not found a time server yet; an event that is late, after months without a network, says a later one.
"""
_NEVER_SET_US: Final = micros(NEVER_SET_BEFORE)


def happened(time: int, received: int) -> int:
    """When an event happened, by the time that it says and its arrival; all in microseconds since 1970."""
    return received if wrong_by(time, received) else time


def wrong_by(time: int, received: int) -> int:
    """By how many microseconds a clock is ahead that cannot be right, below 0 where it was never set; else 0. The hub
    itself may begin with such a clock: then nobody knows better.
    """
    ahead = time - received
    return ahead if ahead > AHEAD_US or time < _NEVER_SET_US <= received else 0


def as_filed(filed: int, received: int) -> int:
    """When an event happened, by its column: an older release filed it under the time that it says."""
    return received if filed - received > AHEAD_US else filed


def moment_of(seconds: float) -> datetime:
    """A moment reckoned from that of an event, within those that an event can say."""
    return datetime.fromtimestamp(min(max(seconds, 0.0), LATEST.timestamp()), UTC)


def happened_at(time: datetime, received: int) -> datetime:
    """The same for an arrival in microseconds since 1970."""
    return moment(received) if wrong_by(micros(time), received) else time
