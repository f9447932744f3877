"""Sends the streams of an outbox over one session after another, within a window past their watermarks."""

import sqlite3
from dataclasses import dataclass, replace
from typing import Annotated, Final

import structlog
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bus_schemas.event import MAX_EPOCH, MAX_SEQUENCE
from bus_schemas.topics import watermark_topic
from producer import backlog
from producer.bounds import replace_with_gap
from producer.cursor import Cursor
from producer.ids import Clock
from producer.messages import MAX_BYTES, MAX_EVENTS, Composer, Message
from producer.session import MAX_IN_FLIGHT, Incoming, Session
from producer.tables import Run, epoch, is_disk_full
from producer.throttle import Throttle
from producer.transaction import transaction

WINDOW_EVENTS: Final = 8_000
WINDOW_BYTES: Final = 2 * 1024 * 1024
LINGER_SECONDS: Final = 0.02
IDLE_SECONDS: Final = 1.0
TOO_LARGE: Final = "too_large"
HEADER_BYTES: Final = 1024
"""Room for topic and properties in what a broker says it takes."""

log = structlog.get_logger(__name__)


class Watermark(BaseModel):
    """What ingest announces of a stream."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    source: Annotated[str, Field(max_length=200)]
    epoch: Annotated[str, Field(max_length=MAX_EPOCH)]
    sequence: Annotated[int, Field(ge=0, le=MAX_SEQUENCE)]


@dataclass(slots=True)
class Figures:
    published: int = 0
    failed: int = 0
    bytes_sent: int = 0
    bytes_saved: int = 0
    retries_successful: int = 0
    ignored_watermarks: int = 0
    waiting: int = 0
    """Events that are not confirmed, as of the last look."""


class Delivery:
    """Used by the thread of the relay alone. Times are of a monotonic clock, in seconds."""

    def __init__(self, outbox: sqlite3.Connection, clock: Clock, bytes_per_s: int | None, compress: bool) -> None:
        self._outbox = outbox
        self.epoch = epoch(outbox)
        self._composer = Composer(self.epoch, clock, compress)
        self._clock = clock
        self._throttle = Throttle(bytes_per_s, now=0.0)
        self._cursors: dict[str, Cursor] = {}
        self._turn = 0
        self._refused = 0
        self._version = -1
        self._ignored: set[tuple[str, str]] = set()
        self._unheard: set[str] = set()
        self.figures = Figures()

    @property
    def watermark_topics(self) -> set[str]:
        return set(self._cursors)

    def take_unheard(self) -> set[str]:
        """The watermark topics that were silent for too long: the broker may not know that we want them."""
        unheard, self._unheard = self._unheard, set()
        return unheard

    def reconnected(self, max_packet_bytes: int | None) -> None:
        """Begin with a new session, whose broker takes no larger packets than these."""
        if max_packet_bytes is not None:
            self._composer = replace(self._composer, max_bytes=min(MAX_BYTES, max_packet_bytes - HEADER_BYTES))
        self._refused = 0
        for cursor in self._cursors.values():
            cursor.reconnected()

    def look(self, now: float) -> None:
        """See what the outbox has that it had not, and who has been silent for too long."""
        version: int = self._outbox.execute("pragma data_version").fetchone()[0]
        if version != self._version:
            self._version = version
            for stream in backlog.streams(self._outbox):
                topic = watermark_topic(stream.source)
                if topic not in self._cursors:
                    self._cursors[topic] = Cursor(stream, news_at=now)
                self._cursors[topic].saw(stream, now)
        for topic, cursor in self._cursors.items():
            if cursor.lose_patience(now):
                self.figures.failed += 1
                self._unheard.add(topic)
                log.info("no watermark", source=cursor.stream.source, after=cursor.sent, attempt=cursor.retries)
        self.figures.waiting = sum(c.stream.sequence - c.stream.watermark for c in self._cursors.values())

    def send(self, session: Session, now: float) -> float:
        """Send what may be sent. Returns the seconds after which to look again if nothing else happens."""
        self.figures.failed += session.refused - self._refused
        self._refused = session.refused
        cursors = list(self._cursors.values())
        idle = 0
        while idle < len(cursors) and session.ended is None:
            cursor = cursors[self._turn % len(cursors)]
            self._turn += 1
            if self._may_send(cursor, session, now):
                self._send_one(cursor, session, now)
                idle = 0
            else:
                idle += 1
        return self._wait_s(session, now)

    def throttled(self, now: float) -> bool:
        return self._throttle.wait_s(now) > 0

    def spend(self, size: int) -> None:
        self._throttle.spend(size)
        self.figures.bytes_sent += size

    def take_in(self, message: Incoming, now: float) -> bool:
        """Whether the message is a watermark of ours; a foreign epoch or a sequence never given is ignored."""
        cursor = self._cursors.get(message.topic)
        if cursor is None:
            return False
        try:
            watermark = Watermark.model_validate_json(message.payload)
        except ValidationError as error:
            self._ignore("watermark unreadable", cursor, str(error))
            return True
        if watermark.epoch != self.epoch:
            self._ignore("watermark of another epoch", cursor, watermark.epoch)
        elif watermark.sequence > max(cursor.stream.sequence, cursor.sent):
            # Somebody else lives by this epoch: a copied disk. Two of them cannot share a stream.
            self._ignore("watermark of another life", cursor, f"{watermark.sequence} was never given")
        else:
            self._confirm(cursor, watermark.sequence, now)
        return True

    def _ignore(self, event: str, cursor: Cursor, reason: str) -> None:
        """Ingest announces again and again; one line is enough."""
        self.figures.ignored_watermarks += 1
        if (event, cursor.stream.source) not in self._ignored:
            self._ignored.add((event, cursor.stream.source))
            log.warning(event, source=cursor.stream.source, reason=reason)

    def _confirm(self, cursor: Cursor, sequence: int, now: float) -> None:
        if sequence < cursor.stream.watermark:
            log.warning(
                "watermark went back", source=cursor.stream.source, before=cursor.stream.watermark, now=sequence
            )
        self.figures.retries_successful += bool(cursor.probing and sequence > cursor.stream.watermark)
        try:
            with transaction(self._outbox):
                backlog.confirm(self._outbox, cursor.stream.id, sequence)
        except sqlite3.OperationalError as error:
            # The next one will be written down; until then it is enough to know it.
            if not is_disk_full(error):
                raise
        cursor.confirmed(sequence, now)

    def _may_send(self, cursor: Cursor, session: Session, now: float) -> bool:
        if cursor.unsent <= 0 or self.throttled(now) or session.congested():
            return False
        if session.in_flight >= MAX_IN_FLIGHT or session.in_flight_bytes >= WINDOW_BYTES:
            return False
        if cursor.probing:
            return not cursor.outstanding
        listening = [other for other in self._cursors.values() if not other.probing]
        if sum(other.outstanding for other in listening) + MAX_EVENTS > WINDOW_EVENTS:
            return False
        if sum(other.outstanding_bytes for other in listening) >= WINDOW_BYTES:
            return False
        # A quiet device sends at once; a busy one waits for company while others are on their way.
        return cursor.unsent >= MAX_EVENTS or not session.in_flight or now - cursor.news_at >= LINGER_SECONDS

    def _send_one(self, cursor: Cursor, session: Session, now: float) -> None:
        stream = cursor.stream
        rows = backlog.rows_after(self._outbox, stream.id, cursor.sent, MAX_EVENTS)
        message = self._composer.compose(stream.source, cursor.sent, stream.sequence, rows)
        size = len(message.outgoing.payload)
        if session.max_packet_bytes is not None and size + HEADER_BYTES > session.max_packet_bytes:
            self._give_up(cursor, message)
            return
        session.publish(message.outgoing)
        cursor.sent_upto(message.last, size, now)
        cursor.news_at = now
        self.spend(size)
        self.figures.published += 1
        self.figures.bytes_saved += message.saved

    def _give_up(self, cursor: Cursor, message: Message) -> None:
        stream = cursor.stream
        log.warning("broker takes no message of this size", source=stream.source, bytes=len(message.outgoing.payload))
        with transaction(self._outbox):
            replace_with_gap(
                self._outbox,
                Run(stream.id, stream.source, message.first, message.last, TOO_LARGE, self._clock()),
            )

    def _wait_s(self, session: Session, now: float) -> float:
        moments = [due - now for cursor in self._cursors.values() if (due := cursor.stalls_at()) is not None]
        moments += [
            cursor.news_at + LINGER_SECONDS - now
            for cursor in self._cursors.values()
            if cursor.unsent > 0 and not cursor.probing and session.in_flight < MAX_IN_FLIGHT
        ]
        if (pause := self._throttle.wait_s(now)) > 0:
            moments = [max(pause, moment) for moment in [*moments, pause]]
        # What is overdue waits for something else than time: for room, which the connection will tell.
        return min((moment for moment in moments if moment > 0), default=IDLE_SECONDS)
