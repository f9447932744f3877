"""Clients that send too much, too slowly or too often cost themselves, and nobody else notices."""

import json
import logging
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import replace
from pathlib import Path

import httpx
import psutil
import pytest

from gateway.settings import ConnectionLimits
from tests.builders import annotation
from tests.eventually import eventually
from tests.integration.gateway.started import Filled, Started
from tests.least import least

LIMITS = ConnectionLimits(connections=40, connections_per_address=10, streams=3, head_s=2, body_s=2, stalled_s=2)
TOKEN = "correct-horse-battery"


@pytest.fixture(scope="module")
def limited(filled: Filled) -> Iterator[Started]:
    with Started(filled.hub, token=TOKEN, limits=LIMITS) as started:
        yield started


class Raw:
    """A connection whose bytes are written by hand."""

    def __init__(self, started: Started, source: str = "127.0.0.1") -> None:
        self.socket = socket.create_connection(("127.0.0.1", started.port), 30, source_address=(source, 0))

    def send(self, data: bytes) -> None:
        """As much as is taken."""
        with suppress(OSError):
            self.socket.sendall(data)

    def answer(self) -> tuple[int, dict[str, object]]:
        """The status and the problem of the answer, once the connection is closed."""
        got = b""
        with suppress(ConnectionResetError):
            while piece := self.socket.recv(65_536):
                got += piece
        head, _, body = got.partition(b"\r\n\r\n")
        assert b"application/problem+json" in head, got[:200]
        return int(head.split()[1]), json.loads(body)

    def is_closed(self) -> bool:
        self.socket.settimeout(0.01)
        try:
            return self.socket.recv(65_536) == b""
        except TimeoutError:
            return False
        except ConnectionResetError:
            return True

    def close(self) -> None:
        self.socket.close()


@pytest.fixture
def raw(limited: Started) -> Iterator[Raw]:
    with closing(Raw(limited)) as raw:
        yield raw


HEAD = b"GET /health HTTP/1.1\r\nHost: localhost\r\n"
POST = b"POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\n"


@pytest.mark.parametrize(
    ("sent", "status", "sentence"),
    [
        (HEAD + b"X: " + b"x" * 1_000_000, 431, "the head of the request is longer than 65536 bytes"),
        (HEAD + b"X" * 1_000_000, 431, "the head of the request is longer than 65536 bytes"),
        (HEAD + b"".join(b"X-%d: 1\r\n" % n for n in range(2000)) + b"\r\n", 431, "more than 100 headers"),
        (b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 414, "longer than 8192 bytes"),
        (b"GET /" + b"x" * 1_000_000, 414, "longer than 8192 bytes"),
        (POST + b"Content-Length: 99999999999\r\n\r\n", 413, "the body of the request is longer than 1100000 bytes"),
        (b"\x16\x03\x01\x02\x00\x01\x00", 400, "not a request in HTTP"),
        (b"x" * 100_000, 400, "not a request in HTTP"),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400, "not a request in HTTP"),
    ],
)
def test_a_request_that_is_too_much_is_refused_in_a_sentence(raw: Raw, sent: bytes, status: int, sentence: str) -> None:
    raw.send(sent)
    answered, problem = raw.answer()

    assert answered == status == problem["status"]
    assert sentence in str(problem["detail"])


def test_a_head_that_comes_a_byte_at_a_time_is_given_up(raw: Raw) -> None:
    raw.send(HEAD)

    def is_given_up() -> bool:
        raw.send(b"x")
        return raw.is_closed()

    eventually(is_given_up, what="the end of the connection")


def test_a_body_that_does_not_come_is_given_up(raw: Raw) -> None:
    raw.send(POST + b"Content-Length: 100\r\n\r\n{")
    status, problem = raw.answer()

    assert (status, problem["detail"]) == (408, "the request was not complete after 2 s")


def test_a_connection_that_says_nothing_is_closed_without_a_word(raw: Raw) -> None:
    assert raw.socket.recv(1000) == b""


def test_chunks_and_trailers_without_an_end_are_refused(raw: Raw) -> None:
    raw.send(POST + b"Transfer-Encoding: chunked\r\n\r\n")
    raw.send(b"2;" + b"x" * 3_000_000)

    assert raw.answer()[0] == 413


def test_a_body_is_as_long_as_its_operation_says(limited: Started) -> None:
    with limited.client() as client:
        answer = client.post("/api/v1/session", content=b'{"token": "' + b"x" * 5000 + b'"}')

    assert answer.status_code == 413
    assert answer.json()["detail"] == "the body is longer than 4096 bytes"


