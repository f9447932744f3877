"""The network between a node and the broker: forwards, and does to the bytes what a scenario asks for."""

import contextlib
import random
import selectors
import socket
import struct
import threading
import time
from dataclasses import dataclass, field

CHUNK_BYTES = 16 * 1024
SLOW_CHUNK_BYTES = 1024
SLOW_BUFFER_BYTES = 4096


@dataclass
class Weather:
    """How the network is now."""

    delay_s: float = 0.0
    swallows: bool = False
    """Bytes go in and do not come out, and nobody is told."""
    refuses: bool = False
    cut_after_bytes: int | None = None
    """Both ends are reset after so many more bytes, wherever in a packet that is."""
    noise: int = 0
    """In so many more messages on their way to the broker one byte is changed, often to another digit or letter."""


@dataclass
class _Pair:
    near: socket.socket
    far: socket.socket
    open: set[socket.socket] = field(default_factory=set)

    def other(self, one: socket.socket) -> socket.socket:
        return self.far if one is self.near else self.near


class Proxy:
    """Listens on `port` and forwards to `target`, in one thread.

    `bytes_per_s` is what it carries from all nodes together, a little of each in turn; it buffers next to nothing, as a
    link does on which bytes are acknowledged at its far end. With `is_buffering` it takes megabytes at once, as a
    tunnel before such a link does.
    """

    def __init__(
        self, target: int, dice: random.Random, bytes_per_s: int | None = None, *, is_buffering: bool = False
    ) -> None:
        self._bytes_per_s = bytes_per_s
        self._free_at = 0.0
        self.weather = Weather()
        self._target = target
        self._dice = dice
        self._lock = threading.Lock()
        self._pairs: list[_Pair] = []
        self._selector = selectors.DefaultSelector()
        self._listener = socket.create_server(("127.0.0.1", 0))
        if bytes_per_s is not None and not is_buffering:
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SLOW_BUFFER_BYTES)
        self._listener.settimeout(0)
        self.port: int = self._listener.getsockname()[1]
        self._selector.register(self._listener, selectors.EVENT_READ, None)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()
        self.cut()
        self._selector.close()
        self._listener.close()

    def cut(self) -> None:
        """Reset every connection, as a router does that forgot them."""
        with self._lock:
            for pair in list(self._pairs):
                self._reset(pair)

    def half_close(self) -> None:
        """The broker hears that the node is done; the node hears nothing of it."""
        with self._lock:
            for pair in self._pairs:
                with contextlib.suppress(OSError):
                    pair.far.shutdown(socket.SHUT_WR)

    def _run(self) -> None:
        while not self._stopping.is_set():
            for key, _ in self._selector.select(0.05):
                if key.data is None:
                    self._accept()
                else:
                    with self._lock:
                        self._forward(key.data, key.fileobj)  # type: ignore[arg-type]  # we register sockets only

    def _accept(self) -> None:
        try:
            near, _ = self._listener.accept()
        except BlockingIOError:
            return
        try:
            if self.weather.refuses:
                raise ConnectionRefusedError
            far = socket.create_connection(("127.0.0.1", self._target), 2)
        except OSError:
            near.close()
            return
        pair = _Pair(near, far, {near, far})
        with self._lock:
            self._pairs.append(pair)
            for one in (near, far):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                one.settimeout(5)
                self._selector.register(one, selectors.EVENT_READ, pair)

    def _forward(self, pair: _Pair, one: socket.socket) -> None:
        if one not in pair.open:
            return
        try:
            piece = one.recv(CHUNK_BYTES if self._bytes_per_s is None else SLOW_CHUNK_BYTES)
            if one is pair.near:
                self._take_time(len(piece))
            if not piece:
                self._end(pair)
                return
            if self.weather.delay_s:
                self._stopping.wait(self._dice.uniform(0, self.weather.delay_s))
            self._pass_on(pair, pair.other(one), piece)
        except OSError:
            self._reset(pair)

    def _take_time(self, size: int) -> None:
        if self._bytes_per_s is not None:
            now = time.monotonic()
            self._free_at = max(now, self._free_at) + size / self._bytes_per_s
            self._stopping.wait(self._free_at - now)

    def _pass_on(self, pair: _Pair, to: socket.socket, piece: bytes) -> None:
        weather = self.weather
        if weather.swallows:
            return
        if weather.noise and to is pair.far and len(piece) > 64:
            weather.noise -= 1
            place = self._dice.randrange(len(piece))
            piece = piece[:place] + bytes([piece[place] ^ self._dice.randrange(1, 8)]) + piece[place + 1 :]
        if weather.cut_after_bytes is not None:
            weather.cut_after_bytes -= len(piece)
            if weather.cut_after_bytes <= 0:
                to.sendall(piece[: weather.cut_after_bytes or len(piece)])
                weather.cut_after_bytes = None
                self._reset(pair)
                return
        to.sendall(piece)

    def _end(self, pair: _Pair) -> None:
        self._close(pair)

    def _reset(self, pair: _Pair) -> None:
        for one in pair.open:
            with contextlib.suppress(OSError):
                one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._close(pair)

    def _close(self, pair: _Pair) -> None:
        for one in pair.open:
            self._selector.unregister(one)
            one.close()
        pair.open = set()
        if pair in self._pairs:
            self._pairs.remove(pair)
