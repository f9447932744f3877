"""Follows the redirects of a camera's web server to itself, and no further.

A camera that redirects elsewhere could make the agent read any address that the agent reaches, and record what a
neighbour shows as its own.
"""

from http.client import HTTPException
from typing import Final
from urllib.parse import SplitResult, urljoin, urlsplit

from edge.capture.sources.failure_reasons import REDIRECTS, web_answer
from edge.capture.sources.source import AccessRefused

MOST_REDIRECTS: Final = 5
ELSEWHERE: Final = "which is another host, port or protocol, and is not followed: if it is right, make it the address"
_SECURED: Final = ("http", 80), ("https", 443)
_LONGEST: Final = 80


def redirection(address: str, times: int) -> str | None:
    """The address to which the camera redirects, with the user and password of this one; `None` where it does not.

    Raises `AccessRefused` with a sentence where that is another host, or where it has redirected too often.
    """
    try:
        location = _location(address)
        here, there = urlsplit(address), urlsplit(urljoin(address, location or ""))
        if location is None:
            return None
        is_own = _is_same(here, there)
    except (OSError, HTTPException, ValueError):
        return None
    if not is_own:
        raise AccessRefused(f"it redirects to {_shown(there)}, {ELSEWHERE}", address)
    if times >= MOST_REDIRECTS:
        raise AccessRefused(REDIRECTS, address)
    userinfo, separator, _ = here.netloc.rpartition("@")
    return there._replace(netloc=f"{userinfo}{separator}{there.netloc.rpartition('@')[2]}", fragment="").geturl()


def _location(address: str) -> str | None:
    with web_answer(address) as answer:
        return answer.getheader("Location") if 300 <= answer.status < 400 else None


def _is_same(here: SplitResult, there: SplitResult) -> bool:
    """Whether it is the same server, or the same one with TLS at the usual port."""
    services = _service(here), _service(there)
    return here.hostname == there.hostname and (services[0] == services[1] or services == _SECURED)


def _service(parts: SplitResult) -> tuple[str, int]:
    return parts.scheme, parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)


def _shown(parts: SplitResult) -> str:
    """Without user, password and path, which may be secret."""
    shown = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    return shown if len(shown) <= _LONGEST and shown.isprintable() else "an address that cannot be read"
