"""A proxy before an S3 server, which fails on requests in the ways in which servers were seen to fail."""

import http.client
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Final, Literal, Self

Failure = Literal[
    "none",
    "refuses",
    "fails",
    "stands still",
    "cuts bodies",
    "changes bodies",
    "sends too much",
    "lists too much",
    "is full",
    "refuses to delete",
    "is slow",
]
FAILURES: Final[tuple[Failure, ...]] = (
    "refuses", "fails", "stands still", "cuts bodies", "changes bodies", "sends too much",
)  # fmt: skip
TOO_MUCH: Final = 64 << 20
PASSED_ON: Final = ("content-type", "etag", "content-range", "last-modified", "accept-ranges")
TIMEOUT_S: Final = 30.0
SLOW_BYTES_PER_S: Final = 200_000


class S3Proxy:
    """`failure` may change at any moment; requests that stand still are let go of by the next change."""

    def __init__(self, port: int) -> None:
        self._behind = port
        self._changed = threading.Event()
        self._failure: Failure = "none"
        self.read_bytes = 0
        """The bytes of packs that were passed on."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1})
        self.port: int = self._server.server_address[1]

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def fail(self, failure: Failure) -> None:
        if failure == self._failure:
            return
        self._failure = failure
        self._changed.set()
        self._changed = threading.Event()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do(self) -> None:
                proxy._answer(self)

            def log_message(self, format: str, *arguments: object) -> None:
                """Nobody reads it."""

        for method in ("GET", "PUT", "POST", "HEAD", "DELETE"):
            setattr(Handler, f"do_{method}", Handler.do)
        return Handler

    def _answer(self, asked: BaseHTTPRequestHandler) -> None:
        body = asked.rfile.read(int(asked.headers.get("Content-Length", 0)))
        match self._failure:
            case "refuses":
                _send(asked, 403, b"<Error><Code>AccessDenied</Code><Message>no</Message></Error>")
            case "fails":
                _send(asked, 500, b"<Error><Code>InternalError</Code><Message>no</Message></Error>")
            case "is full" if asked.command in ("PUT", "POST"):
                _send(asked, 507, b"<Error><Code>XMinioStorageFull</Code><Message>no</Message></Error>")
            case "refuses to delete" if asked.command == "DELETE":
                _send(asked, 403, b"<Error><Code>AccessDenied</Code><Message>no</Message></Error>")
            case "stands still":
                self._changed.wait(TIMEOUT_S)
                asked.close_connection = True
            case failure:
                self._pass_on(asked, body, failure)

    def _pass_on(self, asked: BaseHTTPRequestHandler, body: bytes, failure: Failure) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._behind, timeout=TIMEOUT_S)
        try:
            connection.request(asked.command, asked.path, body, dict(asked.headers))
            answer = connection.getresponse()
            found = answer.read()
        except OSError:
            asked.close_connection = True
            return
        finally:
            connection.close()
        if asked.command == "GET" and asked.path.endswith(".pack"):
            self.read_bytes += len(found)
            if failure == "is slow":
                self._changed.wait(len(found) / SLOW_BYTES_PER_S)
            if failure == "changes bodies":
                found = bytes(byte ^ 1 for byte in found)
            elif failure == "sends too much":
                found += bytes(TOO_MUCH)
            elif failure == "cuts bodies":
                asked.close_connection = True
                _send(asked, answer.status, found[: len(found) // 2], answer, length=len(found))
                return
        elif failure == "lists too much" and "list-type" in asked.path:
            found += b" " * TOO_MUCH
        _send(asked, answer.status, found, answer)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.fail("none")
        self._server.shutdown()
        self._thread.join(30)
        self._server.server_close()


def _send(
    asked: BaseHTTPRequestHandler,
    status: int,
    body: bytes,
    answer: http.client.HTTPResponse | None = None,
    length: int | None = None,
) -> None:
    with suppress(OSError):
        asked.send_response(status)
        for name in PASSED_ON if answer is not None else ():
            if answer is not None and (value := answer.getheader(name)) is not None:
                asked.send_header(name, value)
        size = len(body) if length is None else length
        if asked.command == "HEAD" and answer is not None:
            size = int(answer.getheader("Content-Length") or 0)
        asked.send_header("Content-Length", str(size))
        asked.end_headers()
        if asked.command != "HEAD":
            asked.wfile.write(body)