def test_requests_behind_each_other_are_answered_in_order_and_not_without_end(limited: Started) -> None:
    with closing(Raw(limited)) as few, closing(Raw(limited)) as many:
        few.send((HEAD + b"\r\n") * 3 + HEAD + b"Connection: close\r\n\r\n")
        got = b""
        while piece := few.socket.recv(65_536):
            got += piece
        many.send((HEAD + b"\r\n") * 5000)
        eventually(many.is_closed)

    assert got.count(b"HTTP/1.1 200 OK") == 4


def test_what_is_answered_for_a_client_that_is_gone_or_refused_is_no_error_in_the_log(
    limited: Started, caplog: pytest.LogCaptureFixture
) -> None:
    asked = b"GET /api/v1/events?limit=1000 HTTP/1.1\r\nHost: localhost\r\n\r\n"
    broken_off = b'POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900\r\n\r\n{"token"'
    for end in (b"", b"\0\0 this is no request\r\n\r\n", b"X" * 20_000, broken_off):
        for _ in range(5):
            with closing(Raw(limited)) as client:
                client.send(asked * 8 + end)
            with closing(Raw(limited)) as client:
                client.send(end)
    eventually(lambda: _health(limited) == 200)

    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []


def test_an_address_gets_so_many_connections_and_others_get_theirs(limited: Started) -> None:
    greedy = [Raw(limited, "127.0.0.2") for _ in range(12)]
    try:
        status, problem = greedy[-1].answer()
        with limited.client() as client:
            assert client.get("/health").status_code == 200
    finally:
        for one in greedy:
            one.close()

    assert status == 503
    assert problem["detail"] == "this address has 10 connections, which is all that it gets"


def test_when_all_connections_are_taken_by_idlers_there_is_room_again_soon(limited: Started) -> None:
    idlers = [Raw(limited) for _ in range(45)]
    try:
        eventually(lambda: _health(limited) == 200, 30)
    finally:
        for one in idlers:
            one.close()


def _health(started: Started) -> int:
    with started.client() as client:
        try:
            return client.get("/health").status_code
        except httpx.HTTPError:
            return 0


def test_who_takes_nothing_of_an_answer_is_given_up_and_who_takes_it_slowly_is_not(
    filled: Filled, tmp_path: Path
) -> None:
    (tmp_path / "film.bin").write_bytes(bytes(20_000_000))
    with ExitStack() as stack:
        started = stack.enter_context(Started(filled.hub, limits=ConnectionLimits(stalled_s=3), page=tmp_path))
        client = stack.enter_context(started.client())
        live = stack.enter_context(client.stream("GET", "/api/v1/live"))
        slow, deaf = (stack.enter_context(closing(Raw(started))) for _ in range(2))
        for one in (slow, deaf):
            one.send(b"GET /film.bin HTTP/1.1\r\nHost: localhost\r\n\r\n")
        eventually(lambda: started.connections() == 3, what="all connections")
        taken = 0

        def has_given_up_the_deaf_one() -> bool:
            nonlocal taken
            taken += len(slow.socket.recv(100_000))
            return started.connections() == 2

        eventually(has_given_up_the_deaf_one, 30, "the end of the deaf one")
        assert not slow.is_closed()
        assert taken < 20_000_000
        filled.append(annotation()).fold()
        assert any(line.startswith("event: annotation") for line in live.iter_lines())


def test_so_many_live_streams_are_served(limited: Started) -> None:
    authorization = {"authorization": f"Bearer {TOKEN}"}
    with limited.client(**authorization) as client:
        streams = [client.send(client.build_request("GET", "/api/v1/live"), stream=True) for _ in range(3)]
        eventually(lambda: limited.gateway.feed.clients == 3)
        refused = client.get("/api/v1/live")
        for stream in streams:
            stream.close()
        eventually(lambda: limited.gateway.feed.clients == 0)
        with client.stream("GET", "/api/v1/live") as again:
            assert again.status_code == 200

    assert refused.status_code == 503
    assert refused.json()["detail"] == "3 live streams are open, which is all that the gateway serves"
    assert refused.headers["retry-after"]


def test_60_mb_of_one_header_cost_no_memory_and_hold_nobody_up(filled: Filled) -> None:
    with Started(filled.hub, limits=replace(LIMITS, connections=200)) as started, started.client() as client:
        client.get("/health")
        before = psutil.Process().memory_info().rss

        def wait_s() -> float:
            with closing(Raw(started)) as raw:
                raw.send(HEAD + b"X: ")
                block = b"x" * 1_000_000
                for _ in range(60):
                    raw.send(block)
            began = time.monotonic()
            assert client.get("/health").status_code == 200
            return time.monotonic() - began

        assert max(least(wait_s, 0.25) for _ in range(20)) <= 0.25
    assert psutil.Process().memory_info().rss - before < 30_000_000
