"""The view of annotations: notes of people on moments and time ranges, as they are now, and who made them."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from pydantic_core import from_json, to_json

from bus_schemas.alert import Annotation, AnnotationEvent
from bus_schemas.event import Event
from consumers.engine.plain_ids import plain_id
from consumers.engine.projection import Emit, Projection
from consumers.store.journal.record import Recorded

DEFAULT_COLOUR = "#ff9500"


class AnnotationsProjection(Projection):
    """A row for each event, so that a floor of the journal parts them cleanly; the newest of a note is how it is."""

    name: ClassVar[str] = "annotations"
    models: ClassVar[tuple[type[Event], ...]] = (AnnotationEvent,)
    version: ClassVar[int] = 2
    schema: ClassVar[str] = """
    create table if not exists annotations (
        annotation_id text not null, position integer not null, site text not null, state text not null,
        start real not null, end real not null check (end >= start), text text not null, searched text not null,
        colour text not null, devices text not null, by text not null, at real not null,
        primary key (annotation_id, position)
    ) strict, without rowid;
    create index if not exists annotations_start on annotations (site, start);
    """

    before_floor: ClassVar[Mapping[str, str]] = {"annotations": "position < :floor"}

    def fold(self, view: sqlite3.Connection, batch: Sequence[Recorded], emit: Emit) -> None:
        for record in batch:
            if isinstance(event := record.event, AnnotationEvent):
                view.execute(
                    "insert or replace into annotations values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    _row(record, event.data),
                )


def _row(record: Recorded, data: Annotation) -> tuple[object, ...]:
    start = data.start.timestamp()
    end = start if data.end is None else max(start, data.end.timestamp())
    devices = data.devices or ((data.device,) if data.device else ())
    return (
        plain_id(data.annotation_id or record.id),
        record.position,
        record.where[0],
        data.state,
        start,
        end,
        data.text,
        data.text.casefold(),
        data.colour or DEFAULT_COLOUR,
        to_json(devices).decode(),
        data.by,
        record.time_s,
    )


# Questions


@dataclass(frozen=True, slots=True)
class AnnotationRow:
    """A note as it is now; times in seconds since 1970. Without `devices` it is about all of its site.

    `by` and `created` are of who made it, `changed_by` and `changed` of who changed or removed it last.
    """

    annotation_id: str
    site: str
    devices: tuple[str, ...]
    start: float
    end: float
    text: str
    colour: str
    by: str
    created: float
    changed_by: str | None
    changed: float | None
    is_removed: bool


@dataclass(frozen=True, slots=True)
class AnnotationQuery:
    """Selects notes that overlap the range, are about the device, and hold the text in any case of letters."""

    site: str | None = None
    device: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    text: str | None = None
    after: str | None = None
    limit: int = 100


_ROWS = """
    select annotation_id, site, devices, start, end, text, colour, state, by, at,
        (select by from annotations a where a.annotation_id = n.annotation_id order by position limit 1),
        (select at from annotations a where a.annotation_id = n.annotation_id order by position limit 1),
        position > (select min(position) from annotations a where a.annotation_id = n.annotation_id)
    from annotations n where not exists (
        select 1 from annotations a where a.annotation_id = n.annotation_id and a.position > n.position)
"""
_FOUND = f"""{_ROWS} and state != 'removed'
    and (:site is null or site = :site) and (:start is null or end >= :start) and (:end is null or start < :end)
    and (:device is null or devices = '[]' or exists (select 1 from json_each(devices) where value = :device))
    and (:text is null or instr(searched, :text) > 0)
    and (:after is null or (start, annotation_id) < (
        select start, annotation_id from annotations where annotation_id = :after order by position desc limit 1))
    order by start desc, annotation_id desc limit :limit
"""  # noqa: S608 - of our own text alone


def annotations(view: sqlite3.Connection, query: AnnotationQuery) -> list[AnnotationRow]:
    """Those that are not removed, the newest moment first."""
    found = view.execute(
        _FOUND,
        {
            "site": query.site,
            "device": query.device,
            "start": None if query.start is None else query.start.timestamp(),
            "end": None if query.end is None else query.end.timestamp(),
            "text": None if query.text is None else query.text.casefold(),
            "after": query.after,
            "limit": query.limit,
        },
    )
    return [_annotation(*row) for row in found]


def annotation(view: sqlite3.Connection, annotation_id: str) -> AnnotationRow | None:
    """Also one that is removed."""
    found = view.execute(f"{_ROWS} and annotation_id = ?", (annotation_id,)).fetchone()
    return None if found is None else _annotation(*found)


def last_position(view: sqlite3.Connection, annotation_id: str) -> int:
    """The position of the newest event of a note; 0 where there is none."""
    query = "select max(position) from annotations where annotation_id = ?"
    return int(view.execute(query, (annotation_id,)).fetchone()[0] or 0)


def _annotation(*row: Any) -> AnnotationRow:
    annotation_id, site, devices, start, end, text, colour, state, by, at, first_by, created, is_changed = row
    return AnnotationRow(
        annotation_id=annotation_id,
        site=site,
        devices=tuple(from_json(devices)),
        start=start,
        end=end,
        text=text,
        colour=colour,
        by=first_by,
        created=created,
        changed_by=by if is_changed else None,
        changed=at if is_changed else None,
        is_removed=state == "removed",
    )
