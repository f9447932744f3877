"""The fold: events to columns, in one pass over a batch."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from bus_schemas.camera import DetectionEvent, MotionEvent
from bus_schemas.event import Event, place
from bus_schemas.node import HealthEvent
from bus_schemas.thermal import ThermalEvent
from consumers.clickhouse.engine import Columns
from consumers.clickhouse.table import Table
from consumers.journal.record import Recorded
from consumers.warehouse.tables import CAMERA_EVENTS, HEALTH, MOTION, THERMAL_READINGS

MODELS: tuple[type[Event], ...] = (DetectionEvent, ThermalEvent, HealthEvent, MotionEvent)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)

_place = lru_cache(maxsize=4096)(place)

Row = tuple[Any, ...]
Blocks = Mapping[Table, Columns]


def blocks(records: Iterable[Recorded]) -> Blocks:
    """The rows of these events by table, as columns; tables without a row are left out."""
    rows: dict[type[Event], list[Row]] = {model: [] for model in MODELS}
    for record in records:
        model = type(record.event)
        found = rows.get(model)
        if found is not None:
            found.extend(_ROWS[model](record.position, record.event))
    return {_TABLES[model]: list(zip(*found, strict=True)) for model, found in rows.items() if found}


class Gathering:
    """Rows of several pages as columns. Events are let go of at once: thousands of them alive, each of many objects,
    would have Python look through all of them again and again for cycles, and parse at a third of its speed.
    """

    def __init__(self) -> None:
        self.blocks: dict[Table, list[list[Any]]] = {}

    def add(self, records: Iterable[Recorded]) -> None:
        for table, columns in blocks(records).items():
            gathered = self.blocks.setdefault(table, [[] for _ in columns])
            for column, values in zip(gathered, columns, strict=True):
                column.extend(values)

    @property
    def rows(self) -> int:
        """Of the table that has most."""
        return max((len(columns[0]) for columns in self.blocks.values()), default=0)


def _milliseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // _MILLISECOND


def _camera_event(position: int, event: DetectionEvent) -> Iterator[Row]:
    # A trigger named twice in one event happened once.
    triggers = event.data.event_triggers
    once = tuple(dict.fromkeys(triggers)) if len(triggers) > 1 else triggers
    yield (*_place(event.source), _milliseconds(event.time), event.data.people_count, once, position, event.id)


def _thermal_readings(position: int, event: ThermalEvent) -> Iterator[Row]:
    where = (*_place(event.source), _milliseconds(event.time))
    which = (position, event.id)
    frame, composite = event.data.frame_stats, event.data.composite_temperature
    yield *where, "frame", "full_frame", frame.min_temp, frame.max_temp, frame.avg_temp, "normal", *which
    if composite is not None:
        yield *where, "composite", "composite", composite, composite, composite, "normal", *which
    for roi in event.data.regions:
        yield *where, "roi", roi.name, roi.min_temp, roi.max_temp, roi.avg_temp, roi.alert_level, *which


def _health(position: int, event: HealthEvent) -> Iterator[Row]:
    health = event.data
    yield (
        *_place(event.source),
        _milliseconds(event.time),
        health.status,
        health.reason or "",
        health.is_recording,
        health.stream_info.fps if health.stream_info else None,
        min(health.total_reconnects, _LARGEST_COUNT),
        min(health.consecutive_failures, _LARGEST_COUNT),
        position,
        event.id,
    )


def _motion(position: int, event: MotionEvent) -> Iterator[Row]:
    motion = event.data
    yield (
        *_place(event.source),
        _milliseconds(event.time),
        motion.phase,
        motion.duration_s,
        min(motion.frames, _LARGEST_COUNT),
        motion.intensity,
        min(len(motion.boxes), _LARGEST_SHORT),
        position,
        event.id,
    )


_LARGEST_COUNT = 2**32 - 1
_LARGEST_SHORT = 2**16 - 1

_ROWS: Mapping[type[Event], Callable[[int, Any], Iterator[Row]]] = {
    DetectionEvent: _camera_event,
    ThermalEvent: _thermal_readings,
    HealthEvent: _health,
    MotionEvent: _motion,
}
_TABLES: Mapping[type[Event], Table] = {
    DetectionEvent: CAMERA_EVENTS,
    ThermalEvent: THERMAL_READINGS,
    HealthEvent: HEALTH,
    MotionEvent: MOTION,
}
