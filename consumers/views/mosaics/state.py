"""Decides the state of a device and of a site in a minute. No other module decides it."""

from collections.abc import Iterable
from enum import IntEnum

from bus_schemas.condition import Condition, condition_of, level_of


class State(IntEnum):
    """The four classes of a minute, as they stand in the two bits of a timeline."""

    NO_DATA = 0
    OK = 1
    INCIDENT = 2
    UNKNOWN = 3


CLASSES = ("no_data", "ok", "incident", "unknown")


def types_of_frame(blackscreen: bool | None, freeze: bool | None, audio: bool | None) -> tuple[str, ...]:
    """The faults of a frame. A black picture counts as black screen only, although it is frozen as well."""
    wrong = {"blackscreen": blackscreen, "freeze": freeze and not blackscreen, "audio_loss": audio is False}
    return tuple(name for name, is_so in wrong.items() if is_so)


def condition_of_type(incident_type: str) -> Condition:
    """The condition that an incident of this type gives to a device."""
    return condition_of(incident_type, level_of(incident_type, {}))


def state_of(condition: Condition) -> State:
    """The class of a device in this condition."""
    if condition == "unknown":
        return State.UNKNOWN
    return State.OK if condition == "ok" else State.INCIDENT


def of_minute(devices: Iterable[State], *, has_data: bool, is_blind: bool = False) -> State:
    """An incident of any device is one of the minute; else it is well where any device is known to be.

    It is not known to be well where a device said that it cannot tell. What a device that said nothing does not
    change is the state of the others.
    """
    known = set(devices)
    if State.INCIDENT in known:
        return State.INCIDENT
    if is_blind or State.OK not in known:
        return State.UNKNOWN if has_data else State.NO_DATA
    return State.OK
