"""Routes of media by key, with ranges, and of the newest picture of a camera."""

from dataclasses import dataclass

from pydantic import Field
from starlette.datastructures import Headers
from starlette.responses import Response

from bus_schemas.event import iso
from consumers.store.archive.copies import ObjectRange
from consumers.store.archive.reader import StoredMedium
from gateway.calls import ANY_MEDIA, Call, Operation
from gateway.context import Gateway
from gateway.http.parameters import Key, OfDevice, Word
from gateway.http.problems import Problem
from gateway.reading.stores import Stores
from gateway.routes.lookup import require_device
from gateway.routes.media.newest_picture import FRESH_S, CapturedPicture, newest_picture
from gateway.serving import ranges
from gateway.serving.media_links import key_of_url
from gateway.serving.ranges import IMMUTABLE, RangePlan, plan

OLDEST_S = 10 * 366 * 86_400
HARMLESS = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox"}
"""Bytes of devices are shown, never run, with any content type that a device gave them."""


class OfMedium(OfDevice):
    kind: Word
    id: Key


class OfSnapshot(OfDevice):
    max_age: float = Field(
        default=FRESH_S, ge=0, le=OLDEST_S, allow_inf_nan=False, description="Seconds that it may be old."
    )
    width: int | None = Field(
        default=None, ge=16, le=4096, description="Pixels at which it is shown: a wider one is scaled down, roughly."
    )


@dataclass(frozen=True, slots=True)
class PlannedMedium:
    """A medium that was found, with the bytes that the plan asks for, or where they are in cold storage."""

    plan: RangePlan
    stored: StoredMedium
    body: bytes = b""
    copy: ObjectRange | None = None


async def medium(call: Call[OfMedium]) -> Response:
    """The bytes of a medium. They never change: a browser may keep them for ever."""
    asked, headers = call.parameters, call.request.headers
    key = key_of_url(asked.site, asked.device, asked.kind, asked.id)
    found = await call.gateway.ask(lambda stores: _read(stores, key, headers))
    if found is None:
        raise Problem(404, f"there is no medium {key}; it may have been dropped by retention")
    ranges.require_range(found.plan, call.request.headers)
    found.plan.headers["X-Storage-Tier"] = call.gateway.cold.tier(found.stored)
    body = found.body
    if found.copy is not None:
        part = found.plan.part
        body = await call.gateway.cold.read(found.copy, part.first, part.end - part.first)
    return ranges.answer(found.plan, body, found.stored.content_type)


def _read(stores: Stores, key: str, headers: Headers) -> PlannedMedium | None:
    stored = stores.archive.find(key)
    if stored is None:
        return None
    kept = {"Cache-Control": IMMUTABLE, "X-Capture-Time": iso(stored.time), **HARMLESS}
    planned = plan(headers, stored.size, _tag(stored), kept)
    if not planned.needs_bytes:
        return PlannedMedium(planned, stored)
    part = planned.part
    body = stores.archive.read_hot(stored, part.first, part.end - part.first)
    if body is not None:
        return PlannedMedium(planned, stored, body)
    copy = stores.archive.copy_of(stored)
    return None if copy is None else PlannedMedium(planned, stored, b"", copy)


def _tag(stored: StoredMedium) -> str:
    return f'"{stored.sha256[:32]}"'


async def snapshot(call: Call[OfSnapshot]) -> Response:
    """The newest picture of a camera, of its recording where it sends no others; a 404 where there is none, or only an
    older one. `X-Picture-Kind` says which kind of medium it is, or is from.
    """
    asked, gateway = call.parameters, call.gateway
    now = gateway.clock()
    found = await newest_picture(gateway, asked.site, asked.device, asked.max_age)
    if found is None:
        await require_device(gateway, asked.site, asked.device)
        raise Problem(404, f"there is no picture of {asked.device}")
    age = max(0.0, (now - found.time).total_seconds())
    if age > asked.max_age:
        raise Problem(404, f"the newest picture of {asked.device} is {age:.1f} s old, of {iso(found.time)}")
    headers = {"Cache-Control": "no-store", **found.headers, **HARMLESS}
    body = found.body if asked.width is None else await _scaled(gateway, found, asked.width)
    return Response(body, 200, headers, found.content_type)


async def _scaled(gateway: Gateway, picture: CapturedPicture, width: int) -> bytes:
    """Once for all who ask for it at this width."""
    key = ("scaled", picture.sha256, width)
    return await gateway.shared.drawn(key, lambda: gateway.shared.in_thread(_scaled_to, picture.body, width))


def _scaled_to(picture: bytes, width: int) -> bytes:
    from gateway.serving.scaling import scaled  # with numpy, where somebody looks at a wall

    return scaled(picture, width)


OPERATIONS = [
    Operation("GET", "/media/{site}/{device}/{kind}/{id}", medium, ANY_MEDIA, OfMedium, also=(206, 304, 416)),
    Operation("GET", "/api/v1/sites/{site}/devices/{device}/snapshot.jpg", snapshot, "image/jpeg", OfSnapshot),
]
