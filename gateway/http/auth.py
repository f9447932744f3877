"""Authentication, closed by default: a client needs a token, or is a program on this machine."""

import hmac
import math
from asyncio import to_thread
from collections.abc import Callable
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from time import monotonic, time

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.http.asker import ASKER
from gateway.http.connections import PEER
from gateway.http.guess_limit import Tries, network_of
from gateway.http.peers import Peer
from gateway.http.problems import Problem, response
from gateway.http.request_origin import crossed_origin, foreign_origin
from gateway.http.sessions import Sessions
from gateway.http.token import require_strong
from producer.loopback import is_loopback

COOKIE = "watchpost"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
SESSION_PATH = "/api/v1/session"
ENROLMENT_PATH = "/api/v1/enrol"
"""Where a device shows its one-time code."""
CHALLENGE = {"WWW-Authenticate": "Bearer"}
CLOSED = ("/api/", "/media/", "/hls/", "/live/", "/heatmaps/", "/metrics")


class OpenWithoutToken(ValueError):
    """The gateway would listen to other machines without asking for a token."""


@dataclass(frozen=True, slots=True)
class ClientRequest:
    """The facts of a request that decide on access. `address` is that of the client, also behind a trusted proxy."""

    method: str
    path: str
    headers: Headers
    address: str = ""
    http_version: str = "1.1"
    peer: Peer | None = None

    @classmethod
    def of(cls, scope: Scope) -> "ClientRequest":
        client = scope.get("client")
        return cls(
            scope["method"],
            scope["path"],
            Headers(scope=scope),
            client[0] if client else "",
            scope.get("http_version", "1.1"),
            scope.get(PEER),
        )


class Access:
    """Decides on requests. Without a token it is open to this machine alone."""

    def __init__(
        self,
        token: str | None,
        public_url: str | None,
        sessions: Sessions | None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.token = token
        self.public_url = public_url
        self.sessions = sessions
        self._tries = Tries()
        self._clock = clock

    @classmethod
    def of(cls, host: str, token: str | None, public_url: str | None = None, ended: Path | None = None) -> "Access":
        """`ended` is where those who signed out are remembered. Raises `OpenWithoutToken` and `WeakToken`."""
        if not token and not is_loopback(host):
            raise OpenWithoutToken(f"the gateway listens on {host}, which other machines reach; it needs a token")
        if not token:
            return cls(None, public_url, None)
        require_strong(token)
        return cls(token, public_url, Sessions(token, time, ended))

    def sign_in(self, token: str, address: str) -> str | None:
        """The cookie of a new session, where one is needed. Raises `Problem` where the token is not the right one."""
        if self.token is None or self.sessions is None:
            return None
        problem = self._try(token, address)
        if problem is not None:
            raise problem
        return self.sessions.begin()

    async def sign_out(self, headers: Headers) -> None:
        """At once; it is remembered over a restart when this returns, however slow the disk is."""
        cookie = _cookie(headers)
        if cookie is not None and self.sessions is not None and self.sessions.end(cookie):
            await to_thread(self.sessions.keep)

    def is_signed_in(self, headers: Headers) -> bool:
        cookie = _cookie(headers)
        return cookie is not None and self.sessions is not None and self.sessions.is_open(cookie)

    def refusal(self, asking: ClientRequest) -> Problem | None:
        """Why this request is not answered, if it is not."""
        if asking.method not in SAFE_METHODS and (crossed := crossed_origin(asking.headers, self.public_url)):
            return Problem(403, crossed)
        if self.token is None:
            reason = foreign_origin(asking.headers, asking.http_version, asking.peer)
            return None if reason is None else Problem(403, reason)
        if not needs_token(asking.path):
            return None
        scheme, _, given = asking.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and given.strip():
            return self._try(given.strip(), asking.address)
        if self.is_signed_in(asking.headers):
            return None
        return Problem(401, "a token is needed: sign in, or send it as a bearer", headers=CHALLENGE)

    def _try(self, token: str, address: str) -> Problem | None:
        """Check a token. Returns the refusal; after too many guesses it has no reason."""
        assert self.token is not None
        now = self._clock()
        wait = math.ceil(self._tries.wait_s(address, now))
        if wait:
            return Problem(429, f"too many wrong tokens: try again in {wait} s", headers={"Retry-After": str(wait)})
        if hmac.compare_digest(token.encode(), self.token.encode()):
            self._tries.succeeded(address)
            return None
        self._tries.failed(address, token, now)
        return Problem(401, "this token is not the right one", headers=CHALLENGE)


class AccessMiddleware:
    """Stands before every route."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] == "http":
            asking = ClientRequest.of(scope)
            ASKER.set(network_of(asking.address))
            refusal = self._access.refusal(asking)
            if refusal is not None:
                await response(refusal)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def is_closed(path: str) -> bool:
    """Everything but the page itself, whose sign-in form must be seen, and the probes."""
    return path.startswith(CLOSED)


def needs_token(path: str) -> bool:
    """Signing in and enrolling are open: they are how a token and a one-time code are shown."""
    return is_closed(path) and path not in (SESSION_PATH, ENROLMENT_PATH)


def _cookie(headers: Headers) -> str | None:
    try:
        morsel = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return None
    return morsel.value if morsel is not None else None
