"""Who may ask: closed by default. A token, or a browser of this machine that calls us by a name of this machine."""

import hashlib
import hmac
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.http.loopback import is_loopback
from gateway.http.problems import Problem, response

COOKIE = "watchpost"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
SESSION_PATH = "/api/v1/session"
CHALLENGE = {"WWW-Authenticate": "Bearer"}
CLOSED = ("/api/", "/media/", "/hls/", "/live/", "/heatmaps/", "/metrics")


class OpenToStrangers(ValueError):
    """The gateway would listen to other machines without asking for a token."""


@dataclass(frozen=True, slots=True)
class Access:
    """Decides on requests by nothing but their method, path and headers."""

    token: str | None

    @classmethod
    def of(cls, host: str, token: str | None) -> "Access":
        """Raises `OpenToStrangers`."""
        if not token and not is_loopback(host):
            raise OpenToStrangers(f"the gateway listens on {host}, which other machines reach; it needs a token")
        return cls(token or None)

    @property
    def session(self) -> str:
        """What the cookie holds: made of the token, but not the token."""
        assert self.token is not None
        return hmac.new(self.token.encode(), b"watchpost session", hashlib.sha256).hexdigest()

    def admits(self, token: str) -> bool:
        return self.token is None or _same(token, self.token)

    def refusal(self, method: str, path: str, headers: Headers) -> Problem | None:
        """Why this request is not answered, if it is not."""
        if method not in SAFE_METHODS and (crossed := _crossed_origin(headers)):
            return Problem(403, crossed)
        if self.token is None:
            return _wrong_name(headers.get("host", ""))
        if path == SESSION_PATH or not is_closed(path) or self._is_known(headers):
            return None
        return Problem(401, "a token is needed: sign in, or send it as a bearer", headers=CHALLENGE)

    def _is_known(self, headers: Headers) -> bool:
        assert self.token is not None
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and _same(given.strip(), self.token):
            return True
        session = _cookie(headers.get("cookie", ""))
        return session is not None and _same(session, self.session)


class Guard:
    """Stands before every route."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] == "http":
            refusal = self._access.refusal(scope["method"], scope["path"], Headers(scope=scope))
            if refusal is not None:
                await response(refusal)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def is_closed(path: str) -> bool:
    """Everything but the page itself, whose sign-in form must be seen, and the probes."""
    return path.startswith(CLOSED)


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())


def _cookie(header: str) -> str | None:
    try:
        morsel = SimpleCookie(header).get(COOKIE)
    except CookieError:
        return None
    return morsel.value if morsel is not None else None


def _crossed_origin(headers: Headers) -> str | None:
    """Browsers name the page that makes a write; programs name none."""
    origin, site = headers.get("origin"), headers.get("sec-fetch-site", "same-origin")
    if site not in {"same-origin", "none"}:
        return "writes from other pages are refused"
    if origin is not None and origin.partition("://")[2] != headers.get("host"):
        return f"writes from {origin[:200]} are refused"
    return None


def _wrong_name(host: str) -> Problem | None:
    """A page elsewhere may rebind its own name to this machine; the name gives it away."""
    name = host[: host.index("]") + 1] if host.startswith("[") and "]" in host else host.partition(":")[0]
    if name.lower() in LOOPBACK_NAMES:
        return None
    return Problem(403, "without a token this gateway answers only to localhost, 127.0.0.1 and [::1]")
