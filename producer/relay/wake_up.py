"""Wakes the thread of a relay, which waits for its broker on sockets, by one more socket."""

import contextlib
import socket


class WakeUp:
    """Any thread may call `wake`; the others are for the thread that waits."""

    def __init__(self) -> None:
        self.reader, self._writer = socket.socketpair()
        self.reader.settimeout(0)
        self._writer.settimeout(0)
        self._is_pending = False

    def wake(self) -> None:
        """It is free while an earlier wake-up is pending."""
        if not self._is_pending:
            self._is_pending = True
            with contextlib.suppress(BlockingIOError, OSError):
                self._writer.send(b"\0")

    def clear(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self.reader.recv(64):
                pass
        # Cleared after reading: a thread that found it set until now has committed before, and the next poll sees that.
        self._is_pending = False

    def close(self) -> None:
        self.reader.close()
        self._writer.close()
