"""When `watchpost up` says where it is."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from watchpost.processes import up
from watchpost.processes.up import UpOptions


class Hub(ThreadingHTTPServer):
    """A gateway that answers, and is ready when it was asked often enough."""

    asked = 0
    ready_after = 3


class Probes(BaseHTTPRequestHandler):
    server: Hub

    def do_GET(self) -> None:
        if self.path == "/ready":
            self.server.asked += 1
        is_ready = self.path == "/health" or self.server.asked > self.server.ready_after
        self.send_response(200 if is_ready else 503)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub(("127.0.0.1", 0), Probes) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def announced(hub: Hub, stopping: threading.Event) -> list[str]:
    options = UpOptions(Path("held.yaml"), Path("data"), hub.server_port, 0)
    said: list[str] = []
    up._announce(options, "127.0.0.1", stopping, said.append)
    return said


def test_the_address_is_said_when_the_hub_takes_in_what_is_sent_to_it(hub: Hub) -> None:
    assert announced(hub, threading.Event()) == [f"Watchpost is at http://127.0.0.1:{hub.server_port}"]
    assert hub.asked == hub.ready_after + 1


def test_a_hub_that_does_not_get_ready_is_looked_into_on_its_page(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.ready_after = 1_000_000
    monkeypatch.setattr(up, "READY_WITHIN_S", 0.3)

    assert len(announced(hub, threading.Event())) == 1
    assert hub.asked > 1


def test_who_is_stopped_meanwhile_says_nothing(hub: Hub) -> None:
    stopping = threading.Event()
    stopping.set()

    assert announced(hub, stopping) == []
