"""Describes an export: what is in it, of which segments it was made, and the SHA-256 of everything."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bus_schemas.event import iso
from bus_schemas.media import SegmentEvent
from consumers.store.journal.record import JournalReader
from consumers.upkeep.exports.footage import HOLE_S, LoadedSegment
from consumers.upkeep.exports.order import ExportedFile, ExportOrder
from producer.times import moment_of_seconds

FORMAT = 1


@dataclass(frozen=True, slots=True)
class SegmentPlace:
    """A segment, and the second at which it begins in which file of the export; `None` where it is in none."""

    segment: LoadedSegment
    file: str | None = None
    at_s: float | None = None


@dataclass(frozen=True, slots=True)
class SiteNames:
    """What a site and its devices are called, and its time zone."""

    site: str
    zone: ZoneInfo
    devices: Mapping[str, str]


def event_ids(journal: JournalReader, positions: Collection[int]) -> dict[int, str]:
    """The ids of the events of segments that are at these positions, as far as the journal still has them."""
    if not positions:
        return {}
    wanted = set(positions)
    found: dict[int, str] = {}
    after, last = min(wanted) - 1, max(wanted)
    while after < last:
        batch = journal.read(after, (SegmentEvent,))
        found |= {record.position: record.id for record in batch.records if record.position in wanted}
        if batch.upto <= after:
            break
        after = batch.upto
    return found


def device_section(
    device: str, name: str, places: Sequence[SegmentPlace], ids: Mapping[int, str], bounds: tuple[datetime, datetime]
) -> dict[str, Any]:
    """The segments of a device in order, and the times of the range that nobody can see."""
    ordered = sorted(places, key=lambda one: one.segment.row.start)
    return {
        "device": device,
        "name": name,
        "segments": [_segment(one, ids) for one in ordered],
        "holes": list(_holes([one for one in ordered if one.file is not None], bounds)),
    }


def _segment(place: SegmentPlace, ids: Mapping[int, str]) -> dict[str, Any]:
    row = place.segment.row
    return {
        "key": row.key,
        "event_id": ids.get(row.position),
        "from": iso(moment_of_seconds(row.start)),
        "to": iso(moment_of_seconds(row.end)),
        "sha256": place.segment.sha256,
        "bytes": place.segment.found,
        "file": place.file,
        "at_s": place.at_s,
    }


def _holes(there: Iterable[SegmentPlace], bounds: tuple[datetime, datetime]) -> Iterable[dict[str, str]]:
    start, end = bounds[0].timestamp(), bounds[1].timestamp()
    for place in there:
        if place.segment.row.start - start > HOLE_S:
            yield _range(start, place.segment.row.start)
        start = max(start, place.segment.row.end)
    if end - start > HOLE_S:
        yield _range(start, end)


def _range(start: float, end: float) -> dict[str, str]:
    return {"from": iso(moment_of_seconds(start)), "to": iso(moment_of_seconds(end))}


def manifest(
    order: ExportOrder,
    names: SiteNames,
    devices: Sequence[dict[str, Any]],
    files: Sequence[ExportedFile],
    made: datetime,
) -> dict[str, Any]:
    asked = order.export
    return {
        "watchpost_export": FORMAT,
        "export_id": asked.export_id,
        "asked_by": asked.by,
        "asked": iso(order.asked),
        "made": iso(made),
        "site": order.site,
        "site_name": names.site,
        "time_zone": names.zone.key,
        "from": iso(asked.start),
        "to": iso(asked.end),
        "from_local": asked.start.astimezone(names.zone).isoformat(timespec="milliseconds"),
        "to_local": asked.end.astimezone(names.zone).isoformat(timespec="milliseconds"),
        "form": asked.form,
        "exact": asked.exact,
        "speed": asked.speed,
        "devices": list(devices),
        "files": [one.model_dump() for one in files],
    }


def lost_words(devices: Sequence[dict[str, Any]]) -> str | None:
    """In a sentence how much of what was recorded is not in the export."""
    segments = [one for device in devices for one in device["segments"]]
    gone = sum(one["bytes"] != "intact" for one in segments)
    unread = sum(one["bytes"] == "intact" and one["file"] is None for one in segments)
    words = [f"the bytes of {gone} of {len(segments)} segments are gone, damaged or out of reach"] if gone else []
    words += [f"{unread} of {len(segments)} segments cannot be read"] if unread else []
    without = ", ".join(device["name"] for device in devices if not device["segments"])
    words += [f"no video of {without} was recorded then"] if without and segments else []
    return "; ".join(words) or None
