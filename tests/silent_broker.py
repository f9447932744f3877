"""A broker that accepts connections and stands still: it answers the first ones, and none after them."""

import contextlib
import socket
import threading
from collections.abc import Iterator

_ACCEPTED = b"\x20\x03\x00\x00\x00"
"""CONNACK of MQTT 5: success, without properties."""


class SilentBroker:
    """`connections` are those that it has accepted."""

    def __init__(self, answers: int) -> None:
        self.connections: list[socket.socket] = []
        self._answers = answers
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]

    def run(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                accepted, _ = self._listener.accept()
                self.connections.append(accepted)
                if len(self.connections) <= self._answers:
                    accepted.sendall(_ACCEPTED)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for one in self.connections:
            one.close()


@contextlib.contextmanager
def silent_broker(answers: int = 0) -> Iterator[SilentBroker]:
    broker = SilentBroker(answers)
    thread = threading.Thread(target=broker.run)
    thread.start()
    try:
        yield broker
    finally:
        broker.close()
        thread.join()
