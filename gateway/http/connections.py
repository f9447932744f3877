"""Connections within limits: a head of so many bytes, a request within so many seconds, an answer that is taken.

uvicorn limits none of these. A connection that goes beyond costs itself: it is answered with a problem where it still
can be, and closed.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Collection
from http import HTTPStatus
from ipaddress import ip_network
from time import monotonic
from typing import Any, ClassVar, cast

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gateway.http.guess_limit import network_of, parsed_address
from gateway.http.peers import Peer
from gateway.http.problems import MEDIA_TYPE
from gateway.settings import ConnectionLimits

PEER = "watchpost.peer"
"""Where a scope has the `Peer` at the other end of the connection, whatever a proxy says of its client."""
CHUNK_BYTES = 16_384
PIPELINED = 16
RESERVED_SHARE = 10
"""One in so many connections is for exempt addresses alone."""
PROGRESS_BYTES = 4_096
LINGER_S = 1.0
LINGERING = 64


class _Refused(Exception):
    """Raised out of a callback of the parser, which then stops."""


class Census:
    """How many connections there are, in all and by client. A part of them is for exempt addresses alone, so that
    others cannot lock out this machine and its proxies.
    """

    def __init__(self, limits: ConnectionLimits, exempt: Collection[str]) -> None:
        self._limits = limits
        self._exempt = [ip_network(one) for one in exempt]
        self._for_others = limits.connections - limits.connections // RESERVED_SHARE
        self._by_client: Counter[str] = Counter()

    @property
    def total(self) -> int:
        return self._by_client.total()

    def enter(self, address: str) -> str | None:
        """Count a connection in, or say why there is no place for it."""
        client, is_exempt = network_of(address), self._is_exempt(address)
        most = self._limits.connections if is_exempt else self._for_others
        if self.total >= most:
            return f"the gateway has {most} connections, which is all that it takes"
        if self._by_client[client] >= self._limits.connections_per_address and not is_exempt:
            return f"this address has {self._limits.connections_per_address} connections, which is all that it gets"
        self._by_client[client] += 1
        return None

    def _is_exempt(self, address: str) -> bool:
        parsed = parsed_address(address)
        return parsed is not None and any(parsed in network for network in self._exempt)

    def leave(self, address: str) -> None:
        client = network_of(address)
        self._by_client[client] -= 1
        if not self._by_client[client]:
            del self._by_client[client]


class LimitedProtocol(HttpToolsProtocol):
    """One connection. `sweep` is called once a second."""

    limits: ClassVar[ConnectionLimits]
    census: ClassVar[Census]

    _address: str | None = None
    """Under which the connection is counted."""
    _refused_at: float | None = None
    _is_in_head = True
    _begun_at: float | None = None
    """Since when the head, or the body, of a request has been on its way."""
    _bytes = 0
    _headers = 0
    _problem: tuple[int, str] | None = None
    _unsent = 0
    _moved_at = 0.0
    _running: Any = None
    """The request that is answered now; others that were read wait behind it."""
    _peer: Peer
    """One for all requests of the connection: asking the kernel whose it is takes longer than an answer."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # narrower than asyncio's, as uvicorn's
        super().connection_made(transport)
        self._peer = Peer(self.client, self.server)
        self._begun_at = monotonic()
        address = self.client[0] if self.client else ""
        full = self.census.enter(address)
        if full is None:
            self._address = address
        elif self.census.total + LINGERING > len(self.connections):
            self._refuse(503, full)
        else:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._address is not None:
            self.census.leave(self._address)
        self._address = None
        self._abandon()
        super().connection_lost(exc)

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def _abandon(self) -> None:
        """Nothing more is written of what is answered now: uvicorn marks only the request that was read last."""
        for cycle in (self._running, self.cycle):
            if cycle is not None:
                cycle.disconnected = True
                cycle.message_event.set()
        self.pipeline.clear()

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        if self._begun_at is None:
            self._begun_at = monotonic()
        for first in range(0, len(data), CHUNK_BYTES):
            if self._refused_at is not None or self.parser is None:
                return
            self._feed(data[first : first + CHUNK_BYTES])

    def _feed(self, chunk: bytes) -> None:
        try:
            self.parser.feed_data(chunk)
        except httptools.HttpParserUpgrade:
            return  # There is no other protocol here: the request is answered as it is.
        except httptools.HttpParserError:
            self._refuse(*(self._problem or (400, "this is not a request in HTTP that can be understood")))
            return
        self._bytes += len(chunk)
        if self._is_in_head and self._bytes > self.limits.head_bytes:
            self._refuse(431, f"the head of the request is longer than {self.limits.head_bytes} bytes")
        elif not self._is_in_head and self._bytes > self.limits.body_bytes:
            self._refuse(413, f"the body of the request is longer than {self.limits.body_bytes} bytes")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        cast(dict[str, Any], self.scope)[PEER] = self._peer
        self._headers = self._bytes = 0
        self._begun_at = self._begun_at or monotonic()

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        if len(self.url) > self.limits.url_bytes:
            self._stop(414, f"the address of the request is longer than {self.limits.url_bytes} bytes")

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers += 1
        if self._headers > self.limits.headers:
            self._stop(431, f"the request has more than {self.limits.headers} headers")
        if name.lower() == b"content-length" and value.isdigit() and int(value[:12]) > self.limits.body_bytes:
            self._stop(413, f"the body of the request is longer than {self.limits.body_bytes} bytes")
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        if len(self.pipeline) >= PIPELINED:
            self._stop(429, f"more than {PIPELINED} requests wait on this connection")
        super().on_headers_complete()
        self._is_in_head, self._bytes, self._begun_at = False, 0, monotonic()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._is_in_head, self._bytes, self._begun_at = True, 0, None

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch_writing()

    def _watch_writing(self) -> None:
        self._unsent, self._moved_at = self.transport.get_write_buffer_size(), monotonic()

    def sweep(self, now: float) -> None:
        """Give up on what takes too long."""
        if self._refused_at is not None:
            if now - self._refused_at > LINGER_S:
                self.transport.abort()
        elif self._begun_at is not None:
            self._give_up_reading(now, self._begun_at)
        if self.flow.write_paused or self.transport.is_closing():
            self._give_up_writing(now)

    def _give_up_reading(self, now: float, begun_at: float) -> None:
        if self.flow.read_paused:
            self._begun_at = now  # It is us who do not read.
            return
        allowed = self.limits.head_s if self._is_in_head else self.limits.body_s
        if now - begun_at <= allowed:
            return
        if self._is_in_head and not self._bytes:
            self.transport.close()  # Browsers connect ahead of what they may ask for.
        else:
            self._refuse(408, f"the request was not complete after {allowed:g} s")

    def _give_up_writing(self, now: float) -> None:
        unsent = self.transport.get_write_buffer_size()
        if not self._moved_at or unsent > self._unsent or unsent <= self._unsent - PROGRESS_BYTES:
            self._watch_writing()
        elif now - self._moved_at > self.limits.stalled_s:
            self.transport.abort()

    def _stop(self, status: int, detail: str) -> None:
        self._problem = status, detail
        raise _Refused

    def _refuse(self, status: int, detail: str) -> None:
        """Answer, and close once the other side has had a moment to read it: what it still sends is thrown away."""
        self._refused_at = monotonic()
        self._abandon()
        running = self._running
        is_half_answered = running is not None and running.response_started and not running.response_complete
        if is_half_answered or self.transport.is_closing():
            self.transport.abort()
            return
        self.flow.resume_reading()
        self.transport.write(_answer(status, detail))
        if self.transport.can_write_eof():
            self.transport.write_eof()

    def timeout_keep_alive_handler(self) -> None:
        self._watch_writing()
        super().timeout_keep_alive_handler()


def limited(limits: ConnectionLimits, exempt: Collection[str]) -> type[LimitedProtocol]:
    """The protocol of one server. `exempt` addresses and networks may have as many connections as there are."""
    return type("Limited", (LimitedProtocol,), {"limits": limits, "census": Census(limits, exempt)})


def _answer(status: int, detail: str) -> bytes:
    title = HTTPStatus(status).phrase
    document: dict[str, Any] = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    body = json.dumps(document).encode()
    head = (
        f"HTTP/1.1 {status} {title}\r\ncontent-type: {MEDIA_TYPE}\r\ncontent-length: {len(body)}\r\n"
        "cache-control: no-store\r\nconnection: close\r\n\r\n"
    )
    return head.encode() + body
