import asyncio
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import Response

from gateway.http.problems import Problem
from gateway.serving.page import Page


@pytest.fixture
def page(tmp_path: Path) -> Page:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<title>Watchpost</title>")
    (tmp_path / "assets" / "index-B3xQ91aZ.js").write_text("let a = 1;" * 200)
    (tmp_path.parent / "secret.txt").write_text("secret")
    return Page(tmp_path)


def get(page: Page, path: str, **headers: str) -> Response:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": "GET", "path": path, "headers": raw, "query_string": b""}
    return asyncio.run(page.answer(Request(scope)))


@pytest.mark.parametrize("path", ["/", "/wall", "/device", "/playback/anything", "/index.html"])
def test_every_view_is_the_one_page(page: Page, path: str) -> None:
    made = get(page, path)

    assert bytes(made.body) == b"<title>Watchpost</title>"
    assert made.headers["cache-control"] == "no-cache"
    assert made.headers["content-security-policy"].startswith("default-src 'self'; ")


def test_a_hashed_asset_is_kept_for_ever_and_sent_compressed(page: Page) -> None:
    made = get(page, "/assets/index-B3xQ91aZ.js", accept_encoding="gzip, br")

    assert made.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert made.headers["content-encoding"] == "gzip"
    assert made.headers["content-type"].startswith(("text/javascript", "application/javascript"))


def test_what_a_browser_has_is_not_sent_again(page: Page) -> None:
    tag = get(page, "/").headers["etag"]

    assert get(page, "/wall", if_none_match=tag).status_code == 304


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/secret.txt",
        "/assets/../../secret.txt",
        "/assets/old-12345678.js",
        "/api",
        "/api/v1/nothing",
        "/media",
        "/live/x",
        "/..",
    ],
)
def test_what_is_not_in_the_page_is_not_found(page: Page, path: str) -> None:
    with pytest.raises(Problem) as caught:
        get(page, path)

    assert caught.value.status == 404


def test_a_page_that_is_not_built_says_how_to_build_it(tmp_path: Path) -> None:
    made = get(Page(tmp_path / "missing"), "/")

    assert b"npm --prefix gateway/web" in bytes(made.body)
    assert made.media_type == "text/plain"
