"""Tells producers how far their streams are durable. A retained watermark may be forgotten, so it is said again."""

import json
from collections.abc import Callable, Iterable, Mapping
from itertools import islice

from bus_schemas.event import HUB_SOURCE
from bus_schemas.streams import traffic_of
from bus_schemas.topics import watermark_topic
from consumers.journal.writing import StreamKey, StreamState

EVERY_SECONDS = 2.0
AGAIN_SECONDS = 0.2
RECENT_MICROSECONDS = 10 * 60 * 1_000_000
MAX_A_ROUND = 500
MAX_REMEMBERED = 10_000

Publish = Callable[[str, bytes, str], None]
"""Takes topic, payload, and which stream of the topic it is about."""


class Announcer:
    """Announces what changed at once, what somebody seems not to know at most every 200 ms, and all in rounds."""

    def __init__(self, streams: Mapping[StreamKey, StreamState]) -> None:
        self._streams = streams
        self._announced_at: dict[StreamKey, float] = {}
        self._next_round = 0.0
        self._left: list[StreamKey] = []
        self._session = ""

    def advanced(self, keys: Iterable[StreamKey], now: float, publish: Publish) -> None:
        for key in keys:
            self._announce(key, now, publish)

    def again(self, keys: Iterable[StreamKey], now: float, publish: Publish) -> None:
        """For producers that sent what we have, or left out what we lack."""
        for key in keys:
            if now - self._announced_at.get(key, -AGAIN_SECONDS) >= AGAIN_SECONDS:
                self._announce(key, now, publish)

    def begin(self, session: str) -> None:
        """A new connection: the broker may have forgotten all that it retained, and what was on its way is lost.

        Producers know by the new `session` that they have to send again what is not confirmed.
        """
        self._session = session
        self._next_round = 0.0
        self._announced_at.clear()

    def round(self, now: float, publish: Publish) -> None:
        """Every 2 s, all recent streams; of very many, so many a time that nobody waits for them."""
        if not self._left and now >= self._next_round:
            self._next_round = now + EVERY_SECONDS
            self._left = recent(self._streams)
        some = list(islice(self._left, MAX_A_ROUND))
        del self._left[:MAX_A_ROUND]
        for key in some:
            if now - self._announced_at.get(key, -EVERY_SECONDS) >= EVERY_SECONDS / 2:
                self._announce(key, now, publish)

    def _announce(self, key: StreamKey, now: float, publish: Publish) -> None:
        source, epoch = key
        state = self._streams.get(key)
        sequence = 0 if state is None else state.watermark
        body = {"source": source, "epoch": epoch, "sequence": sequence, "session": self._session}
        if len(self._announced_at) >= MAX_REMEMBERED:
            self._announced_at.clear()
        self._announced_at[key] = now
        publish(watermark_topic(source), json.dumps(body, separators=(",", ":")).encode(), epoch)


def recent(streams: Mapping[StreamKey, StreamState]) -> list[StreamKey]:
    """The newest stream of each kind of each source, after the others of the last ten minutes."""
    numbered = {key: state for key, state in streams.items() if key[1] and key[0] != HUB_SOURCE}
    ordered = sorted(numbered, key=lambda key: numbered[key].received)
    newest = {(source, traffic_of(epoch)): (source, epoch) for source, epoch in ordered}
    since = max((state.received for state in numbered.values()), default=0) - RECENT_MICROSECONDS
    return [key for key in ordered if newest[key[0], traffic_of(key[1])] == key or numbered[key].received >= since]
