"""Serves a file of the hub, whole or in part, without holding it in memory."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import Response, StreamingResponse

from gateway.serving.ranges import ByteRange, plan, require_range

CHUNK = 256 * 1024


def file_answer(path: Path, request: Headers, etag: str, media_type: str, extra: Mapping[str, str]) -> Response:
    """Raises a 416 where the range names no byte of it, a 400 where it is none, and `FileNotFoundError`."""
    planned = plan(request, path.stat().st_size, etag, extra)
    require_range(planned, request)
    if not planned.needs_bytes:
        return Response(None, planned.status, planned.headers)
    headers = {**planned.headers, "Content-Length": str(planned.part.end - planned.part.first)}
    return StreamingResponse(_chunks(path, planned.part), planned.status, headers, media_type)


def _chunks(path: Path, part: ByteRange) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(part.first)
        left = part.end - part.first
        while left > 0 and (chunk := file.read(min(CHUNK, left))):
            left -= len(chunk)
            yield chunk
