"""Turns old versions of events into the current ones while they are read; stored events stay as they were."""

from collections.abc import Callable

from bus_schemas.alert import Incident, IncidentEvent, IncidentV1Event
from bus_schemas.camera import Motion, MotionEvent, MotionV1Event
from bus_schemas.event import Event
from bus_schemas.limits import LONGEST_S, MAX_COUNT


def motion_v1_to_v2(old: MotionV1Event) -> MotionEvent:
    """The first version reported a motion once it was over, and did not know where in the picture it was."""
    data = Motion(
        phase="end",
        duration_s=min(old.data.duration_seconds, LONGEST_S),
        frames=min(old.data.frame_count, MAX_COUNT),
        intensity=old.data.intensity,
    )
    return MotionEvent(id=old.id, source=old.source, time=old.time, epoch=old.epoch, sequence=old.sequence, data=data)


def incident_v1_to_v2(old: IncidentV1Event) -> IncidentEvent:
    """The first version had a closed list of types; whatever it said is said alike now."""
    data = Incident.model_construct(**dict(old.data))
    return IncidentEvent.model_construct(
        id=old.id, source=old.source, time=old.time, epoch=old.epoch, sequence=old.sequence, data=data
    )


UPCASTS: dict[type[Event], Callable[..., Event]] = {
    MotionV1Event: motion_v1_to_v2,
    IncidentV1Event: incident_v1_to_v2,
}


def upcast(event: Event) -> Event:
    """Bring an event to the current version of its type; a current one is returned as it is."""
    while (step := UPCASTS.get(type(event))) is not None:
        event = step(event)
    return event
