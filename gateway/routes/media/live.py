"""Routes of live events (SSE), live pictures (MJPEG) and live video (fragmented MP4)."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import TypeVar

from pydantic import Field
from starlette.responses import Response

from bus_schemas.event import device_source
from bus_schemas.protocol import MOTION, LiveKind
from bus_schemas.topics import live_topic
from gateway.calls import Call, Operation
from gateway.context import Gateway
from gateway.http.parameters import Name, OfDevice, Parameters, Position, Words
from gateway.http.problems import RETRY, Problem
from gateway.routes.lookup import require_device
from gateway.routes.media.newest_picture import newest_picture
from gateway.streaming import mjpeg, video
from gateway.streaming.live import FeedFilter
from gateway.streaming.streams import StreamResponse

W = TypeVar("W", bound="WatchingVideo")

FIRST_FRAME_S = 2.0
FIRST_ASKED_S = 5.0
"""For streams that a device sends only when it is asked to."""
STILL_S = 1.0
FIRST_VIDEO_S = 8.0
"""A camera may send a keyframe every few seconds only."""
SILENT_S = 10.0
NOT_KEPT = {"Cache-Control": "no-store"}


class Following(Parameters):
    types: Words = Field(
        default=(),
        description="Short names of types, separated by commas; default all but media. `minute` is no event: a frame "
        "of that name, without an id, says what became of a minute of the mosaics as it is drawn.",
    )
    site: Name | None = None
    after: Position | None = Field(default=None, description="Begin after this position; Last-Event-ID overrides it.")


class WatchingVideo(OfDevice):
    again: int | None = Field(default=None, ge=0, description="Any number: a browser asks anew at another address.")
    or_none: bool = Field(
        default=False, description="A 204 in place of a 404 where nothing arrives: browsers report that as an error."
    )


class Watching(WatchingVideo):
    kind: LiveKind


async def follow(call: Call[Following]) -> Response:
    """Events from the journal as server-sent events: `id` is the position, so that Last-Event-ID resumes exactly."""
    asked = call.parameters
    _require_place(call.gateway)
    after = _last_event_id(call.request.headers.get("last-event-id"), asked.after)
    frames = call.gateway.feed.follow(after, FeedFilter(frozenset(asked.types), asked.site))
    return StreamResponse(frames, "text/event-stream")


def _last_event_id(header: str | None, otherwise: int | None) -> int | None:
    if header is None or not header.strip():
        return otherwise
    if not (header.isascii() and header.isdigit() and len(header) < 19):
        raise Problem(400, f"Last-Event-ID: {header[:40]!r} is not a position")
    return int(header)


async def watch(call: Call[Watching]) -> Response:
    """Live pictures as multipart JPEG; while none arrive, the newest kept picture of a camera, whose part says in
    `X-Capture-Time` when it was taken. `motion` is what its motion detector sees, with what counts in orange; the
    device draws it only while it is watched.
    """
    begun = await _begun(call, _pictures, f"{call.parameters.kind} picture")
    return Response(None, 204, NOT_KEPT) if begun is None else StreamResponse(begun[1], mjpeg.MEDIA_TYPE)


async def _begun(
    call: Call[W], stream: Callable[[Call[W]], AsyncGenerator[bytes, None]], what: str
) -> tuple[bytes, AsyncGenerator[bytes, None]] | None:
    """The first bytes of a stream, and all of it. Raises `Problem` where there is no room, no device, or nothing; for
    nothing `None` where that was asked for.
    """
    asked = call.parameters
    _require_place(call.gateway)
    await require_device(call.gateway, asked.site, asked.device)
    rest = stream(call)
    try:
        first = await anext(rest)
    except StopAsyncIteration:
        if asked.or_none:
            return None
        raise Problem(404, f"no {what} of {asked.device} arrives now") from None
    return first, _with_first(first, rest)


def _require_place(gateway: Gateway) -> None:
    """Each stream costs a connection for as long as it is looked at. Raises `Problem`."""
    most = gateway.settings.limits.streams
    if gateway.feed.clients + gateway.frames.watchers + gateway.videos.watchers >= most:
        raise Problem(503, f"{most} live streams are open, which is all that the gateway serves", headers=RETRY)


async def watch_video(call: Call[WatchingVideo]) -> Response:
    """Live video as fragmented MP4, from the last keyframe on; the content type names its codecs."""
    begun = await _begun(call, _video, "live video")
    if begun is None:
        return Response(None, 204, NOT_KEPT)
    first, messages = begun
    return StreamResponse(messages, f'{video.MEDIA_TYPE}; codecs="{video.codecs(first)}"')


async def _video(call: Call[WatchingVideo]) -> AsyncGenerator[bytes, None]:
    """Ends where the camera is silent, or goes on with another codec: who watches comes back."""
    asked, videos = call.parameters, call.gateway.videos
    number, known = None, None
    async with videos.watch(asked.site, asked.device) as watched:
        while not videos.is_stopped:
            found = await watched.after(number, SILENT_S if known else FIRST_VIDEO_S)
            if found is None:
                return
            number, messages = found
            named = video.codecs(messages) or known
            if named is None or named != (known or named):
                return
            known = named
            yield messages


async def _with_first(first: bytes, rest: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    async with aclosing(rest):
        yield first
        async for one in rest:
            yield one


async def _pictures(call: Call[Watching]) -> AsyncGenerator[bytes, None]:
    """Parts with frames from the bus, or with the newest capture while none comes; ends where there is neither."""
    asked, frames = call.parameters, call.gateway.frames
    number, shown = 0, ""
    source = device_source(asked.site, asked.device)
    with frames.watch(live_topic(source, asked.kind)) as seen, call.gateway.leases.held(source, asked.kind):
        wait_s = FIRST_ASKED_S if asked.kind == MOTION else FIRST_FRAME_S
        while not frames.is_stopped:
            if await seen.newer(number, wait_s):
                number, wait_s = seen.number, FIRST_FRAME_S
                assert seen.frame is not None
                yield mjpeg.part(seen.frame)
                continue
            wait_s = STILL_S
            still = await newest_picture(call.gateway, asked.site, asked.device) if asked.kind == "visual" else None
            if still is None and not number and not shown:
                return
            if still is not None and still.key != shown:
                shown = still.key
                yield mjpeg.part(still.body, still.headers)


OPERATIONS = [
    Operation("GET", "/api/v1/live", follow, "text/event-stream", Following),
    Operation("GET", "/live/{site}/{device}/{kind}.mjpg", watch, mjpeg.MEDIA_TYPE, Watching, also=(204,)),
    Operation("GET", "/live/{site}/{device}/video.mp4", watch_video, video.MEDIA_TYPE, WatchingVideo, also=(204,)),
]
