"""Serves the built page: its files, and the page itself at every address of one of its views."""

import re
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import PlainTextResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Scope

from gateway.static_files import STATIC

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
_VIEW = re.compile(r"/(?!(?:api|assets|health|heatmaps|hls|live|media|metrics|ready)(?:/|$))[^.\x00-\x1f\x7f\ufffd]*")
"""Any address but those of the API and of files is a view of the page, which the page itself distinguishes: it says
beside its menu that there is no such one, in whatever letters it was typed.
"""
GZIP_LEVEL = 6


class Page(StaticFiles):
    """Without its directory, the page is not built yet; the API works all the same."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory=directory, check_dir=False)

    async def check_config(self) -> None:
        """Nothing has to be there."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        try:
            response = await super().get_response(path, scope)
        except HTTPException as missing:
            if missing.status_code != 404 or _VIEW.fullmatch(scope["path"]) is None:
                raise
            response = await self._view(scope)
        response.headers.update(HEADERS)
        response.headers["Cache-Control"] = _cache(scope["path"])
        return response

    async def _view(self, scope: Scope) -> Response:
        try:
            return await super().get_response("index.html", scope)
        except HTTPException:
            return PlainTextResponse(NOT_BUILT)


def page(directory: Path = STATIC) -> ASGIApp:
    return GZipMiddleware(Page(directory), compresslevel=GZIP_LEVEL)


def _cache(name: str) -> str:
    """The name of an asset with a hash in it means the same bytes for ever."""
    is_hashed = name.startswith("/assets/") and _HASHED.search(name) is not None
    return "public, max-age=31536000, immutable" if is_hashed else "no-cache"
