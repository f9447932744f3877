import pytest
from starlette.datastructures import Headers

from gateway.http.auth import Access, OpenToStrangers

TOKEN = "correct horse"
OPEN = Access.of("127.0.0.1", None)
GUARDED = Access.of("0.0.0.0", TOKEN)
COOKIE = f"watchpost={GUARDED.session}"


def status(access: Access, method: str, path: str, **headers: str) -> int | None:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    refusal = access.refusal(method, path, Headers(given))
    return None if refusal is None else refusal.status


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "hub.example"])
@pytest.mark.parametrize("token", [None, ""])
def test_without_a_token_only_this_machine_is_listened_to(host: str, token: str | None) -> None:
    with pytest.raises(OpenToStrangers):
        Access.of(host, token)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.0.0.2"])
def test_on_loopback_no_token_is_needed(host: str) -> None:
    assert Access.of(host, None).token is None


@pytest.mark.parametrize("host", ["localhost", "localhost:8080", "127.0.0.1:8080", "[::1]:8080", "[::1]", "LOCALHOST"])
def test_loopback_answers_to_its_own_names(host: str) -> None:
    assert status(OPEN, "GET", "/api/v1/sites", host=host) is None


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "", "[::1", "[::2]"]
)
def test_loopback_does_not_answer_to_a_rebound_name(host: str) -> None:
    assert status(OPEN, "GET", "/api/v1/sites", host=host) == 403
    assert status(OPEN, "GET", "/", host=host) == 403


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/sites",
        "/api/v1/live",
        "/api/openapi.json",
        "/metrics",
        "/media/DEMO/yard/capture/1",
        "/hls/DEMO/yard/live.m3u8",
        "/live/DEMO/yard/visual.mjpg",
        "/heatmaps/DEMO/1425.jpg",
    ],
)
@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, 401),
        ({"authorization": "Bearer wrong"}, 401),
        ({"authorization": "Bearer"}, 401),
        ({"authorization": "Bearer Ä"}, 401),
        ({"authorization": f"Basic {TOKEN}"}, 401),
        ({"authorization": f"Bearer {TOKEN}"}, None),
        ({"authorization": f"bearer {TOKEN}"}, None),
        ({"cookie": COOKIE}, None),
        ({"cookie": f"other=1; {COOKIE}"}, None),
        ({"cookie": f"watchpost={TOKEN}"}, 401),
        ({"cookie": "watchpost="}, 401),
        ({"cookie": "\x00="}, 401),
    ],
)
def test_a_token_is_needed_for_everything_that_shows_something(
    path: str, headers: dict[str, str], expected: int | None
) -> None:
    assert status(GUARDED, "GET", path, host="hub.example", **headers) == expected


@pytest.mark.parametrize("path", ["/", "/wall", "/assets/index-abcdefgh.js", "/health", "/ready", "/api/v1/session"])
def test_the_sign_in_form_and_the_probes_need_no_token(path: str) -> None:
    assert status(GUARDED, "GET", path, host="hub.example") is None


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"sec_fetch_site": "cross-site"}, 403),
        ({"sec_fetch_site": "same-site"}, 403),
        ({"origin": "https://hub.example"}, None),
        ({"sec_fetch_site": "same-origin"}, None),
        ({}, None),
    ],
)
def test_another_page_cannot_write(method: str, headers: dict[str, str], expected: int | None) -> None:
    given = {"host": "hub.example", "cookie": COOKIE, **headers}

    assert status(GUARDED, method, "/api/v1/alerts/1/acknowledge", **given) == expected


def test_another_page_cannot_write_to_loopback_either() -> None:
    headers = {"host": "localhost:8080", "origin": "https://evil.example"}

    assert status(OPEN, "POST", "/api/v1/storage/cleanup", **headers) == 403


def test_the_cookie_does_not_hold_the_token() -> None:
    assert TOKEN not in GUARDED.session
    assert GUARDED.session != Access.of("0.0.0.0", "other").session
