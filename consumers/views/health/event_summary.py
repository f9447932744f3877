"""Summarises the newest event of a device: its type and the part of its data that a page shows."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

from pydantic_core import to_json

from bus_schemas.camera import DetectionEvent, FrameEvent, MotionEvent
from bus_schemas.catalogue import short_name, type_of
from bus_schemas.event import Event
from bus_schemas.media import SegmentEvent
from bus_schemas.node import ClockEvent, CommandEvent, GapEvent, HealthEvent
from bus_schemas.reading import ReadingEvent
from bus_schemas.thermal import ThermalEvent
from consumers.engine.partial import COMMAND, DETECTION, HOTTEST, MOTION, SEGMENT_LENGTH, STATUS, VERDICTS
from consumers.store.journal.record import Recorded
from producer.times import iso_of

MEASUREMENTS_SHOWN: Final = 4


def in_short(record: Recorded) -> str:
    """The JSON of `last_event`."""
    part = to_json(partial_data(record)).decode()
    about = f'"type":"{_name(record.model)}","time":"{iso_of(record.time_us)}","position":{record.position}'
    return f'{{{about},"data":{part}}}'


def partial_data(record: Recorded) -> dict[str, Any]:
    """Under the names of the event; of types whose words need none of it, nothing."""
    read = _PARTS.get(record.model)
    return {} if read is None else read(record)


@cache
def _name(model: type[Event]) -> str:
    return short_name(type_of(model))


def _thermal(record: Recorded) -> dict[str, Any]:
    data = record.decode(HOTTEST).data
    filtered = {"frame_stats": {"max_temp": data.frame_stats.max_temp}}
    return filtered if data.peak_temp is None else {**filtered, "peak_temp": data.peak_temp}


def _detection(record: Recorded) -> dict[str, Any]:
    data = record.decode(DETECTION).data
    return {"people_count": data.people_count, "event_triggers": data.event_triggers}


def _motion(record: Recorded) -> dict[str, Any]:
    return {"phase": record.decode(MOTION).data.phase}


def _health(record: Recorded) -> dict[str, Any]:
    data = record.decode(STATUS).data
    return {"status": data.status, "reason": data.reason}


def _segment(record: Recorded) -> dict[str, Any]:
    return {"duration_s": record.decode(SEGMENT_LENGTH).data.duration_s}


def _command(record: Recorded) -> dict[str, Any]:
    data = record.decode(COMMAND).data
    return {"name": data.name, "state": data.state}


def _frame(record: Recorded) -> dict[str, Any]:
    data = record.decode(VERDICTS).data
    return {"blackscreen": data.blackscreen, "freeze": data.freeze, "audio": data.audio}


def _clock(record: Recorded) -> dict[str, Any]:
    event = record.event
    assert isinstance(event, ClockEvent)
    return {"step_s": event.data.step_s}


def _gap(record: Recorded) -> dict[str, Any]:
    event = record.event
    assert isinstance(event, GapEvent)
    return {"count": event.data.count, "cause": event.data.cause}


def _reading(record: Recorded) -> dict[str, Any]:
    event = record.event
    assert isinstance(event, ReadingEvent)
    return {"measurements": [one.model_dump() for one in event.data.measurements[:MEASUREMENTS_SHOWN]]}


_PARTS: Mapping[type[Event], Callable[[Recorded], dict[str, Any]]] = {
    ThermalEvent: _thermal,
    DetectionEvent: _detection,
    MotionEvent: _motion,
    HealthEvent: _health,
    SegmentEvent: _segment,
    CommandEvent: _command,
    FrameEvent: _frame,
    ClockEvent: _clock,
    GapEvent: _gap,
    ReadingEvent: _reading,
}
