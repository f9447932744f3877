"""Cameras that refuse, hang or are something else: each path of an address is one behaviour."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import IO

SDP = (
    b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nt=0 0\r\n"
    b"m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:track0\r\n"
)
MULTIPART = "HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=b\r\n\r\n"
Answer = Callable[[socket.socket, threading.Event], None]


@contextmanager
def serving(answer: Answer) -> Iterator[int]:
    """The port; each connection is answered by a thread of its own, until the end."""
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    threading.Thread(target=speak, args=(connection,), daemon=True).start()

        def speak(connection: socket.socket) -> None:
            with connection, suppress(OSError):
                answer(connection, ended)

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            ended.set()
            server.shutdown(socket.SHUT_RDWR)
            thread.join(30)


def request(file: IO[bytes]) -> tuple[str, str, dict[str, str]]:
    """Method, last part of the path, and headers; empty at the end."""
    words = [*file.readline().decode().split(), "", ""]
    headers = {}
    while line := file.readline().decode().strip():
        key, _, value = line.partition(":")
        headers[key.lower()] = value.strip()
    return words[0], words[1].rpartition("/")[2], headers


def rtsp(connection: socket.socket, ended: threading.Event) -> None:
    """`describe-404` and `setup-453` answer with these numbers, `setup-gone` ends the connection then, `silent` does
    not answer at all, `mute` plays and sends nothing.
    """
    with connection.makefile("rb") as file:
        first = ""
        while (asked := request(file))[0]:
            method, last, headers = asked
            path = first = last if last != "track0" else first
            if path == "silent":
                ended.wait()
            if path == f"{method.lower()}-gone":
                return
            status, more, body = reply(method, path)
            head = f"RTSP/1.0 {status}\r\nCSeq: {headers.get('cseq', '0')}\r\n{more}Content-Length: {len(body)}\r\n\r\n"
            connection.sendall(head.encode() + body)


def leaving(connection: socket.socket, ended: threading.Event) -> None:
    """Ends the connection once something is asked."""
    connection.recv(4096)


def dripping(connection: socket.socket, ended: threading.Event) -> None:
    """A head without an end, line by line."""
    connection.recv(4096)
    connection.sendall(b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n")
    while not ended.wait(0.1):
        connection.sendall(b"X-More: follows\r\n")


def reply(method: str, path: str) -> tuple[str, str, bytes]:
    step, _, number = path.partition("-")
    if step == method.lower():
        return f"{number} Refused", 'WWW-Authenticate: Basic realm="c"\r\n' if number == "401" else "", b""
    match method:
        case "DESCRIBE":
            return "200 OK", "Content-Type: application/sdp\r\n", SDP
        case "SETUP":
            return "200 OK", "Session: 1\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n", b""
    return "200 OK", "Public: DESCRIBE, SETUP, PLAY\r\nSession: 1\r\n", b""


def http(connection: socket.socket, ended: threading.Event) -> None:
    with connection.makefile("rb") as file:
        _, path, _ = request(file)
    match path:
        case "page":
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>please log in</html>")
        case "picture":
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n\r\n\xff\xd8\xff" + bytes(100))
        case "silent":
            ended.wait()
        case "mute":
            connection.sendall(MULTIPART.encode())
            ended.wait()
        case number:
            authenticate = 'WWW-Authenticate: Basic realm="c"\r\n' if number == "401" else ""
            connection.sendall(f"HTTP/1.1 {number} No\r\n{authenticate}Content-Length: 0\r\n\r\n".encode())
