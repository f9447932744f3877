"""Something on this machine that answers once with given bytes: what may stand where a hub is expected."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

CUT_OFF: Final = b"HTTP/1.1 520 Web Server Returned an Unknown Error\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n{"
"""A refusal of a number that no standard names, whose body ends within its first chunk."""


@contextmanager
def answers_once(answer: bytes) -> Iterator[int]:
    """The port where it listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def speak() -> None:
            with server.accept()[0] as client:
                client.recv(65_536)
                client.sendall(answer)

        speaking = threading.Thread(target=speak, daemon=True)
        speaking.start()
        yield server.getsockname()[1]
        speaking.join()
