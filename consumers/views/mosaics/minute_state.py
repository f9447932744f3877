"""Decides the state of a device and of a site in a minute. No other module decides it."""

from collections.abc import Iterable
from enum import IntEnum

from bus_schemas.condition import Condition, condition_of, level_of


class MinuteState(IntEnum):
    """The four classes of a minute, as they stand in the two bits of a timeline."""

    NO_DATA = 0
    OK = 1
    INCIDENT = 2
    UNKNOWN = 3


CLASSES = ("no_data", "ok", "incident", "unknown")


def condition_of_type(incident_type: str) -> Condition:
    """The condition that an incident of this type gives to a device."""
    return condition_of(incident_type, level_of(incident_type, {}))


def state_of(condition: Condition) -> MinuteState:
    """The class of a device in this condition."""
    if condition == "unknown":
        return MinuteState.UNKNOWN
    return MinuteState.OK if condition == "ok" else MinuteState.INCIDENT


def of_minute(devices: Iterable[MinuteState], *, has_data: bool, is_blind: bool = False) -> MinuteState:
    """An incident of any device is one of the minute; else it is well where any device is known to be.

    It is not known to be well where a device said that it does not know. A device that said nothing does not change the
    state of the others.
    """
    known = set(devices)
    if MinuteState.INCIDENT in known:
        return MinuteState.INCIDENT
    if is_blind or MinuteState.OK not in known:
        return MinuteState.UNKNOWN if has_data else MinuteState.NO_DATA
    return MinuteState.OK
