"""The streams of one kind of traffic: they share a connection, a window and a retransmission timer."""

from collections.abc import Iterator
from typing import Final

import structlog

from bus_schemas.streams import Traffic
from producer.outbox.backlog import OutboxStream
from producer.relay.cursor import Cursor, Window
from producer.relay.messages import MAX_EVENTS
from producer.relay.round_trip import RoundTrip
from producer.relay.session import BrokerSession

WINDOW_EVENTS: Final = 8_000
WINDOW_BYTES: Final = 2 * 1024 * 1024
LINGER_S: Final = 0.02
CHECK_S: Final = 0.05

log = structlog.get_logger(__name__)


class Flow:
    """Times are seconds of a monotonic clock.

    If no watermark comes at all, ingest is away or slow: one message of one stream probes for it at growing intervals,
    and everything else waits. If watermarks of other streams come, what is missing was lost or is still to come: only
    that stream probes.
    """

    def __init__(self, traffic: Traffic) -> None:
        self.traffic = traffic
        self.cursors: dict[str, Cursor] = {}
        self.window = Window()
        self._round_trip = RoundTrip()
        self._last_watermark_at = 0.0
        self._probes = 0
        self._probing: Cursor | None = None
        self._check_at = 0.0
        self._turn = 0

    @property
    def round_trip_s(self) -> float | None:
        """How long watermarks take, where it was measured."""
        return self._round_trip.smoothed_s

    @property
    def is_silent(self) -> bool:
        """Whether ingest was probed and has not announced anything since."""
        return bool(self._probes)

    def saw(self, topic: str, stream: OutboxStream, now: float) -> None:
        if topic not in self.cursors:
            self.cursors[topic] = Cursor(stream, self.window, news_at=now)
        self.cursors[topic].saw(stream, now)

    def reconnected(self, now: float) -> None:
        for cursor in self.cursors.values():
            cursor.go_back()
        self._reset_probes(now)

    def watermark_arrived(self, now: float) -> None:
        """Ingest announced a watermark of one of these streams."""
        if self._probes:
            for cursor in self.cursors.values():
                cursor.progress_at = now
        self._reset_probes(now)

    def _reset_probes(self, now: float) -> None:
        self._last_watermark_at, self._probes, self._probing = now, 0, None

    def confirmed(self, cursor: Cursor, watermark: int, now: float) -> None:
        took = cursor.confirmed(watermark, now)
        if took is not None:
            self._round_trip.add(took)

    def poll(self, session: BrokerSession, now: float) -> list[str]:
        """Probe overdue streams. Returns their topics."""
        if now < self._check_at:
            return []
        self._check_at = now + CHECK_S
        if not any(cursor.is_waiting for cursor in self.cursors.values()):
            self._reset_probes(now)
            return []
        waiting = self._waiting(session, now)
        if not waiting:
            self._last_watermark_at = now
            return []
        if now - self._last_watermark_at >= self._round_trip.timeout_s(self._probes):
            asking = [min(waiting, key=lambda topic: waiting[topic].progress_at)]
            self._probes, self._last_watermark_at, self._probing = self._probes + 1, now, waiting[asking[0]]
        elif self._probes:
            return []
        else:
            asking = [topic for topic, cursor in waiting.items() if self._is_overdue(cursor, now)]
        for topic in asking:
            cursor = waiting[topic]
            cursor.probe(now)
            log.info("no watermark", source=cursor.stream.source, after=cursor.stream.watermark, attempt=cursor.retries)
        return asking

    def _waiting(self, session: BrokerSession, now: float) -> dict[str, Cursor]:
        """Streams that wait for ingest. The timers of streams that wait for the link do not run: what the broker has
        not acknowledged is on its way as long as the connection stands, and a second one would come behind it.
        """
        waiting = {}
        for topic, cursor in self.cursors.items():
            if cursor.is_waiting:
                if (cursor.first_number or session.published) > session.acknowledged:
                    cursor.progress_at = now
                else:
                    waiting[topic] = cursor
        return waiting

    def _is_overdue(self, cursor: Cursor, now: float) -> bool:
        return now - cursor.progress_at >= self._round_trip.timeout_s(cursor.retries)

    def ready(self, session: BrokerSession, now: float) -> Iterator[Cursor]:
        """Streams that may send a message, in turn, until there is no room or nothing left."""
        cursors = [cursor for cursor in self.cursors.values() if cursor.unsent > 0]
        turn, idle = self._turn, 0
        while idle < len(cursors) and self._takes_more(session):
            cursor = cursors[turn % len(cursors)]
            turn += 1
            if self._may_send(cursor, session, now):
                self._turn, idle = turn, 0
                yield cursor
            else:
                idle += 1

    def _takes_more(self, session: BrokerSession) -> bool:
        return session.ended is None and not session.congested() and session.in_flight < session.most_in_flight

    def _may_send(self, cursor: Cursor, session: BrokerSession, now: float) -> bool:
        if cursor.unsent <= 0 or not cursor.has_room or self._probing not in (None, cursor):
            return False
        if cursor.retries:
            return True
        if self.window.events + MAX_EVENTS > WINDOW_EVENTS:
            return False
        if max(self.window.bytes, session.in_flight_bytes) >= WINDOW_BYTES:
            return False
        # A quiet device sends at once; a busy one gathers events while messages are in flight.
        return cursor.unsent >= MAX_EVENTS or not session.in_flight or now - cursor.news_at >= LINGER_S

    def sent(self, cursor: Cursor, sequence: int, size: int, now: float, number: int) -> None:
        if not self.window.events:
            self._last_watermark_at = max(self._last_watermark_at, now)
        cursor.sent_upto(sequence, size, now, number)
        cursor.news_at = now

    def next_moment(self, session: BrokerSession) -> list[float]:
        """When to poll again. A stream that lacks room is woken by its connection."""
        moments = []
        if self.window.events:
            moments.append(max(self._check_at, self._last_watermark_at + self._round_trip.timeout_s(self._probes)))
            moments.append(self._check_at + 1.0)
        if self.window.unsent and session.in_flight < session.most_in_flight:
            moments += [cursor.news_at + LINGER_S for cursor in self.cursors.values() if cursor.unsent > 0]
        return moments
