"""A reverse proxy on loopback, which passes requests on as those that people run do."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

Headers = list[tuple[str, str]]
Rewrite = Callable[[Headers, int], Headers]
"""Makes the headers for the port behind the proxy out of those of the client."""

NGINX_DROPS = {"host", "connection", "keep-alive", "te", "upgrade", "expect"}


def nginx(headers: Headers, port: int) -> Headers:
    """As `proxy_pass http://127.0.0.1:PORT;` and nothing else."""
    kept = [(name, value) for name, value in headers if name.lower() not in NGINX_DROPS]
    return [("Host", f"127.0.0.1:{port}"), ("Connection", "close"), *kept]


def nginx_as_documented(headers: Headers, _: int) -> Headers:
    """As in `deploy/nginx.conf`."""
    kept = [(name, value) for name, value in headers if name.lower() not in NGINX_DROPS]
    host = next(value for name, value in headers if name.lower() == "host")
    ours = [("Host", host), ("X-Forwarded-For", "192.0.2.7"), ("X-Forwarded-Proto", "https"), ("Connection", "close")]
    return [*ours, *kept]


def haproxy(headers: Headers, _: int) -> Headers:
    """As `server hub 127.0.0.1:PORT` and nothing else."""
    return headers


class ReverseProxy:
    """Serves one request a connection."""

    def __init__(self, port: int, rewrite: Rewrite, version: str) -> None:
        self._behind = port
        self._rewrite = rewrite
        self._version = version
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept)]
        self._open: list[socket.socket] = []

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._socket.accept()
                self._threads.append(threading.Thread(target=self._serve, args=(client,)))
                self._threads[-1].start()

    def _serve(self, client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", self._behind)) as behind, suppress(OSError):
            self._open += [client, behind]
            got = b""
            while b"\r\n\r\n" not in got:
                got += client.recv(65_536)
            head, _, body = got.partition(b"\r\n\r\n")
            behind.sendall(self._passed_on(head.decode("latin-1")) + body)
            upwards = threading.Thread(target=_pipe, args=(client, behind))
            upwards.start()
            _pipe(behind, client)
            client.shutdown(socket.SHUT_RDWR)
            upwards.join()

    def _passed_on(self, head: str) -> bytes:
        request, *lines = head.split("\r\n")
        headers = [(name, value) for name, _, value in (line.partition(": ") for line in lines)]
        first = f"{request.rpartition(' ')[0]} HTTP/{self._version}"
        made = [first, *[f"{name}: {value}" for name, value in self._rewrite(headers, self._behind)]]
        return ("\r\n".join(made) + "\r\n\r\n").encode("latin-1")

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for one in (self._socket, *self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        for thread in self._threads:
            thread.join()


def _pipe(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(65_536):
            sink.sendall(piece)
