"""Names the streams of one outbox: events in one, and media in three others.

Events are urgent, so the others must never hold them up; nor must ordinary pictures and recordings hold up what shows
an alert. All streams of an outbox share its epoch; those of media add a suffix to it.
"""

from enum import StrEnum
from functools import lru_cache


class Traffic(StrEnum):
    """What a stream carries. On a link that is too slow for all of it, events go first."""

    EVENTS = "events"
    EVIDENCE = "evidence"
    """Pictures and thermal frames of the time around an alert, and those that somebody asked for."""
    PICTURES = "pictures"
    RECORDING = "recording"


_SUFFIXES = {f".{traffic}": traffic for traffic in Traffic if traffic is not Traffic.EVENTS}


def stream_epoch(epoch: str, traffic: Traffic) -> str:
    """The epoch of the stream that carries this, in an outbox of this epoch."""
    return epoch if traffic is Traffic.EVENTS else f"{epoch}.{traffic}"


def traffic_of(epoch: str) -> Traffic:
    """What a stream of this epoch carries."""
    return next((traffic for suffix, traffic in _SUFFIXES.items() if epoch.endswith(suffix)), Traffic.EVENTS)


@lru_cache(maxsize=4096)
def outbox_epoch(epoch: str) -> str:
    """The epoch of the outbox that a stream is from: equal for all streams of one node."""
    for suffix in _SUFFIXES:
        if epoch.endswith(suffix):
            return epoch.removesuffix(suffix)
    return epoch
