"""The view of the newest detections of each device."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from pydantic_core import from_json

from bus_schemas.camera import DetectionEvent
from bus_schemas.event import Event
from consumers.engine.projection import Emit, Projection
from consumers.engine.rebuild.time_range import TimeRange, ViewPart
from consumers.store.journal.record import Recorded

KEPT_DETECTIONS = 5000


class DetectionsProjection(Projection):
    """The detections of each device, as many of the newest as are kept."""

    name: ClassVar[str] = "detections"
    version: ClassVar[int] = 2
    models: ClassVar[tuple[type[Event], ...]] = (DetectionEvent,)
    schema: ClassVar[str] = """
    create table if not exists detections (
        position integer primary key, site text not null, device text not null, at real not null, data text not null
    ) strict;
    create index if not exists detections_at on detections (site, device, at, position);
    """

    before_floor: ClassVar[Mapping[str, str]] = {"detections": "at <= horizon(site, device)"}

    def part(self, wanted: TimeRange, view: sqlite3.Connection) -> ViewPart | None:
        values = (wanted.site, wanted.since.timestamp(), wanted.until.timestamp())
        return ViewPart(wanted.since, wanted.until, {"detections": ("site = ? and at >= ? and at < ?", values)})

    def settle_part(self, view: sqlite3.Connection, site: str) -> None:
        _keep_newest(
            view, view.execute("select distinct site, device from detections where site = ?", (site,)).fetchall()
        )

    def fold(self, view: sqlite3.Connection, batch: Sequence[Recorded], emit: Emit) -> None:
        found = [record for record in batch if record.model is DetectionEvent]
        view.executemany(
            "insert into detections values (?, ?, ?, ?, ?)",
            [(one.position, *one.where, one.time_s, _data(one)) for one in found],
        )
        _keep_newest(view, {one.where for one in found})


def _keep_newest(view: sqlite3.Connection, devices: Iterable[tuple[str, str]]) -> None:
    view.executemany(
        "delete from detections where site = ?1 and device = ?2 and (at, position) < (select at, position "
        "from detections where site = ?1 and device = ?2 order by at desc, position desc limit 1 offset ?3)",
        [(*device, KEPT_DETECTIONS - 1) for device in sorted(devices)],
    )


def _data(record: Recorded) -> str:
    assert isinstance(record.event, DetectionEvent)
    return record.event.data.model_dump_json()


@dataclass(frozen=True, slots=True)
class DetectionRow:
    time: float
    position: int
    data: dict[str, Any]


def detections(
    view: sqlite3.Connection, site: str, device: str, start: datetime, end: datetime, limit: int = 100
) -> list[DetectionRow]:
    """Newest first."""
    found = view.execute(
        "select at, position, data from detections where site = ? and device = ? and at >= ? and at < ? "
        "order by at desc, position desc limit ?",
        (site, device, start.timestamp(), end.timestamp(), limit),
    )
    return [DetectionRow(at, position, from_json(data)) for at, position, data in found]
