"""Sessions of browsers: a signed cookie with an end, and a list of those that were signed out before it."""

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable
from pathlib import Path
from threading import Lock

import structlog

from producer.whole_file import PRIVATE, write_whole

LASTS_S = 30 * 86_400
REMEMBERED = 10_000

log = structlog.get_logger()


class Sessions:
    """Those of one token: another token ends all of them. The list outlives a restart and a power cut in a file, once
    `keep` has returned.
    """

    def __init__(self, token: str, now: Callable[[], float], file: Path | None = None) -> None:
        self._key = hmac.new(token.encode(), b"watchpost session", hashlib.sha256).digest()
        self._now = now
        self._file = file
        self._ended: dict[str, int] = _load(file)
        self._keeping = Lock()

    def begin(self) -> str:
        """The cookie of a new session."""
        payload = f"{secrets.token_urlsafe(18)}.{int(self._now()) + LASTS_S}"
        return f"{payload}.{self._sign(payload)}"

    def is_open(self, cookie: str) -> bool:
        session = self._read(cookie)
        return session is not None and session[0] not in self._ended

    def end(self, cookie: str) -> bool:
        """Sign out: the cookie, and every copy of it, is worth nothing from now on. Whether it was worth something."""
        session = self._read(cookie)
        if session is None or session[0] in self._ended:
            return False
        now = self._now()
        self._ended = {name: until for name, until in self._ended.items() if until > now}
        while len(self._ended) >= REMEMBERED:
            del self._ended[next(iter(self._ended))]
        self._ended[session[0]] = session[1]
        return True

    def _read(self, cookie: str) -> tuple[str, int] | None:
        """Its id and its end, where it is one of ours that has not ended by itself."""
        payload, _, signature = cookie.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._sign(payload).encode()):
            return None
        session, _, until = payload.partition(".")
        return (session, int(until)) if int(until) > self._now() else None

    def _sign(self, payload: str) -> str:
        return hmac.new(self._key, payload.encode(), hashlib.sha256).hexdigest()

    def keep(self) -> None:
        """Write the list. It waits for the disk, and so belongs into a thread of its own; any may call it."""
        if self._file is None:
            return
        with self._keeping:
            try:
                self._file.parent.mkdir(parents=True, exist_ok=True)
                write_whole(self._file, json.dumps(self._ended.copy()).encode(), PRIVATE)
            except OSError as error:
                log.warning("who signed out is not remembered over a restart", reason=error.strerror)


def _load(file: Path | None) -> dict[str, int]:
    if file is None:
        return {}
    try:
        found = json.loads(file.read_text())
        return {str(name): int(until) for name, until in found.items()} if isinstance(found, dict) else {}
    except (OSError, ValueError, TypeError, OverflowError, RecursionError):
        return {}
