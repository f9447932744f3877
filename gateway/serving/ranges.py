"""Serves bytes in memory, or in a part of a pack, with ranges as in RFC 9110."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.responses import Response

IMMUTABLE = "private, max-age=31536000, immutable"
_ONE_RANGE = re.compile(r"bytes\s*=\s*(\d*)\s*-\s*(\d*)", re.IGNORECASE)
_DIGITS = 18


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Bytes `first` up to `end`, which is not among them."""

    first: int
    end: int


class Unsatisfiable(ValueError):
    """The range names no byte that exists."""


def wanted(header: str | None, size: int) -> ByteRange | None:
    """The part that a Range header asks for; None means all of it.

    A header that makes no sense is ignored, as RFC 9110 demands, and several ranges are answered by all of it, as it
    allows. Raises `Unsatisfiable`.
    """
    found = _ONE_RANGE.fullmatch(header.strip()) if header is not None else None
    if found is None or max(len(found[1]), len(found[2])) > _DIGITS:
        return None
    match found[1], found[2]:
        case "", "":
            return None
        case "", last_bytes:
            first, end = max(size - int(last_bytes), 0), size
        case start, "":
            first, end = int(start), size
        case start, last:
            if int(last) < int(start):
                return None
            first, end = int(start), min(int(last) + 1, size)
    if first >= size or first >= end:
        raise Unsatisfiable(f"{header} of {size} bytes")
    return ByteRange(first, end)


def matches(header: str | None, etag: str) -> bool:
    """Whether an If-None-Match header names this tag."""
    if header is None:
        return False
    tags = {tag.strip().removeprefix("W/") for tag in header.split(",")}
    return etag in tags or "*" in tags


def is_fresh(header: str | None, etag: str) -> bool:
    """Whether an If-Range header allows a part to be sent."""
    return header is None or header == etag


@dataclass(frozen=True, slots=True)
class RangePlan:
    """How a request for `size` bytes is to be answered, before any of them is read."""

    status: int
    part: ByteRange
    headers: dict[str, str]

    @property
    def needs_bytes(self) -> bool:
        return self.status in {200, 206}


def plan(request: Headers, size: int, etag: str, extra: Mapping[str, str]) -> RangePlan:
    headers = {"Accept-Ranges": "bytes", "ETag": etag, **extra}
    everything, nothing = ByteRange(0, size), ByteRange(0, 0)
    if matches(request.get("if-none-match"), etag):
        return RangePlan(304, nothing, headers)
    try:
        part = wanted(request.get("range"), size) if is_fresh(request.get("if-range"), etag) else None
    except Unsatisfiable:
        return RangePlan(416, nothing, {**headers, "Content-Range": f"bytes */{size}", "Cache-Control": "no-store"})
    if part is None:
        return RangePlan(200, everything, headers)
    return RangePlan(206, part, {**headers, "Content-Range": f"bytes {part.first}-{part.end - 1}/{size}"})


def answer(planned: RangePlan, body: bytes, media_type: str) -> Response:
    if planned.status == 304:
        return Response(None, 304, planned.headers)
    return Response(body, planned.status, planned.headers, media_type)
