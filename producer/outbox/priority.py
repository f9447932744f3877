"""Ranks events by priority: the lowest is dropped first when there is no room."""

from enum import IntEnum

from bus_schemas.catalogue import short_name
from bus_schemas.event import Event
from bus_schemas.media import MediaEvent
from bus_schemas.streams import Traffic


class Priority(IntEnum):
    """The lowest priority is dropped first, and within it the oldest rows. Gaps are never dropped."""

    PICTURE = 0
    FRAME = 1
    SEGMENT = 2
    FINDING = 3
    VITAL = 4
    GAP = 5

    @property
    def traffic(self) -> Traffic:
        """The stream that carries events of this priority."""
        if self is Priority.PICTURE:
            return Traffic.PICTURES
        return Traffic.RECORDING if self is Priority.SEGMENT else Traffic.EVENTS


DROPPABLE = (Priority.PICTURE, Priority.FRAME, Priority.SEGMENT, Priority.FINDING, Priority.VITAL)

BY_TYPE = {
    "frame": Priority.FRAME,
    "segment": Priority.SEGMENT,
    "recording": Priority.SEGMENT,
    "motion": Priority.FINDING,
    "detection": Priority.FINDING,
    "thermal": Priority.FINDING,
    "heartbeat": Priority.FINDING,
    "reading": Priority.FINDING,
    "snapshot": Priority.FINDING,
    "agent": Priority.VITAL,
    "alert": Priority.VITAL,
    "annotation": Priority.VITAL,
    "clock": Priority.VITAL,
    "command": Priority.VITAL,
    "export": Priority.VITAL,
    "fault": Priority.VITAL,
    "gap": Priority.GAP,
    "health": Priority.VITAL,
    "hold": Priority.VITAL,
    "incident": Priority.VITAL,
    "mute": Priority.VITAL,
    "recorder": Priority.VITAL,
    "registry": Priority.VITAL,
    "retention": Priority.VITAL,
    "review": Priority.VITAL,
    "rules": Priority.VITAL,
    "sensor": Priority.VITAL,
    "settings": Priority.VITAL,
    "state": Priority.VITAL,
}


_RECORDED = frozenset({"segment", "thermal"})
"""Media that are kept for weeks: a slow link delays them, and does not thin them out as it does pictures."""


def priority_of(event: Event) -> Priority:
    """The priority of an event whose producer names none."""
    if isinstance(event, MediaEvent):
        return Priority.SEGMENT if event.data.kind in _RECORDED else Priority.PICTURE
    # Only known types are vital: a new type may come many times a second.
    return BY_TYPE.get(short_name(event.type), Priority.FINDING)
