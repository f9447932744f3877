import asyncio
import os
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from starlette.datastructures import Headers

from gateway.http.auth import Access, ClientRequest, OpenWithoutToken
from gateway.http.sessions import LASTS_S, Sessions
from gateway.http.token import WeakToken
from producer.whole_file import write_whole

TOKEN = "correct-horse-battery"
OPEN = Access.of("127.0.0.1", None)
GUARDED = Access.of("0.0.0.0", TOKEN)
SESSION = GUARDED.sign_in(TOKEN, "192.0.2.1")
COOKIE = f"watchpost={SESSION}"


def status(
    access: Access, method: str, path: str, address: str = "", http_version: str = "1.1", **headers: str
) -> int | None:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    refusal = access.refusal(ClientRequest(method, path, Headers(given), address, http_version))
    return None if refusal is None else refusal.status


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "hub.example"])
@pytest.mark.parametrize("token", [None, ""])
def test_without_a_token_only_this_machine_is_listened_to(host: str, token: str | None) -> None:
    with pytest.raises(OpenWithoutToken):
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
    access = Access.of("0.0.0.0", TOKEN)

    assert status(access, "GET", path, host="hub.example", **headers) == expected


@pytest.mark.parametrize(
    "path", ["/", "/wall", "/assets/index-abcdefgh.js", "/health", "/ready", "/api/v1/session", "/api/v1/enrol"]
)
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
        ({"origin": "http://hub.example"}, None),
        ({"origin": "https://wall.example"}, 403),
        ({"origin": "https://wall.example", "sec_fetch_site": "same-origin"}, None),
        ({"origin": "https://wall.example", "sec_fetch_site": "cross-site"}, 403),
    ],
)
def test_another_page_cannot_write(method: str, headers: dict[str, str], expected: int | None) -> None:
    given = {"host": "hub.example", "cookie": COOKIE, **headers}

    assert status(GUARDED, method, "/api/v1/alerts/1/acknowledge", **given) == expected


def test_another_page_cannot_write_to_loopback_either() -> None:
    headers = {"host": "localhost:8080", "origin": "https://evil.example"}

    assert status(OPEN, "POST", "/api/v1/storage/cleanup", **headers) == 403


def test_the_cookie_does_not_hold_the_token() -> None:
    assert SESSION is not None
    assert TOKEN not in SESSION


@pytest.mark.parametrize("cookie", ["", ".", "a.b.c", "a.999999999999.", f"x.{10**11}.{'0' * 64}", "Ä.1.2"])
def test_a_cookie_that_is_not_ours_opens_nothing(cookie: str) -> None:
    assert not Sessions(TOKEN, lambda: 0.0).is_open(cookie)


def test_a_session_ends_by_itself_by_signing_out_and_with_its_token(tmp_path: Path) -> None:
    now, file = [1000.0], tmp_path / "run" / "signed_out.json"
    sessions = Sessions(TOKEN, lambda: now[0], file)
    mine, copied, other = sessions.begin(), sessions.begin(), sessions.begin()
    sessions.end(copied)
    sessions.keep()

    assert [sessions.is_open(cookie) for cookie in (mine, copied, other)] == [True, False, True]
    assert [Sessions(TOKEN, lambda: now[0], file).is_open(cookie) for cookie in (mine, copied)] == [True, False]
    assert file.stat().st_mode & 0o777 == 0o600
    assert not Sessions("another-token-of-length", lambda: now[0]).is_open(mine)
    assert not sessions.is_open(mine[:-1] + ("0" if mine[-1] != "0" else "1"))
    now[0] += LASTS_S
    assert not sessions.is_open(mine)


def test_who_signed_out_stays_out_also_where_the_disk_takes_nothing(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("a file where a directory should be")
    sessions = Sessions(TOKEN, lambda: 0.0, tmp_path / "run" / "signed_out.json")
    cookie = sessions.begin()
    sessions.end(cookie)
    sessions.keep()

    assert not sessions.is_open(cookie)


def test_a_sign_out_waits_for_the_disk_and_nothing_else_waits_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that takes nothing for a while, and then everything."""
    disk, written, file = Event(), write_whole, tmp_path / "signed_out.json"
    access = Access(TOKEN, None, Sessions(TOKEN, lambda: 0.0, file))
    headers = Headers({"cookie": f"watchpost={access.sign_in(TOKEN, '192.0.2.1')}"})

    def slow(*given: Any) -> None:
        assert disk.wait(60)
        written(*given)

    async def sign_out() -> list[bool]:
        leaving = asyncio.create_task(access.sign_out(headers))
        await asyncio.sleep(0)  # it has begun
        found = [access.is_signed_in(headers), leaving.done(), file.exists()]
        disk.set()
        await leaving
        return [*found, file.exists()]

    monkeypatch.setattr("gateway.http.sessions.write_whole", slow)

    assert asyncio.run(sign_out()) == [False, False, False, True]


def test_a_power_cut_leaves_the_list_of_those_who_signed_out_as_it_was_or_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bytes are on the disk before their name is, and the name before anybody is answered."""
    synced: list[str] = []
    sync = os.fsync

    def fsync(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    sessions = Sessions(TOKEN, lambda: 0.0, tmp_path / "run" / "signed_out.json")
    sessions.end(sessions.begin())
    sessions.keep()

    assert synced == ["signed_out.json.new", "run"]


@pytest.mark.parametrize("token", ["a", "correct horse", "fifteen-letters", "sixteen letters!", "sixteen-letters-Ä"])
def test_a_token_that_can_be_guessed_is_refused(token: str) -> None:
    with pytest.raises(WeakToken):
        Access.of("127.0.0.1", token)
