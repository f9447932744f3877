"""The gateway as a process: it says what is wrong at its start, and ends soon when it is told to."""

import asyncio
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest
import uvloop

from gateway.http.auth import OpenWithoutToken
from gateway.server import ACCEPTED_PER_TURN, compose, listeners, listening, run
from gateway.settings import GatewaySettings
from mosquitto.launcher import free_port
from tests import builders
from tests.eventually import eventually
from tests.forked import Forked
from tests.integration.gateway.started import NOWHERE, Filled, hub_of, pictures
from tests.loopback import NO_TLS
from watchpost.processes.supervisor import KILL_AFTER_S

SOON_SECONDS = KILL_AFTER_S
"""Less than a second where nothing else runs; tests share their processors."""


@contextmanager
def process(data: Path) -> Iterator[tuple[subprocess.Popen[bytes], httpx.Client]]:
    port = free_port()
    command = [sys.executable, "-m", "tests.integration.gateway.gateway_process", str(data), str(port), "1"]
    with (
        Forked[bytes](command, stdout=subprocess.DEVNULL) as running,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30, verify=NO_TLS, trust_env=False) as client,
    ):
        try:
            eventually(lambda: answers(client), what="the gateway's first answer")
            yield running, client
        finally:
            running.kill()


def answers(client: httpx.Client) -> bool:
    try:
        return client.get("/health").status_code == 200
    except httpx.TransportError:
        return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_soon_although_events_and_pictures_are_watched(tmp_path: Path, number: signal.Signals) -> None:
    with Filled(tmp_path) as filled:
        filled.append(builders.health()).store(*pictures()).fold()

    with process(tmp_path) as (running, client), ExitStack() as streams:
        for path in ("/api/v1/live", "/api/v1/live", "/live/DEMO/yard/visual.mjpg"):
            answer = streams.enter_context(client.stream("GET", path))
            assert answer.status_code == 200
        running.send_signal(number)

        assert running.wait(timeout=SOON_SECONDS) == 0


def test_a_port_that_is_taken_is_said_at_once(tmp_path: Path) -> None:
    with listening("127.0.0.1", 0) as taken:
        taken.listen()
        settings = GatewaySettings(port=taken.getsockname()[1])

        with pytest.raises(OSError, match="another program has this port"):
            run(settings, hub_of(tmp_path), NOWHERE)


def test_it_does_not_start_open_to_strangers(tmp_path: Path) -> None:
    with pytest.raises(OpenWithoutToken, match=r"listens on 0\.0\.0\.0"):
        compose(GatewaySettings(host="0.0.0.0"), hub_of(tmp_path), NOWHERE)


def test_many_who_connect_at_once_are_accepted_within_a_few_turns_of_the_loop() -> None:
    many = 3 * ACCEPTED_PER_TURN
    accepted: list[asyncio.BaseTransport] = []

    class Counting(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            accepted.append(transport)

    async def turns() -> int:
        loop = asyncio.get_running_loop()
        bound = listening("127.0.0.1", 0)
        servers = [await loop.create_server(Counting, sock=each, backlog=100) for each in listeners(bound)]
        with ExitStack() as stack:
            for _ in range(many):
                stack.enter_context(socket.create_connection(bound.getsockname()))
            count = 0
            while len(accepted) < many and count < many:
                await asyncio.sleep(0)
                count += 1
        for server in servers:
            server.close()
        for transport in accepted:
            transport.close()
        return count

    assert uvloop.run(turns()) < many / 2
