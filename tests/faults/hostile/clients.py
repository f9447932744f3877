"""Hostile programs at the gateway, which have no token or do not care to end what they begin."""

import random
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress

from tests.faults.hostile.world import Act, Participant, World

PAUSE_S = 0.2
KEPT = 40
Chunks = Callable[[random.Random, str], Iterator[bytes]]


def _head(path: str, method: str = "GET", *headers: str) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *headers, "", ""]
    return "\r\n".join(lines).encode()


def asking(chunks: Chunks, *, at_once: int = 4, pause_s: float = PAUSE_S) -> Act:
    """A few connections at a time, on each of which `chunks` are sent with pauses, and no answer is read."""

    def act(world: World, dice: random.Random, stopping: threading.Event) -> None:
        while not stopping.is_set():
            with ExitStack() as stack:
                open_ones = []
                for _ in range(at_once):
                    with suppress(OSError):
                        address = ("127.0.0.1", world.http_port)
                        connection = stack.enter_context(socket.create_connection(address, timeout=2))
                        open_ones.append((connection, chunks(dice, world.token)))
                _talk(open_ones, stopping, pause_s)
            stopping.wait(pause_s)

    return act


def _talk(open_ones: list[tuple[socket.socket, Iterator[bytes]]], stopping: threading.Event, pause_s: float) -> None:
    while open_ones and not stopping.wait(pause_s):
        for one in list(open_ones):
            connection, chunks = one
            try:
                connection.sendall(next(chunks))
            except (OSError, StopIteration):
                open_ones.remove(one)


def _slow_headers(dice: random.Random, _token: str) -> Iterator[bytes]:
    yield b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    while True:
        yield f"X-{dice.randrange(10**6)}: a\r\n".encode()


def _slow_body(_dice: random.Random, _token: str) -> Iterator[bytes]:
    yield _head("/api/v1/session", "POST", "Content-Type: application/json", "Content-Length: 1000000")
    while True:
        yield b" "


def _huge_header(_dice: random.Random, _token: str) -> Iterator[bytes]:
    yield b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Long: "
    for _ in range(60):
        yield b"a" * 1_000_000


def _many_headers(_dice: random.Random, _token: str) -> Iterator[bytes]:
    yield b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    for _ in range(100):
        yield b"X-A: b\r\n" * 10_000


def _huge_body(_dice: random.Random, _token: str) -> Iterator[bytes]:
    yield _head("/api/v1/session", "POST", "Content-Type: application/json", "Content-Length: 99999999999")
    for _ in range(100):
        yield b"[" * 1_000_000


def _wrong_tokens(dice: random.Random, _token: str) -> Iterator[bytes]:
    for _ in range(50):
        yield _head("/api/v1/sites", "GET", f"Authorization: Bearer {dice.randrange(10**12)}")


def _junk(dice: random.Random, _token: str) -> Iterator[bytes]:
    paths = ("/%2e%2e/%2e%2e/etc/passwd", "/api/v1/" + "a" * 5000, "/hls/GOOD/../x", "/heatmaps/GOOD/9999.jpg", "/\xff")
    for _ in range(20):
        yield dice.choice([_head(dice.choice(paths)), dice.randbytes(200), b"\x16\x03\x01" + dice.randbytes(100)])


def _never_reads(_dice: random.Random, token: str) -> Iterator[bytes]:
    given = (f"Authorization: Bearer {token}",) if token else ()
    yield _head("/api/v1/live", "GET", *given)
    while True:
        yield b""


def _asks_for_much(dice: random.Random, token: str) -> Iterator[bytes]:
    given = (f"Authorization: Bearer {token}",) if token else ()
    paths = ("/api/v1/events?limit=1000", "/api/v1/sites", "/api/v1/dashboard/GOOD", "/api/v1/incidents", "/metrics")
    for _ in range(40):
        yield _head(dice.choice(paths), "GET", *given)


ACTS: dict[str, Act] = {
    "slow_headers": asking(_slow_headers, at_once=KEPT),
    "slow_body": asking(_slow_body, at_once=KEPT),
    "huge_header": asking(_huge_header, at_once=2, pause_s=0.02),
    "many_headers": asking(_many_headers, at_once=2, pause_s=0.02),
    "huge_body": asking(_huge_body, at_once=2, pause_s=0.02),
    "wrong_tokens": asking(_wrong_tokens, pause_s=0.05),
    "junk": asking(_junk, pause_s=0.05),
    "never_reads": asking(_never_reads, at_once=KEPT),
    "asks_for_much": asking(_asks_for_much, pause_s=0.1),
}

PARTICIPANTS: tuple[Participant, ...] = tuple(Participant(f"http:{name}", act=act) for name, act in ACTS.items())
