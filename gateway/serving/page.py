"""The page, as it was built: held in memory with its compressed form, found by name in a list, never on disk."""

import gzip
import mimetypes
import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from gateway.http.problems import Problem
from gateway.serving.ranges import matches

STATIC = Path(__file__).parent.with_name("static")
NOT_BUILT = """The page is not built yet. Build it with

    npm --prefix gateway/web ci && npm --prefix gateway/web run build

and start the gateway again. The API works without it: see /api/openapi.json.
"""
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; worker-src 'self' blob:; "
        "style-src 'self' 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}
_HASHED = re.compile(r"[-.][A-Za-z0-9_-]{8,}\.[a-z0-9]+$")
_VIEW = re.compile(r"/(?!(?:api|assets|health|heatmaps|hls|live|media|metrics|ready)(?:/|$))[A-Za-z0-9_/-]*")
"""Any address but those of the API is a view of the page, which the page itself tells apart."""
_TEXT = frozenset({".html", ".js", ".css", ".svg", ".json", ".webmanifest", ".map"})


@dataclass(frozen=True, slots=True)
class Asset:
    body: bytes
    packed: bytes | None
    media_type: str
    etag: str
    cache: str

    def response(self, request: Request) -> Response:
        headers = {**HEADERS, "ETag": self.etag, "Cache-Control": self.cache, "Vary": "Accept-Encoding"}
        if matches(request.headers.get("if-none-match"), self.etag):
            return Response(None, 304, headers)
        if self.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
            return Response(self.packed, 200, {**headers, "Content-Encoding": "gzip"}, self.media_type)
        return Response(self.body, 200, headers, self.media_type)


def load(path: Path, name: str) -> Asset:
    body = path.read_bytes()
    is_hashed = name.startswith("/assets/") and _HASHED.search(name) is not None
    return Asset(
        body=body,
        packed=gzip.compress(body, mtime=0) if path.suffix in _TEXT and len(body) > 500 else None,
        media_type=mimetypes.guess_type(name)[0] or "application/octet-stream",
        etag=f'"{sha256(body).hexdigest()[:32]}"',
        cache="public, max-age=31536000, immutable" if is_hashed else "no-cache",
    )


class Page:
    def __init__(self, directory: Path = STATIC) -> None:
        files = sorted(path for path in directory.rglob("*") if path.is_file()) if directory.is_dir() else []
        names = {f"/{path.relative_to(directory).as_posix()}": path for path in files}
        self._assets = {name: load(path, name) for name, path in names.items()}

    async def answer(self, request: Request) -> Response:
        path = request.scope["path"]
        asset = self._assets.get(path)
        if asset is None and _VIEW.fullmatch(path):
            asset = self._assets.get("/index.html")
            if asset is None:
                return PlainTextResponse(NOT_BUILT, 200, HEADERS)
        if asset is None:
            raise Problem(404, f"there is nothing at {path}")
        return asset.response(request)
