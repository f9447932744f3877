"""What the newest event of a device says, in a few words for people, out of no more of it than they need."""

from collections.abc import Callable, Mapping
from functools import cache

from pydantic_core import to_json

from bus_schemas.camera import DetectionEvent, FrameEvent, MotionEvent
from bus_schemas.catalogue import short_name, type_of
from bus_schemas.event import Event
from bus_schemas.media import SegmentEvent
from bus_schemas.node import ClockEvent, CommandEvent, HealthEvent
from bus_schemas.thermal import ThermalEvent
from consumers.engine.partial import DETECTED, HOTTEST, LENGTH, PHASE, PROGRESS, REPORTED, VERDICTS
from consumers.store.journal.record import Recorded
from producer.times import iso_of


def in_short(record: Recorded) -> str:
    """JSON of what an event says, for `last_event`."""
    told = to_json(summary(record)).decode()
    about = f'"type":"{_name(record.model)}","time":"{iso_of(record.time_us)}","position":{record.position}'
    return f'{{{about},"summary":{told}}}'


def summary(record: Recorded) -> str:
    """Of other events than these, their name."""
    say = _SAY.get(record.model)
    return _name(record.model) if say is None else say(record)


@cache
def _name(model: type[Event]) -> str:
    return short_name(type_of(model))


def _thermal(record: Recorded) -> str:
    told = record.told(HOTTEST).data
    return f"{told.frame_stats.max_temp:.1f} °C at the hottest, {len(told.hot_spots)} hot spots"


def _detection(record: Recorded) -> str:
    told = record.told(DETECTED).data
    return ", ".join(told.event_triggers) or f"{told.people_count} people"


def _motion(record: Recorded) -> str:
    told = record.told(PHASE).data
    return f"motion {told.phase}, {len(told.boxes)} places"


def _health(record: Recorded) -> str:
    told = record.told(REPORTED).data
    return told.reason or told.status


def _segment(record: Recorded) -> str:
    return f"{record.told(LENGTH).data.duration_s:.1f} s recorded"


def _command(record: Recorded) -> str:
    told = record.told(PROGRESS).data
    return f"{told.name} {told.state}"


def _frame(record: Recorded) -> str:
    told = record.told(VERDICTS).data
    if not (told.blackscreen or told.freeze or told.audio is False):
        return "ok"
    seen = {"blackscreen": told.blackscreen, "freeze": told.freeze, "no audio": told.audio is False}
    return ", ".join(name for name, is_so in seen.items() if is_so)


def _clock(record: Recorded) -> str:
    event = record.event
    assert isinstance(event, ClockEvent)
    return f"clock set {abs(event.data.step_s):.1f} s {'forward' if event.data.step_s > 0 else 'back'}"


_SAY: Mapping[type[Event], Callable[[Recorded], str]] = {
    ThermalEvent: _thermal,
    DetectionEvent: _detection,
    MotionEvent: _motion,
    HealthEvent: _health,
    SegmentEvent: _segment,
    CommandEvent: _command,
    FrameEvent: _frame,
    ClockEvent: _clock,
}
