"""A socket that accepts no more bytes than its link carries soon, so that urgent messages never wait for long."""

import fcntl
import socket
import ssl
import struct
import termios
import time
from collections.abc import Callable
from typing import Final

from producer.relay.send_window import SendWindow

AGAIN_S: Final = 0.01
"""How often to check whether a full window has room again: the kernel does not report that."""
MIN_SEND_BYTES: Final = 1024
READ_BYTES: Final = 64 * 1024
"""paho reads a packet in four parts; a call of the system for each takes longer than what it does with them."""

Allowance = Callable[[float], float]
"""How many bytes may be sent now within a limit that others share."""


class PacedSocket:
    """The part of a socket that paho uses. `on_sent` receives the number of bytes that were sent."""

    def __init__(
        self, wire: socket.socket, window: SendWindow, allowance: Allowance, on_sent: Callable[[int], None]
    ) -> None:
        self.wire = wire
        self._window = window
        self._allowance = allowance
        self._on_sent = on_sent
        self._owed = 0
        """Bytes that TLS has encrypted and the socket did not accept: TLS must be given all of them again."""
        self._received = memoryview(b"")
        """What was read from the socket and not taken yet."""
        self.is_full = False
        """Whether bytes wait for the window although the socket would accept them."""

    @property
    def bytes_per_s(self) -> float | None:
        return self._window.bytes_per_s

    def send(self, data: bytes) -> int:
        now = time.monotonic()
        room = int(min(self._window.room(self.queued(), now), self._allowance(now)))
        self.is_full = room < min(MIN_SEND_BYTES, len(data)) and not self._owed
        if self.is_full:
            raise BlockingIOError
        size = min(len(data), max(room, self._owed))
        try:
            sent = self.wire.send(data[:size])
        except ssl.SSLWantWriteError:
            self._owed = size
            raise
        self._owed = 0
        self._window.add(sent)
        self._on_sent(sent)
        return sent

    def queued(self) -> int:
        """Bytes that the kernel holds because the peer has not acknowledged them; none once it is closed."""
        if self.wire.family == socket.AF_UNIX or self.wire.fileno() < 0:
            return 0
        return int(struct.unpack("i", fcntl.ioctl(self.wire.fileno(), termios.TIOCOUTQ, b"\0\0\0\0"))[0])

    def recv(self, size: int) -> bytes:
        if not self._received:
            self._received = memoryview(self.wire.recv(READ_BYTES))
        taken, self._received = self._received[:size], self._received[size:]
        return bytes(taken)

    def pending(self) -> int:
        """How many bytes can be received although the socket itself may have none."""
        encrypted = self.wire.pending() if isinstance(self.wire, ssl.SSLSocket) else 0
        return len(self._received) + encrypted

    def fileno(self) -> int:
        return self.wire.fileno()

    def setblocking(self, flag: bool) -> None:
        self.wire.setblocking(flag)

    def close(self) -> None:
        self.wire.close()
