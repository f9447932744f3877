"""Logs what the broker refuses, with user, topic and reason, and repeats it only after a while."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

import structlog

from bus_schemas.topics import state_topic

AGAIN_S: Final = 60.0
SILENT_S: Final = 30.0
HOLDS_S: Final = 90.0
TOPICS_KEPT: Final = 1000

What = Literal["subscribe", "publish", "read"]
_SENTENCES: Final[dict[What, str]] = {
    "subscribe": "broker refuses a subscription",
    "publish": "broker refuses a topic",
    "read": "nothing comes back on a topic: ingest does not run, or the access list has no `read` for it",
}

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _NotedRefusal:
    what: What
    reason: str
    first: float
    last: float
    logged: float | None = None


class RefusalLog:
    """Written by the thread of a connection; `trouble` may be called by any other thread."""

    def __init__(self, user: str | None, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._user = user
        self._monotonic = monotonic
        self._noted: dict[str, _NotedRefusal] = {}

    def note(self, what: What, topic: str, reason: str) -> None:
        now = self._monotonic()
        noted = self._noted.get(topic)
        if noted is None or noted.what != what:
            if len(self._noted) >= TOPICS_KEPT:
                return
            noted = self._noted[topic] = _NotedRefusal(what, reason, now, now)
        noted.reason, noted.last = reason, now
        if what == "read" and now - noted.first < SILENT_S:
            return
        if noted.logged is None or now - noted.logged >= AGAIN_S:
            noted.logged = now
            log.error(_SENTENCES[what], user=self._user, topic=topic, reason=reason)

    def message_arrived(self, topic: str) -> None:
        """A message arrived on the topic, so it can be read."""
        self._noted.pop(topic, None)

    def trouble(self, source: str) -> str | None:
        """The refusal of the broker that holds for a device now, in a sentence."""
        now, root = self._monotonic(), state_topic(source).removesuffix("state")
        for topic, noted in list(self._noted.items()):
            if topic.startswith(root) and noted.logged is not None and now - noted.last < HOLDS_S:
                return f"{_SENTENCES[noted.what]}: {topic} as user {self._user or '(none)'} ({noted.reason})"
        return None
