"""Handles events from a clock that is ahead of the hub's: they are filed under the time of their arrival.

The journal files it under its arrival and keeps the time that it says in its body. So no view takes it for the newest,
and retention, parts and days of every view agree about where it belongs.
"""

from datetime import UTC, datetime, timedelta

import msgspec

from bus_schemas.codec import read_stored
from bus_schemas.event import AFTER_LATEST
from producer.times import micros, moment

LATEST = AFTER_LATEST - timedelta(milliseconds=1)
AHEAD_US = 5 * 60 * 1_000_000
"""A clock may be ahead of the hub's by so much before it is called wrong."""


class _TimeOnly(msgspec.Struct):
    time: datetime


_envelope = msgspec.json.Decoder(_TimeOnly)


def said_ahead_s(body: bytes, received: datetime) -> float:
    """By how many seconds what a stored event says is ahead of its arrival; 0 where that is called right."""
    try:
        time = _envelope.decode(body).time
    except (msgspec.MsgspecError, ValueError, RecursionError):
        time = read_stored([body])[0].time
    ahead = micros(time) - micros(received)
    return ahead / 1e6 if ahead > AHEAD_US else 0.0


def happened(time: int, received: int) -> int:
    """When an event happened, by the time that it says and its arrival; all in microseconds since 1970."""
    return received if time - received > AHEAD_US else time


def moment_of(seconds: float) -> datetime:
    """A moment reckoned from that of an event, within those that an event can say."""
    return datetime.fromtimestamp(min(max(seconds, 0.0), LATEST.timestamp()), UTC)


def happened_at(time: datetime, received: int) -> datetime:
    """The same for an arrival in microseconds since 1970."""
    return moment(received) if micros(time) - received > AHEAD_US else time
