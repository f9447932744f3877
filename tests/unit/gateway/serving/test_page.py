"""The page and its files, asked for with paths as they come over the wire."""

import asyncio
import gzip
from dataclasses import dataclass
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.routing import Route
from starlette.types import Message

from gateway.serving.page import page


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Headers
    body: bytes


@pytest.fixture
def app(tmp_path: Path) -> Starlette:
    (tmp_path / "page" / "assets").mkdir(parents=True)
    (tmp_path / "page" / "index.html").write_text("<title>Watchpost</title>")
    (tmp_path / "page" / "assets" / "index-B3xQ91aZ.js").write_text("let a = 1;" * 200)
    (tmp_path / "secret.txt").write_text("secret")
    return app_of(tmp_path / "page")


def app_of(directory: Path) -> Starlette:
    return Starlette(routes=[Route("/{path:path}", page(directory), methods=["GET"])])


def get(app: Starlette, path: str, method: str = "GET", **headers: str) -> Answer:
    """The path goes in as it is: a client would make it a proper one."""
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope: dict[str, object] = {
        "type": "http",
        "method": method,
        "path": path,
        "headers": raw,
        "query_string": b"",
        "root_path": "",
    }
    scope["asgi"] = {"version": "3.0", "spec_version": "2.4"}
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    asyncio.run(app(scope, receive, send))
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return Answer(sent[0]["status"], Headers(raw=sent[0]["headers"]), body)


@pytest.mark.parametrize("path", ["/", "/wall", "/device", "/playback/anything", "/index.html", "/Büro 🏢"])
def test_every_view_is_the_one_page(app: Starlette, path: str) -> None:
    made = get(app, path)

    assert (made.status, made.body) == (200, b"<title>Watchpost</title>")
    assert made.headers["cache-control"] == "no-cache"
    assert made.headers["content-security-policy"].startswith("default-src 'self'; ")
    assert made.headers["x-content-type-options"] == "nosniff"
    assert made.headers["content-type"] == "text/html; charset=utf-8"


def test_a_hashed_asset_is_kept_for_ever_and_sent_compressed(app: Starlette) -> None:
    made = get(app, "/assets/index-B3xQ91aZ.js", accept_encoding="gzip, br")

    assert made.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert made.headers["content-encoding"] == "gzip"
    assert made.headers["content-type"].startswith(("text/javascript", "application/javascript"))
    assert gzip.decompress(made.body) == b"let a = 1;" * 200
    assert made.headers["vary"] == "Accept-Encoding"


def test_who_takes_no_gzip_gets_none(app: Starlette) -> None:
    made = get(app, "/assets/index-B3xQ91aZ.js")

    assert made.body == b"let a = 1;" * 200
    assert made.headers["vary"] == "Accept-Encoding"


def test_what_a_browser_has_is_not_sent_again(app: Starlette) -> None:
    tag = get(app, "/").headers["etag"]
    again = get(app, "/wall", if_none_match=tag)

    assert (again.status, again.body) == (304, b"")
    assert again.headers["etag"] == tag
    assert again.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "//../secret.txt",
        "/secret.txt",
        "/assets/../../secret.txt",
        "/assets/old-12345678.js",
        "/assets",
        "/api",
        "/api/v1/nothing",
        "/media",
        "/live/x",
        "/..",
        "/\0",
        "/" + "x" * 300 + ".js",
    ],
)
def test_what_is_not_in_the_page_is_not_found(app: Starlette, path: str) -> None:
    made = get(app, path)

    assert made.status == 404
    assert b"secret" not in made.body


def test_nothing_is_written_here(app: Starlette) -> None:
    assert get(app, "/wall", "POST").status == 405


def test_a_page_that_is_not_built_says_how_to_build_it(tmp_path: Path) -> None:
    made = get(app_of(tmp_path / "missing"), "/")

    assert (made.status, made.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    assert b"npm --prefix gateway/web" in made.body
    assert get(app_of(tmp_path / "missing"), "/assets/x.js").status == 404
