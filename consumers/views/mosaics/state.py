"""Whether a device was well in a minute: decided here once, and nowhere else."""

from collections.abc import Iterable
from enum import IntEnum

from bus_schemas.camera import Frame


class State(IntEnum):
    """The four classes of a minute, as they stand in the two bits of a timeline."""

    NO_DATA = 0
    OK = 1
    INCIDENT = 2
    UNKNOWN = 3


CLASSES = ("no_data", "ok", "incident", "unknown")


def of_frame(frame: Frame | None) -> State:
    """Black, frozen or silent is an incident; unknown where nobody could tell any of it."""
    if frame is None:
        return State.UNKNOWN
    bad = (frame.blackscreen, frame.freeze, None if frame.audio is None else not frame.audio)
    if any(bad):
        return State.INCIDENT
    return State.UNKNOWN if all(each is None for each in bad) else State.OK


def of_minute(devices: Iterable[State], has_data: bool) -> State:
    """An incident of any device is one of the minute; else it is well where any device is known to be."""
    if not has_data:
        return State.NO_DATA
    known = set(devices)
    for state in (State.INCIDENT, State.OK):
        if state in known:
            return state
    return State.UNKNOWN
