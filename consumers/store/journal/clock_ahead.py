"""Handles events from a clock that is ahead of the hub's: they are filed under the time of their arrival.

The journal files it under its arrival and keeps the time that it says in its body. So no view takes it for the newest,
and retention, parts and days of every view agree about where it belongs.
"""

from datetime import UTC, datetime, timedelta

from bus_schemas.event import AFTER_LATEST
from producer.times import micros, moment

LATEST = AFTER_LATEST - timedelta(milliseconds=1)
AHEAD_US = 5 * 60 * 1_000_000
"""A clock may be ahead of the hub's by so much before it is called wrong."""


def happened(time: int, received: int) -> int:
    """When an event happened, by the time that it says and its arrival; all in microseconds since 1970."""
    return received if time - received > AHEAD_US else time


def moment_of(seconds: float) -> datetime:
    """A moment reckoned from that of an event, within those that an event can say."""
    return datetime.fromtimestamp(min(max(seconds, 0.0), LATEST.timestamp()), UTC)


def happened_at(time: datetime, received: int) -> datetime:
    """The same for an arrival in microseconds since 1970."""
    return moment(received) if micros(time) - received > AHEAD_US else time
