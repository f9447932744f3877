"""The webhook: a queue that outlives failures and restarts, in order and recognisable."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from pydantic_core import from_json

from consumers.alerts.webhook import NotTaken, Post, WebhookSink, body_of, poster, retry_s
from consumers.deliver import Deliverer
from consumers.follow import Source
from consumers.hub import Webhook
from tests.builders import START, alert, at
from tests.memory_journal import MemoryJournal


class Web:
    """Another system that takes, or does not, and a clock that the test moves."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.down = False
        self.now = START

    def post(self, event_id: str, body: bytes) -> None:
        if self.down:
            raise NotTaken("status 503")
        self.taken.append(event_id)

    def clock(self) -> datetime:
        return self.now


@contextmanager
def deliverer(data: Path, journal: MemoryJournal, web: Web, post: Post | None = None) -> Iterator[Deliverer]:
    sink = Deliverer(WebhookSink(post or web.post, web.clock), Source(data, journal, web.clock))
    sink.advance()
    yield sink
    sink.close()


def run(sink: Deliverer) -> None:
    sink.advance()
    sink.idle()


def test_d3_13_what_was_not_taken_is_tried_again_later_and_in_order(tmp_path: Path) -> None:
    web, journal = Web(), MemoryJournal()
    with deliverer(tmp_path, journal, web) as sink:
        web.down = True
        journal.append(alert(id="one"), alert(state="cleared", id="two"))
        run(sink)
        web.down = False
        run(sink)
        at_once = list(web.taken)
        web.now += timedelta(seconds=6)
        run(sink)

    assert at_once == []
    assert web.taken == ["one", "two"]


def test_what_waits_outlives_a_restart(tmp_path: Path) -> None:
    web, journal = Web(), MemoryJournal()
    with deliverer(tmp_path, journal, web) as sink:
        web.down = True
        journal.append(alert(id="one"))
        run(sink)
    web.down, web.now = False, at(60)
    with deliverer(tmp_path, journal, web) as sink:
        run(sink)

    assert web.taken == ["one"]


def test_nothing_waits_for_ever(tmp_path: Path) -> None:
    web, journal = Web(), MemoryJournal()
    with deliverer(tmp_path, journal, web) as sink:
        web.down = True
        journal.append(alert(id="one"))
        run(sink)
        web.now += timedelta(days=4)
        run(sink)
        web.down = False
        journal.append(alert(id="two"))
        run(sink)

    assert web.taken == ["two"]


def test_an_acknowledgement_is_not_posted(tmp_path: Path) -> None:
    web, journal = Web(), MemoryJournal()
    with deliverer(tmp_path, journal, web) as sink:
        journal.append(alert(state="acknowledged"))
        run(sink)

    assert web.taken == []


def test_the_wait_doubles_up_to_an_hour() -> None:
    assert [retry_s(attempts, 1.0) for attempts in (1, 2, 3, 30)] == [5.0, 10.0, 20.0, 3600.0]
    assert retry_s(1, 0.0) == 2.5


def test_s3_31_the_body_says_what_an_alert_says() -> None:
    body = from_json(body_of(alert(at(1))))

    assert body["type"] == "device_offline"
    assert (body["level"], body["camera_name"], body["timestamp"]) == ("error", "yard", "2026-01-05T10:00:01.000Z")


class _Answer(BaseHTTPRequestHandler):
    keys: list[str]
    status: int

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.keys.append(self.headers["Idempotency-Key"])  # type: ignore[attr-defined]
        self.send_response(self.server.status)  # type: ignore[attr-defined]
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Tests are quiet."""


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    server = HTTPServer(("127.0.0.1", 0), _Answer)
    server.keys, server.status = [], 204  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_event_id_is_the_idempotency_key(server: HTTPServer) -> None:
    poster(Webhook(f"http://127.0.0.1:{server.server_port}/hook"))("event-1", b"{}")

    assert server.keys == ["event-1"]  # type: ignore[attr-defined]


def test_another_status_than_success_is_not_taken_and_names_no_address(server: HTTPServer) -> None:
    server.status = 500  # type: ignore[attr-defined]

    with pytest.raises(NotTaken) as error:
        poster(Webhook(f"http://127.0.0.1:{server.server_port}/secret"))("event-1", b"{}")

    assert str(error.value) == "status 500"


def test_nobody_there_is_not_taken() -> None:
    with pytest.raises(NotTaken, match="ConnectionRefusedError"):
        poster(Webhook("http://127.0.0.1:9/secret"))("event-1", b"{}")


def test_the_address_shows_nowhere_and_is_of_the_web() -> None:
    assert "secret" not in repr(Webhook("https://example.org/secret"))
    with pytest.raises(ValueError, match="neither https"):
        poster(Webhook("file:///etc/passwd"))
