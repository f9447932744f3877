"""Reads the time of an event from its stored body."""

from datetime import datetime

import msgspec

from bus_schemas.codec import read_stored
from consumers.store.journal.clock_ahead import wrong_by
from producer.times import micros


class _TimeOnly(msgspec.Struct):
    time: datetime


_envelope = msgspec.json.Decoder(_TimeOnly)


def said_ahead_s(body: bytes, received: datetime) -> float:
    """By how many seconds what a stored event says is ahead of its arrival, below 0 where its clock was never
    set; 0 where that may be right.
    """
    try:
        time = _envelope.decode(body).time
    except (msgspec.MsgspecError, ValueError, RecursionError):
        time = read_stored([body])[0].time
    return wrong_by(micros(time), micros(received)) / 1e6
