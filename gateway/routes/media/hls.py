"""Routes of HLS playlists: live, of an hour, or of any time range."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from pydantic import Field
from starlette.responses import Response

from bus_schemas.media import MJPEG
from consumers.views.health.questions import last_tick
from consumers.views.recordings.breaks import is_break_between
from consumers.views.recordings.numbering import DAY_S, dropped_count
from consumers.views.recordings.questions import SegmentRow, newest_segments, segments
from consumers.views.recordings.recording_order import in_order_of_recording, last_recorded
from gateway.calls import Call, Operation
from gateway.http.parameters import Day, DeviceTimeRange, OfDevice
from gateway.http.problems import Problem
from gateway.reading.absent_recordings import absence
from gateway.reading.calendar import utc_hour
from gateway.reading.stores import Stores
from gateway.routes.lookup import require_device
from gateway.routes.media.recordings import playable
from gateway.serving import playlists
from gateway.serving.media_links import segment_url
from gateway.serving.playlists import LIVE_SEGMENTS, MEDIA_TYPE, MediaSequence, PlaylistSegment
from producer.times import moment_of_seconds

VIEW = "recordings"
LONGEST = timedelta(hours=25)
LATE = timedelta(seconds=60)
"""How long after its end an hour still waits for its last segment."""
FIRST_DAY = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp()) // DAY_S
SEGMENTS_PER_DAY = 100_000
BREAKS_PER_DAY = 1000
"""Few, because a player may keep a list as long as the number of discontinuities is high: hls.js stands still then."""


class PlaylistRange(DeviceTimeRange):
    or_none: bool = Field(
        default=False,
        description="A 204 in place of a 404 where nothing was recorded: browsers report that as an error.",
    )


class PlaylistHour(OfDevice):
    date: Day = Field(description="Of UTC.")
    hour: int = Field(ge=0, le=23, description="Of UTC.")


async def live(call: Call[OfDevice]) -> Response:
    """The last segments; its media sequence never jumps back, also when retention removes some."""
    asked = call.parameters
    await require_device(call.gateway, asked.site, asked.device)

    def question(stores: Stores) -> tuple[list[SegmentRow], MediaSequence]:
        newest = last_recorded(stores.view(VIEW), asked.site, asked.device, LIVE_SEGMENTS)
        found = playable(stores, asked, newest)
        return found, _place(stores, asked, found)

    found, place = await call.gateway.ask(question)
    if not found:
        raise Problem(404, f"nothing of {asked.device} was recorded yet")
    return _playlist(playlists.live(_segments(found), place))


def _place(stores: Stores, asked: OfDevice, found: Sequence[SegmentRow]) -> MediaSequence:
    """How many segments and breaks there were before, counted from the UTC day of the first: cheap, and growing."""
    if not found:
        return MediaSequence()
    first = found[0]
    day = int(first.start // DAY_S)
    start, end = (moment_of_seconds(one * DAY_S) for one in (day, day + 1))
    of_day = segments(stores.view(VIEW), asked.site, asked.device, start, end, SEGMENTS_PER_DAY)
    ordered = in_order_of_recording(of_day)
    number = next((place for place, one in enumerate(ordered) if one.position == first.position), len(ordered))
    breaks = sum(is_break_between(*pair) for pair in pairwise(one for one in ordered[: number + 1] if one.key))
    begun_before = sum(one.start < day * DAY_S for one in ordered[:number])
    dropped = dropped_count(stores.view(VIEW), asked.site, asked.device, day)
    return MediaSequence(
        day * SEGMENTS_PER_DAY + number - begun_before + dropped.segments, _breaks_until(day, breaks + dropped.breaks)
    )


def _breaks_until(day: int, breaks: int) -> int:
    """Never falls from one day to the next."""
    return max(0, day - FIRST_DAY) * BREAKS_PER_DAY + min(breaks, BREAKS_PER_DAY - 1)


async def hour(call: Call[PlaylistHour]) -> Response:
    """All of a UTC hour; it grows while the hour lasts, and gets its end when the hour is closed."""
    asked = call.parameters
    await require_device(call.gateway, asked.site, asked.device)
    start, end = utc_hour(asked.date, asked.hour)

    def question(stores: Stores) -> tuple[list[SegmentRow], bool, str]:
        overlapping = segments(stores.view(VIEW), asked.site, asked.device, start, end)
        newest = newest_segments(stores.view(VIEW), asked.site, asked.device, 1)
        found = playable(stores, asked, [one for one in overlapping if one.start >= start.timestamp()])
        is_continued = bool(newest) and newest[0].start >= end.timestamp()
        return found, is_continued or _has_passed(stores, end), "" if found else why(stores)

    def why(stores: Stores) -> str:
        never = f"nothing of {asked.device} was recorded on {asked.date} at {asked.hour:02d}:00 UTC"
        return absence(stores, asked.site, [asked.device], start, end, never)

    found, closed, reason = await call.gateway.ask(question)
    if not found:
        raise Problem(404, reason)
    return _playlist(playlists.recorded(_segments(in_order_of_recording(found)), closed=closed))


def _has_passed(stores: Stores, end: datetime) -> bool:
    """By the hub's own ticks, so that an hour is closed by events."""
    tick = last_tick(stores.view("health"))
    return tick is not None and tick >= (end + LATE).timestamp()


async def span(call: Call[PlaylistRange]) -> Response:
    """Any time range up to 25 hours; one that goes on beyond now grows until it has passed."""
    asked, gateway = call.parameters, call.gateway
    await require_device(gateway, asked.site, asked.device)
    start, end = asked.bounds(gateway.clock(), timedelta(hours=1))
    if end - start > LONGEST:
        raise Problem(400, "a playlist is of 25 hours at most")

    def question(stores: Stores) -> tuple[list[SegmentRow], bool, str]:
        found = playable(stores, asked, segments(stores.view(VIEW), asked.site, asked.device, start, end))
        is_closed = end <= gateway.clock() or _has_passed(stores, end)
        return found, is_closed, "" if found else why(stores)

    def why(stores: Stores) -> str:
        never = f"nothing of {asked.device} was recorded then"
        return absence(stores, asked.site, [asked.device], start, end, never)

    found, closed, reason = await gateway.ask(question)
    if not found and asked.or_none:
        return Response(None, 204, {"Cache-Control": "no-cache"})
    if not found:
        raise Problem(404, reason)
    return _playlist(playlists.recorded(_segments(in_order_of_recording(found)), closed=closed))


def _segments(found: Sequence[SegmentRow]) -> list[PlaylistSegment]:
    return [
        PlaylistSegment(
            moment_of_seconds(one.start),
            round(one.duration_s, 6),
            segment_url(one.key, one.codec),
            one.discontinuity,
            one.size if one.codec == MJPEG else None,
        )
        for one in found
        if one.key
    ]


def _playlist(text: str) -> Response:
    return Response(text, 200, {"Cache-Control": "no-cache"}, MEDIA_TYPE)


OPERATIONS = [
    Operation("GET", "/hls/{site}/{device}/live.m3u8", live, MEDIA_TYPE, OfDevice),
    Operation("GET", "/hls/{site}/{device}/range.m3u8", span, MEDIA_TYPE, PlaylistRange, also=(204,)),
    Operation("GET", "/hls/{site}/{device}/{date}/{hour}.m3u8", hour, MEDIA_TYPE, PlaylistHour),
]
