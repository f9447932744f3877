"""Decides what one event says of how its device was: the one place that knows it, for mosaics and for longer times."""

from enum import IntEnum

from bus_schemas.camera import DetectionEvent, FrameEvent, MotionEvent
from bus_schemas.event import Event
from bus_schemas.media import MediaEvent
from bus_schemas.node import HealthEvent
from bus_schemas.thermal import ThermalEvent
from consumers.engine.frame_faults import FrameFault, answers, faults
from consumers.engine.partial import BAD_PIXELS, MEDIUM, STATUS, VERDICTS
from consumers.store.journal.record import Recorded

MODELS: tuple[type[Event], ...] = (DetectionEvent, FrameEvent, HealthEvent, MediaEvent, MotionEvent, ThermalEvent)


class MinuteEvidence(IntEnum):
    """How well a device is known to be in a minute. Of several events in it the greatest one holds."""

    NONE = 0
    SEEN = 1
    """Something came from it that says nothing of its state."""
    SAID = 2
    """The device itself says that it is well."""
    BLIND = 3
    """An analysis had no answer, which outweighs what the device says of itself."""
    JUDGED = 4
    """An analysis had an answer; what was wrong is among the faults."""

    @property
    def is_well(self) -> bool:
        """Where no fault and no incident says otherwise."""
        return self in (MinuteEvidence.SAID, MinuteEvidence.JUDGED)


def evidence_of(record: Recorded) -> tuple[MinuteEvidence, tuple[FrameFault, ...]]:
    """The evidence in an event of one of `MODELS`, with the faults that it reports."""
    model = record.model
    if model is FrameEvent:
        found = answers(record.decode(VERDICTS).data)
        is_blind = all(answer is None for answer in found)
        return MinuteEvidence.BLIND if is_blind else MinuteEvidence.JUDGED, faults(found)
    if model is MediaEvent:
        # A sensor sends its readings with its frames, where a pixel can be read.
        return MinuteEvidence.BLIND if record.decode(MEDIUM).data.kind == "thermal" else MinuteEvidence.SEEN, ()
    if model is ThermalEvent:
        part = record.decode(BAD_PIXELS).data
        is_blind = part.bad_pixels >= part.columns * part.rows
        return MinuteEvidence.BLIND if is_blind else MinuteEvidence.JUDGED, ()
    if model is HealthEvent:
        is_well = record.decode(STATUS).data.status == "healthy"
        return MinuteEvidence.SAID if is_well else MinuteEvidence.SEEN, ()
    return MinuteEvidence.JUDGED, ()
