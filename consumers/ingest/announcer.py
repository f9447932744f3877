"""Publishes watermarks to producers. The broker may forget a retained watermark, so each is published again in turn."""

from collections.abc import Callable, Iterable, Mapping
from heapq import nsmallest
from itertools import islice

from bus_schemas.event import HUB_SOURCE
from bus_schemas.protocol import Watermark
from bus_schemas.streams import Traffic, traffic_of
from bus_schemas.topics import watermark_topic
from consumers.store.journal.writing import StreamKey, StreamState

EVERY_S = 2.0
AGAIN_S = 0.2
FAR = 500
"""A stream that has advanced by so many is announced at once: its producer may wait for room."""
RECENT_MICROSECONDS = 10 * 60 * 1_000_000
STREAMS_PER_TURN = 20
TURN_S = 0.01
"""A round of hundreds at once takes ingest, broker and producers tens of milliseconds, for which alerts would wait."""
MAX_OTHERS = 200
"""Streams a round that a newer one of their source has followed."""
MAX_REMEMBERED = 10_000

Publish = Callable[[str, bytes, str], None]
"""Takes topic, payload, and which stream of the topic it is about."""


class Announcer:
    """Announces a watermark when it has moved, or when a producer seems not to know it: at once, but seldom more than
    every 200 ms. All are announced again in rounds.

    A watermark costs ingest, broker and producer as much as an event, and the next one makes it superfluous.
    """

    def __init__(self, streams: Mapping[StreamKey, StreamState]) -> None:
        self._streams = streams
        self._announced_at: dict[StreamKey, float] = {}
        self._announced: dict[StreamKey, int] = {}
        """The watermark that was announced last of each."""
        self._waiting: set[StreamKey] = set()
        """Streams that advanced shortly after they were announced."""
        self._waiting_until = 0.0
        self._next_round = self._next_turn = 0.0
        self._left: list[StreamKey] = []
        self._session = ""

    def advanced(self, keys: Iterable[StreamKey], now: float, publish: Publish) -> None:
        for key in keys:
            if now - self._announced_at.get(key, -AGAIN_S) >= AGAIN_S or self._is_far(key):
                self._waiting.discard(key)
                self._announce(key, now, publish)
            else:
                self._waiting_until = self._waiting_until if self._waiting else now + AGAIN_S
                self._waiting.add(key)

    def _is_far(self, key: StreamKey) -> bool:
        """Or carries media, of which few fill the room of a producer."""
        state = self._streams.get(key)
        far = FAR if traffic_of(key[1]) is Traffic.EVENTS else 1
        return state is not None and state.watermark - self._announced.get(key, 0) >= far

    def wait_s(self, now: float) -> float:
        """Until `round` is to be called again; for ever where nothing waits for it."""
        moments = [self._waiting_until] if self._waiting else []
        moments += [self._next_turn] if self._left else []
        return max(0.0, min(moments, default=float("inf")) - now)

    def again(self, keys: Iterable[StreamKey], now: float, publish: Publish) -> None:
        """For producers that sent what we have, or left out what we lack."""
        for key in keys:
            if now - self._announced_at.get(key, -AGAIN_S) >= AGAIN_S:
                self._announce(key, now, publish)

    def begin(self, session: str) -> None:
        """A new connection: the broker may have forgotten all that it retained, and what was on its way is lost.

        Producers know by the new `session` that they have to send again what is not confirmed.
        """
        self._session = session
        self._next_round = 0.0
        self._announced_at.clear()
        self._announced.clear()
        self._waiting.clear()

    def round(self, now: float, publish: Publish) -> None:
        """Those that wait; and every 2 s the recent streams, of very many so many a time that nobody waits for them."""
        if self._waiting and now >= self._waiting_until:
            waiting, self._waiting = self._waiting, set()
            for key in waiting:
                self._announce(key, now, publish)
        if not self._left and now >= self._next_round:
            self._next_round = now + EVERY_S
            self._left = recent(self._streams, self._announced_at)
        if now < self._next_turn:
            return
        self._next_turn = now + TURN_S
        some = list(islice(self._left, STREAMS_PER_TURN))
        del self._left[:STREAMS_PER_TURN]
        for key in some:
            if now - self._announced_at.get(key, -EVERY_S) >= EVERY_S / 2:
                self._announce(key, now, publish)

    def _announce(self, key: StreamKey, now: float, publish: Publish) -> None:
        source, epoch = key
        state = self._streams.get(key)
        sequence = 0 if state is None else state.watermark
        watermark = Watermark(source=source, epoch=epoch, sequence=sequence, session=self._session)
        if len(self._announced_at) >= MAX_REMEMBERED:
            self._announced_at.clear()
            self._announced.clear()
        self._announced_at[key], self._announced[key] = now, sequence
        publish(watermark_topic(source), watermark.to_bytes(), epoch)


def recent(streams: Mapping[StreamKey, StreamState], announced_at: Mapping[StreamKey, float]) -> list[StreamKey]:
    """The newest stream of each kind of each source, after some others of the last ten minutes.

    Of those, the ones that were announced longest ago: whoever begins streams all the time lengthens no round. The
    broker retains the last announcement of a source.
    """
    newest: dict[tuple[str, Traffic], StreamKey] = {}
    latest = 0
    for key, state in streams.items():
        if key[1] and key[0] != HUB_SOURCE:
            kind = (key[0], traffic_of(key[1]))
            known = newest.get(kind)
            if known is None or state.received >= streams[known].received:
                newest[kind] = key
            latest = max(latest, state.received)
    since, first = latest - RECENT_MICROSECONDS, set(newest.values())
    others = [
        key
        for key, state in streams.items()
        if state.received >= since and key[1] and key[0] != HUB_SOURCE and key not in first
    ]
    some = nsmallest(MAX_OTHERS, others, key=lambda key: announced_at.get(key, 0.0))
    return sorted(some, key=lambda key: streams[key].received) + sorted(first, key=lambda key: streams[key].received)
