"""Requests over HTTP to a gateway in a process of its own: dashboards, snapshots, and ranges of a segment."""

import asyncio
import multiprocessing
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import cast

import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from gateway.server import GatewayServer, compose, listening, serve, stores_of
from gateway.settings import GatewaySettings
from producer.broker import BrokerAddress
from tests import builders
from tests.bench.measure import Measurement, summary
from tests.integration.gateway.started import NOW, Filled, hub_of
from watchpost.processes.runtime import spare_the_collector, take_short_turns

CONNECTIONS = 50
MEBIBYTE = 1024 * 1024
HOST = b"Host: localhost\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Ports:
    gateway: int
    files: int


def _fill(data: Path) -> None:
    """A day of detections of ten cameras, a capture of 60 kB and a segment of 8 MiB."""
    with Filled(data) as filled:
        for camera in range(10):
            events = [
                builders.detection(builders.at(second), device=f"cam-{camera}", people_count=second % 9)
                for second in range(0, 36_000, 10)
            ]
            filled.append(*builders.numbered(events))
        capture, segment = os.urandom(60_000), os.urandom(8 * MEBIBYTE)
        filled.store(
            (builders.media(builders.at(598), capture, kind="capture", id="newest"), capture),
            (builders.media(builders.at(60), segment, kind="segment", id="one"), segment),
        )
        filled.fold()
        (data / "segment.ts").write_bytes(segment)


def _process(data: Path, reported: Connection) -> None:
    """The gateway as the product runs it, and beside it Starlette's FileResponse alone as what a range is measured
    against.
    """
    _fill(data)
    hub = hub_of(data)
    spare_the_collector()
    take_short_turns()
    gateway = compose(GatewaySettings(page=data), hub, BrokerAddress(port=1), stores_of(hub), lambda: NOW)

    async def file(_: Request) -> Response:
        return FileResponse(data / "segment.ts")

    async def both() -> None:
        bound, other = listening("127.0.0.1", 0), listening("127.0.0.1", 0)
        files = uvicorn.Server(
            uvicorn.Config(Starlette(routes=[Route("/", file)]), http="httptools", access_log=False, log_config=None)
        )
        reported.send(Ports(bound.getsockname()[1], other.getsockname()[1]))
        await asyncio.gather(serve(GatewayServer(gateway), bound), files.serve([other]))

    uvloop.run(both())


@contextmanager
def _running() -> Iterator[Ports]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    with TemporaryDirectory() as directory:
        process = context.Process(target=_process, args=(Path(directory), theirs))
        process.start()
        try:
            yield ours.recv()
        finally:
            process.kill()
            process.join()


class NotAnswered(RuntimeError):
    """The gateway answered, but not with what was asked for."""


class _Client(asyncio.Protocol):
    """One connection that asks again as soon as it is answered."""

    def __init__(self, request: bytes, until: float, taken: list[float]) -> None:
        self._request = request
        self._until = until
        self._taken = taken
        self._sent = 0.0
        self._left = -1
        self._head = b""
        self._transport: asyncio.Transport | None = None
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own are not derived from it
        self._ask()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or ConnectionError("the gateway closed the connection"))

    def data_received(self, data: bytes) -> None:
        if self._left < 0:
            self._head += data
            head, found, body = self._head.partition(b"\r\n\r\n")
            if not found:
                return
            if not head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 206")):
                self.done.set_exception(NotAnswered(head.partition(b"\r\n")[0].decode()))
                return
            lines = head.lower().split(b"\r\n")
            length = next(line for line in lines if line.startswith(b"content-length:"))
            self._left = int(length.partition(b":")[2])
            data = body
        self._left -= len(data)
        if self._left == 0:
            self._taken.append((time.perf_counter() - self._sent) * 1000)
            self._ask()

    def _ask(self) -> None:
        assert self._transport is not None
        self._sent, self._left, self._head = time.perf_counter(), -1, b""
        if self._sent < self._until:
            self._transport.write(self._request)
            return
        self.done.set_result(None)
        self._transport.close()


