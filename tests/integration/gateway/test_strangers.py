"""Who has no token sees nothing, on any route; who has one sees everything."""

from collections.abc import Iterator

import httpx
import pytest

from gateway.app import operations
from gateway.calls import Operation
from gateway.http import peers
from gateway.http.auth import is_closed, needs_token
from tests.integration.gateway.api_document import READ
from tests.integration.gateway.started import Filled, Started

TOKEN = "correct-horse-battery"
CLOSED = [one for one in operations() if needs_token(one.path)]


@pytest.fixture(scope="module")
def guarded(filled: Filled) -> Iterator[Started]:
    with Started(filled.hub, token=TOKEN) as started:
        yield started


@pytest.mark.parametrize("operation", CLOSED, ids=lambda operation: operation.name)
def test_without_the_token_every_route_answers_401(guarded: Started, operation: Operation) -> None:
    method, path = operation.method, operation.path.format(**READ)

    with guarded.client() as client:
        answer = client.request(method, path)

    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"] == "Bearer"


def test_only_the_probes_and_the_page_are_open() -> None:
    assert {one.path for one in operations() if not is_closed(one.path)} == {"/health", "/ready"}


def test_a_bearer_is_let_in(guarded: Started) -> None:
    with guarded.client(authorization=f"Bearer {TOKEN}") as client:
        assert client.get("/api/v1/sites").status_code == 200


def test_a_browser_signs_in_and_out(guarded: Started) -> None:
    with guarded.client() as client:
        wrong = client.post("/api/v1/session", json={"token": "wrong"})
        right = client.post("/api/v1/session", json={"token": TOKEN})
        inside = client.get("/api/v1/sites")
        client.delete("/api/v1/session")
        outside = client.get("/api/v1/sites")

    assert (wrong.status_code, right.status_code) == (401, 200)
    cookie = right.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert TOKEN not in cookie
    assert (inside.status_code, outside.status_code) == (200, 401)


def test_a_copy_of_the_cookie_is_worth_nothing_after_signing_out(guarded: Started) -> None:
    with guarded.client() as client, guarded.client() as thief:
        signed_in = client.post("/api/v1/session", json={"token": TOKEN})
        thief.cookies.set("watchpost", str(signed_in.cookies["watchpost"]))
        before = thief.get("/api/v1/sites"), thief.get("/api/v1/session")
        client.delete("/api/v1/session")
        after = thief.get("/api/v1/sites"), thief.get("/api/v1/session")

    assert [answer.status_code for answer in (*before, *after)] == [200, 200, 401, 200]
    assert before[1].json() == {"signed_in": True, "token_needed": True}
    assert after[1].json() == {"signed_in": False, "token_needed": True}


def test_guessing_is_slowed_down_wherever_it_is_tried_and_an_open_session_goes_on(filled: Filled) -> None:
    with Started(filled.hub, token=TOKEN) as started, started.client() as inside, started.client() as guessing:
        inside.post("/api/v1/session", json={"token": TOKEN})
        answers = [guessing.post("/api/v1/session", json={"token": f"wrong {number}"}) for number in range(8)]
        bearer = guessing.get("/api/v1/sites", headers={"authorization": f"Bearer {TOKEN}"})
        elsewhere = guessing.get(
            "/api/v1/sites", headers={"authorization": f"Bearer {TOKEN}", "x-forwarded-for": "198.51.100.9"}
        )
        open_session = inside.get("/api/v1/sites")

    assert [answer.status_code for answer in answers] == [401] * 5 + [429] * 3
    assert answers[-1].headers["retry-after"] == "1"
    assert answers[-1].json()["detail"] == "too many wrong tokens: try again in 1 s"
    assert bearer.status_code == 429
    assert elsewhere.status_code == 200
    assert open_session.status_code == 200


def test_what_is_no_address_of_a_proxy_is_no_address_of_a_client(guarded: Started) -> None:
    with guarded.client(x_forwarded_for='junk, "><script>, ' + "9" * 5000) as client:
        assert client.post("/api/v1/session", json={"token": TOKEN}).status_code == 200


def test_another_page_cannot_write_with_the_cookie(guarded: Started) -> None:
    with guarded.client(origin="https://evil.example") as client:
        client.cookies.set("watchpost", str(guarded.gateway.access.sign_in(TOKEN, "192.0.2.1")))
        answer = client.post("/api/v1/alerts/alert-1/acknowledge", json={"by": "eve"})

    assert answer.status_code == 403


def test_without_a_token_a_rebound_name_is_refused(client: httpx.Client) -> None:
    answer = client.get("/api/v1/sites", headers={"Host": "evil.example"})

    assert answer.status_code == 403


def test_the_kernel_is_asked_once_whose_a_connection_is(filled: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def account_of(client: peers.Address | None, server: peers.Address | None) -> int | None:
        asked.append(client)
        return None

    monkeypatch.setattr(peers, "account_of", account_of)
    with Started(filled.hub) as started, started.client() as client:
        assert [client.get("/api/v1/sites").status_code for _ in range(20)] == [200] * 20

    assert len(asked) == 1
