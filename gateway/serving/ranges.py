"""Serves bytes in memory, or in a part of a pack, with ranges as in RFC 9110."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.responses import Response

from gateway.http.problems import Problem

IMMUTABLE = "private, max-age=31536000, immutable"
_UNIT = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*=(.*)", re.DOTALL)
_ONE_RANGE = re.compile(r"\s*([0-9]{0,18})\s*-\s*([0-9]{0,18})\s*")


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Bytes `first` up to `end`, which is not among them."""

    first: int
    end: int


class Unsatisfiable(ValueError):
    """The range names no byte that exists."""


class MalformedRange(ValueError):
    """The header is no range. The message says so."""


def wanted(header: str | None, size: int) -> ByteRange | None:
    """The part that a Range header asks for; None means all of it.

    A unit that is not bytes is ignored, as RFC 9110 demands, and several ranges are answered by all of it, as it
    allows.
    Raises `Unsatisfiable` and `MalformedRange`.
    """
    if header is None or not header.strip():
        return None
    named = _UNIT.fullmatch(header.strip())
    if named is None:
        raise MalformedRange(header)
    if named[1].lower() != "bytes":
        return None
    parts = [_part(header, part, size) for part in named[2].split(",")]
    if len(parts) > 1:
        return None
    if parts[0].first >= size or parts[0].first >= parts[0].end:
        raise Unsatisfiable(header)
    return parts[0]


def _part(header: str, written: str, size: int) -> ByteRange:
    """One of the ranges of a header, which need not name a byte that exists. Raises `MalformedRange`."""
    found = _ONE_RANGE.fullmatch(written)
    if found is None:
        raise MalformedRange(header)
    match found[1], found[2]:
        case "", "":
            raise MalformedRange(header)
        case "", last_bytes:
            return ByteRange(max(size - int(last_bytes), 0), size)
        case start, "":
            return ByteRange(int(start), size)
        case start, last:
            if int(last) < int(start):
                raise MalformedRange(header)
            return ByteRange(int(start), min(int(last) + 1, size))
    raise AssertionError  # Two groups are always two texts.


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
    except MalformedRange:
        return RangePlan(400, nothing, {"Cache-Control": "no-store"})
    except Unsatisfiable:
        return RangePlan(416, nothing, {**headers, "Content-Range": f"bytes */{size}", "Cache-Control": "no-store"})
    if part is None:
        return RangePlan(200, everything, headers)
    return RangePlan(206, part, {**headers, "Content-Range": f"bytes {part.first}-{part.end - 1}/{size}"})


def require_range(planned: RangePlan, request: Headers) -> None:
    """Raises the 400 or 416 of a range that cannot be answered."""
    asked = request.get("range", "")[:60]
    if planned.status == 400:
        raise Problem(400, f"{asked!r} is no range of bytes, such as bytes=0-499", headers=planned.headers)
    if planned.status == 416:
        raise Problem(416, f"no byte of {asked!r} exists", headers=planned.headers)


def answer(planned: RangePlan, body: bytes, media_type: str) -> Response:
    if planned.status == 304:
        return Response(None, 304, planned.headers)
    return Response(body, planned.status, planned.headers, media_type)