def load(port: int, request: bytes, connections: int, seconds: float) -> list[float]:
    """Milliseconds of each answer."""

    async def ask() -> list[float]:
        taken: list[float] = []
        until = time.perf_counter() + seconds
        loop = asyncio.get_running_loop()
        clients = [
            await loop.create_connection(lambda: _Client(request, until, taken), "127.0.0.1", port)
            for _ in range(connections)
        ]
        async with asyncio.timeout(seconds + 10):
            await asyncio.gather(*(client.done for _, client in clients))
        return taken

    return uvloop.run(ask())


def _wait_for(port: int, request: bytes) -> None:
    """Until it is answered: the process starts, and the dashboard waits for its engine and its rows."""
    deadline, pause = time.monotonic() + 60, Event()
    while time.monotonic() < deadline:
        try:
            load(port, request, 1, 0.01)
        except (NotAnswered, OSError):
            pause.wait(0.2)
        else:
            return
    raise TimeoutError("the gateway did not answer within a minute")


def _reported(case: str, taken: list[float], includes: str, connections: int) -> Measurement:
    """The rate is that of all connections together: what is on its way over the mean time of an answer."""
    p99, mean = sorted(taken)[int(len(taken) * 0.99)], sum(taken) / len(taken)
    measurement = summary(case, taken, f"{includes}; p99 {p99:.2f} ms, {connections / mean * 1000:,.0f} answers/s")
    return replace(measurement, items=max(1, round(connections * measurement.median_ms / mean)))


def case_dashboard() -> list[Measurement]:
    with _running() as ports:
        request = b"GET /api/v1/dashboard/DEMO?date=2026-01-05 HTTP/1.1\r\n" + HOST
        _wait_for(ports.gateway, request)
        load(ports.gateway, request, CONNECTIONS, 4)
        taken = load(ports.gateway, request, CONNECTIONS, 5)
        alone = load(ports.gateway, b"GET /health HTTP/1.1\r\n" + HOST, CONNECTIONS, 2)
    found = _reported("dashboard JSON, 50 connections", taken, "HTTP, the answer as the rows have it", CONNECTIONS)
    limit = sorted(alone)[len(alone) // 2]
    found = replace(found, goal_per_s=2000, limit="GET /health", limit_ms=limit)
    p99 = round(sorted(taken)[int(len(taken) * 0.99)], 3)
    return [found, replace(found, case=f"{found.case}, p99", median_ms=p99, items=1, goal_per_s=None, goal_ms=20.0)]


def case_snapshot() -> list[Measurement]:
    with _running() as ports:
        request = b"GET /api/v1/sites/DEMO/devices/yard/snapshot.jpg HTTP/1.1\r\n" + HOST
        _wait_for(ports.gateway, request)
        load(ports.gateway, request, 4, 1)
        found = [
            _reported(
                f"snapshot of 60 kB, {count} at once",
                load(ports.gateway, request, count, 3),
                "HTTP, index, pack",
                count,
            )
            for count in (1, 4)
        ]
    return [replace(one, goal_ms=5) for one in found]


def case_range() -> list[Measurement]:
    """Megabytes a second of ranges of 1 MiB."""
    with _running() as ports:
        wanted = b"Range: bytes=1048576-2097151\r\n" + HOST
        ours, theirs = b"GET /media/DEMO/yard/segment/one HTTP/1.1\r\n" + wanted, b"GET / HTTP/1.1\r\n" + wanted
        _wait_for(ports.gateway, ours)
        _wait_for(ports.files, theirs)
        taken, alone = load(ports.gateway, ours, 4, 3), load(ports.files, theirs, 4, 3)
    limit = sorted(alone)[len(alone) // 2]
    found = _reported("range of 1 MiB, 4 at once", taken, "HTTP, index, pack", 4)
    return [replace(found, goal_ms=round(limit, 3), limit="FileResponse alone", limit_ms=limit)]
