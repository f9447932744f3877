"""The fold: events to columns, in one pass over a batch."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from bus_schemas.camera import DetectionEvent, MotionEvent
from bus_schemas.event import Event
from bus_schemas.node import HealthEvent
from bus_schemas.thermal import ThermalEvent
from consumers.engine.partial import DETECTION, THERMAL
from consumers.store.clickhouse.engine import Columns
from consumers.store.clickhouse.table import Table
from consumers.store.journal.record import Recorded
from consumers.views.warehouse.tables import CAMERA_EVENTS, HEALTH, MOTION, THERMAL_READINGS

MODELS: tuple[type[Event], ...] = (DetectionEvent, ThermalEvent, HealthEvent, MotionEvent)

Row = tuple[Any, ...]
Blocks = Mapping[Table, Columns]


def blocks(records: Iterable[Recorded]) -> Blocks:
    """The rows of these events by table, as columns; tables without a row are left out."""
    rows: dict[type[Event], list[Row]] = {model: [] for model in MODELS}
    for record in records:
        model = record.model
        found = rows.get(model)
        if found is not None:
            found.extend(_ROWS[model](record))
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
        """The columns of the table that has most."""
        return max((len(columns[0]) for columns in self.blocks.values()), default=0)


def _place_and_time(record: Recorded) -> tuple[str, str, int]:
    """The moment in whole milliseconds since 1970."""
    return *record.where, record.time_us // 1000


def _camera_event(record: Recorded) -> Iterator[Row]:
    part = record.decode(DETECTION).data
    # A trigger named twice in one event happened once.
    triggers = part.event_triggers
    once = tuple(dict.fromkeys(triggers)) if len(triggers) > 1 else triggers
    yield *_place_and_time(record), part.people_count, once, record.position, record.id


def _thermal_readings(record: Recorded) -> Iterator[Row]:
    where = _place_and_time(record)
    which = (record.position, record.id)
    part = record.decode(THERMAL).data
    frame, composite = part.frame_stats, part.composite_temperature
    yield *where, "frame", "full_frame", frame.min_temp, frame.max_temp, frame.avg_temp, "normal", *which
    if composite is not None:
        yield *where, "composite", "composite", composite, composite, composite, "normal", *which
    for roi in part.regions:
        yield *where, "roi", roi.name, roi.min_temp, roi.max_temp, roi.avg_temp, roi.alert_level, *which


def _health(record: Recorded) -> Iterator[Row]:
    event = record.event
    assert isinstance(event, HealthEvent)
    health = event.data
    yield (
        *_place_and_time(record),
        health.status,
        health.reason or "",
        health.is_recording,
        health.stream_info.fps if health.stream_info else None,
        min(health.total_reconnects, _LARGEST_COUNT),
        min(health.consecutive_failures, _LARGEST_COUNT),
        record.position,
        record.id,
    )


def _motion(record: Recorded) -> Iterator[Row]:
    event = record.event
    assert isinstance(event, MotionEvent)
    motion = event.data
    yield (
        *_place_and_time(record),
        motion.phase,
        motion.duration_s,
        min(motion.frames, _LARGEST_COUNT),
        motion.intensity,
        min(len(motion.boxes), _LARGEST_SHORT),
        record.position,
        record.id,
    )


_LARGEST_COUNT = 2**32 - 1
_LARGEST_SHORT = 2**16 - 1

_ROWS: Mapping[type[Event], Callable[[Recorded], Iterator[Row]]] = {
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
