"""Routes of recordings: time ranges that can be played, and their segments."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import Field

from bus_schemas.event import iso
from consumers.store.archive.copies import Tier
from consumers.views.recordings.questions import SAME_SPAN_S, SegmentRow, segments
from gateway.calls import Call, Operation
from gateway.context import Gateway
from gateway.http.answers import Answer, Time
from gateway.http.parameters import DeviceTimeRange, OfDevice
from gateway.http.problems import Problem
from gateway.reading.stores import Stores
from gateway.routes.lookup import require_device
from gateway.serving.media_links import segment_url
from producer.times import moment_of_seconds

LONGEST = timedelta(days=32)
MOST_SEGMENTS = 500_000
MOST_LISTED = 20_000
LATE_S = 1.0


class RecordingAnswer(Answer):
    start: Time
    end: Time
    duration_s: float
    bytes: int
    segments: int
    url: str = Field(description="A playlist of it.")
    gap_before_s: float | None = Field(description="Seconds without a recording before it; null for the first.")


class RecordingsAnswer(Answer):
    recordings: list[RecordingAnswer]


class SegmentAnswer(Answer):
    time: Time
    duration_s: float
    url: str
    bytes: int
    discontinuity: bool
    tier: Tier = Field(description="Where its bytes are.")


class SegmentsAnswer(Answer):
    segments: list[SegmentAnswer]


@dataclass(slots=True)
class SegmentRun:
    """Segments without a pause between them; seconds since 1970."""

    start: float
    end: float
    bytes: int
    segments: int
    gap_before_s: float | None


def joined(found: Iterable[SegmentRow]) -> Iterator[SegmentRun]:
    """Segments that follow each other, as one."""
    run: SegmentRun | None = None
    for segment in found:
        pause = None if run is None else segment.start - run.end
        if run is not None and pause is not None and pause <= SAME_SPAN_S:
            run.end = max(run.end, segment.end)
            run.bytes += segment.size
            run.segments += 1
            continue
        if run is not None:
            yield run
        gap = None if pause is None else round(pause, 3)
        run = SegmentRun(segment.start, segment.end, segment.size, 1, gap)
    if run is not None:
        yield run


def playable(stores: Stores, of: OfDevice, found: Sequence[SegmentRow]) -> list[SegmentRow]:
    """Those whose bytes are kept: the view knows a moment later what was dropped, the archive at once."""
    oldest = stores.archive.oldest(of.site, of.device, "segment")
    if oldest is None:
        return list(found)
    # A device may give the bytes the moment at which the segment ended.
    return [
        one
        for one in found
        if one.start >= oldest.timestamp() or (one.end >= oldest.timestamp() and stores.archive.find(one.key))
    ]


async def recordings(call: Call[DeviceTimeRange]) -> RecordingsAnswer:
    """Time ranges that can be played without a pause."""
    asked = call.parameters
    start, end = await _bounds(call)

    def question(stores: Stores) -> list[SegmentRun]:
        found = segments(stores.view("recordings"), asked.site, asked.device, start, end, MOST_SEGMENTS)
        return list(joined(playable(stores, asked, found)))

    runs = await call.gateway.ask(question)
    return RecordingsAnswer(recordings=[_recording(asked.site, asked.device, run) for run in runs])


async def listed(call: Call[DeviceTimeRange]) -> SegmentsAnswer:
    """The segments of a time range, oldest first."""
    asked = call.parameters
    start, end = await _bounds(call)

    def question(stores: Stores) -> tuple[list[SegmentRow], dict[str, Tier]]:
        found = segments(stores.view("recordings"), asked.site, asked.device, start, end, MOST_LISTED)
        return playable(stores, asked, found), _tiers(call.gateway, stores, asked, found)

    found, tiers = await call.gateway.ask(question)
    return SegmentsAnswer(
        segments=[
            SegmentAnswer(
                time=moment_of_seconds(one.start),
                duration_s=round(one.duration_s, 6),
                url=segment_url(one.key, one.codec),
                bytes=one.size,
                discontinuity=one.discontinuity,
                tier=tiers.get(one.key, "hot"),
            )
            for one in found
        ]
    )


def _tiers(gateway: Gateway, stores: Stores, of: OfDevice, found: Sequence[SegmentRow]) -> dict[str, Tier]:
    """Those of segments, by their keys. Without cold storage nobody has to look."""
    if gateway.hub.cold is None or not found:
        return {}
    # A device may give the bytes the moment at which the segment ended.
    start, end = moment_of_seconds(found[0].start), moment_of_seconds(found[-1].end + LATE_S)
    media = stores.archive.between(of.site, of.device, "segment", start, end)
    return {one.key: gateway.cold.tier(one) for one in media}


def _recording(site: str, device: str, run: SegmentRun) -> RecordingAnswer:
    start, end = moment_of_seconds(run.start), moment_of_seconds(run.end)
    return RecordingAnswer(
        start=start,
        end=end,
        duration_s=round(run.end - run.start, 3),
        bytes=run.bytes,
        segments=run.segments,
        url=f"/hls/{site}/{device}/range.m3u8?from={iso(start)}&to={iso(end)}",
        gap_before_s=run.gap_before_s,
    )


async def _bounds(call: Call[DeviceTimeRange]) -> tuple[datetime, datetime]:
    asked = call.parameters
    await require_device(call.gateway, asked.site, asked.device)
    start, end = asked.bounds(call.gateway.clock())
    if end - start > LONGEST:
        raise Problem(400, f"from {iso(start)} to {iso(end)} is more than {LONGEST.days} days")
    return start, end


OPERATIONS = [
    Operation("GET", "/api/v1/sites/{site}/devices/{device}/recordings", recordings, RecordingsAnswer, DeviceTimeRange),
    Operation("GET", "/api/v1/sites/{site}/devices/{device}/segments", listed, SegmentsAnswer, DeviceTimeRange),
]
