"""What comes through a proxy is not taken for this machine."""

import os
import socket
from contextlib import closing

import pytest
from starlette.datastructures import Headers

from gateway.http import peers
from gateway.http.peers import Peer
from gateway.http.request_origin import crossed_origin, foreign_origin

HOST = {"host": "127.0.0.1:8080"}
BROWSER = {**HOST, "user-agent": "Mozilla/5.0", "sec-fetch-site": "none", "connection": "keep-alive"}


class Service(Peer):
    """A peer that runs as www-data does."""

    @property
    def account(self) -> int:
        return 33


@pytest.mark.parametrize(
    "headers",
    [
        HOST,
        {**HOST, "user-agent": "curl/7.88.1", "accept": "*/*"},
        BROWSER,
        {**BROWSER, "sec-fetch-site": "same-origin", "referer": "http://127.0.0.1:8080/wall"},
        {**BROWSER, "sec-fetch-site": "cross-site", "referer": "https://wiki.example/"},
        {"host": "localhost:9000", "origin": "http://localhost:9000"},
        {"host": "[::1]:8080", "referer": "http://[::1]:8080/wall"},
        {"host": "127.0.0.2:8080", "origin": "http://127.0.0.2:8080"},
        {"host": "[0:0:0:0:0:0:0:1]:8080"},
    ],
)
def test_a_program_or_browser_of_this_machine_is_no_stranger(headers: dict[str, str]) -> None:
    assert foreign_origin(Headers(headers), "1.1", None) is None


@pytest.mark.parametrize(
    ("version", "headers", "sign"),
    [
        ("1.0", {**HOST, "connection": "close"}, "HTTP/1.0"),
        ("1.1", {**HOST, "x-forwarded-for": "192.0.2.7"}, "x-forwarded-for"),
        ("1.1", {**HOST, "forwarded": "for=192.0.2.7"}, "forwarded"),
        ("1.1", {**HOST, "via": "1.1 apache"}, "via"),
        ("1.1", {**HOST, "x-real-ip": "192.0.2.7"}, "x-real-ip"),
        ("1.1", {**HOST, "referer": "http://hub.example/wall"}, "another machine"),
        ("1.1", {**HOST, "origin": "http://hub.example"}, "another machine"),
        ("1.1", {**HOST, "referer": "http://[broken"}, "another machine"),
        ("1.1", {"host": "hub.example"}, "answers only to localhost"),
        ("1.1", {}, "answers only to localhost"),
        ("1.1", {"host": "127.0.0.1.hub.example"}, "answers only to localhost"),
        ("1.1", {"host": "[::1"}, "answers only to localhost"),
        ("1.1", {"host": "[192.0.2.7]:8080"}, "answers only to localhost"),
    ],
)
def test_a_request_through_a_proxy_is_a_stranger(version: str, headers: dict[str, str], sign: str) -> None:
    assert sign in str(foreign_origin(Headers(headers), version, None))


def test_a_service_of_this_machine_is_a_stranger() -> None:
    assert "the account 33 of a service" in str(foreign_origin(Headers(BROWSER), "1.1", Service(None, None)))


@pytest.mark.parametrize(("family", "host"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_the_kernel_says_as_which_account_the_other_end_runs(family: socket.AddressFamily, host: str) -> None:
    server = socket.create_server((host, 0), family=family)
    with closing(server), closing(socket.create_connection(server.getsockname()[:2])) as client:
        peer = Peer(client.getsockname()[:2], server.getsockname()[:2])

        assert peer.account == os.getuid()
        assert not peer.is_service
        ends = [peers.End.of(one.getsockname()[:2]) for one in (client, server)]
        assert peers.ask_kernel(*ends) == peers.find_in_table(*ends) == os.getuid()
    assert Peer(("192.0.2.1", 5), ("192.0.2.2", 6)).account is None
    assert not Peer(None, None).is_service


def test_a_proxy_with_a_name_of_its_own_may_write_where_it_is_configured() -> None:
    headers = Headers({**HOST, "origin": "http://hub.example"})

    assert "gateway.public_url" in str(crossed_origin(headers, None))
    assert crossed_origin(headers, "http://hub.example") is None
    assert crossed_origin(headers, "https://hub.example") is not None
