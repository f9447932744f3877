"""Receivers of alerts on loopback: one that takes everything, and some that misbehave, each byte by hand."""

import json
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

Behaviour = Callable[[socket.socket, threading.Event], None]
PATIENCE_S = 60.0


def answering(status: int, *headers: str, body: str = "") -> Behaviour:
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}", *headers]
    answer = ("\r\n".join(lines) + "\r\n\r\n" + body).encode()
    return lambda connection, _: connection.sendall(answer)


def saying(answer: bytes) -> Behaviour:
    return lambda connection, _: connection.sendall(answer)


def hanging(start: bytes = b"") -> Behaviour:
    """Sends what it is given, and then nothing more."""

    def hang(connection: socket.socket, stopping: threading.Event) -> None:
        connection.sendall(start)
        stopping.wait(PATIENCE_S)

    return hang


def dripping(answer: bytes, every_s: float = 0.2) -> Behaviour:
    """One byte at a time, for as long as it is listened to."""

    def drip(connection: socket.socket, stopping: threading.Event) -> None:
        for byte in answer:
            connection.sendall(bytes([byte]))
            if stopping.wait(every_s):
                return

    return drip


def endless(connection: socket.socket, stopping: threading.Event) -> None:
    """A body without an end, behind a status of success."""
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while not stopping.is_set():
        connection.sendall(b"x" * 65_536)


def resetting(connection: socket.socket, _: threading.Event) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


class Receiver:
    """Reads a whole request, keeps its JSON, and answers as it was told. `reads` False closes at once instead."""

    def __init__(self, behaviour: Behaviour, *, reads: bool = True) -> None:
        self.behaviour = behaviour
        self.reads = reads
        self.requests: list[tuple[dict[str, str], dict[str, Any]]] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._accepting = threading.Thread(target=self._accept)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [body for _, body in self.requests]

    def reported(self) -> list[str]:
        """The ids of the events in all messages, in order."""
        return [event_id for body in self.bodies for event_id in event_ids(body)]

    def _accept(self) -> None:
        while not self._stopping.is_set():
            with suppress(OSError):
                connection, _ = self._socket.accept()
                thread = threading.Thread(target=self._serve, args=(connection,))
                self._threads.append(thread)
                thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            if self.reads:
                self.requests.append(_request(connection))
            self.behaviour(connection, self._stopping)

    def __enter__(self) -> Self:
        self._accepting.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stopping.set()
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for thread in (self._accepting, *self._threads):
            thread.join()


def event_ids(body: dict[str, Any]) -> list[str]:
    """The ids of the events that a message tells of."""
    return [entry["event_id"] for entry in body.get("grouped", [body])]


def _request(connection: socket.socket) -> tuple[dict[str, str], dict[str, Any]]:
    connection.settimeout(PATIENCE_S)
    got = b""
    while b"\r\n\r\n" not in got:
        got += _more(connection)
    head, _, body = got.partition(b"\r\n\r\n")
    headers = {}
    for line in head.decode().split("\r\n")[1:]:
        name, _, value = line.partition(": ")
        headers[name.lower()] = value
    while len(body) < int(headers["content-length"]):
        body += _more(connection)
    return headers, json.loads(body)


def _more(connection: socket.socket) -> bytes:
    piece = connection.recv(65_536)
    if not piece:
        raise ConnectionError("the other side went in the middle of a request")
    return piece
