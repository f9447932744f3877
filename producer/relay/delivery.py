"""Publishes the streams of an outbox, events first, each kind of traffic within a window past its watermarks."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Final

import structlog
from pydantic import ValidationError

from bus_schemas.protocol import Watermark
from bus_schemas.streams import Traffic, traffic_of
from bus_schemas.topics import watermark_topic
from producer.ids import Clock
from producer.log_sync import LogSync
from producer.os_errors import describe_os_error
from producer.outbox import backlog
from producer.outbox.limits import drop_stale, replace_with_gap
from producer.outbox.tables import SequenceGap, epoch, is_disk_full
from producer.relay.bus_messages import Incoming
from producer.relay.cursor import Cursor
from producer.relay.flow import Flow
from producer.relay.messages import MAX_BYTES, MAX_EVENTS, Composer, OutboxMessage
from producer.relay.session import BrokerSession
from producer.relay.size_limits import SizeLimits
from producer.relay.thinning import Thinning
from producer.relay.throttle import Throttle
from producer.relay.upkeep_lock import OutboxBusy, UpkeepLock
from producer.transaction import attempt

IDLE_S: Final = 1.0
TOO_LARGE: Final = "too_large"
HEADER_BYTES: Final = 1024
"""Room for topic and properties within the broker's maximum packet size."""
MESSAGE_S: Final = 0.25
MIN_MESSAGE_BYTES: Final = 4 * 1024
"""A message of events occupies a slow link no longer than this, unless it has the minimum size."""

Sessions = Mapping[Traffic, BrokerSession]

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class DeliveryCounters:
    published: int = 0
    failed: int = 0
    bytes_sent: int = 0
    bytes_saved: int = 0
    retries_successful: int = 0
    events_resent: int = 0
    ignored_watermarks: int = 0
    waiting: int = 0
    """Events that are not confirmed, as of the last poll."""


class StreamDelivery:
    """Used by the thread of the relay alone. Times are seconds of a monotonic clock."""

    def __init__(
        self,
        outbox: sqlite3.Connection,
        clock: Clock,
        bytes_per_s: int | None,
        compress: bool,
        log_sync: LogSync | None = None,
    ) -> None:
        """`log_sync` where the outbox is put on the disk before anything in it is sent."""
        self._outbox = outbox
        self._log_sync = log_sync
        self._sync_fails = False
        self._upkeep_lock = UpkeepLock(outbox)
        self.epoch = epoch(outbox)
        self._composer = Composer(clock, compress)
        self._clock = clock
        self.throttle = Throttle(bytes_per_s, now=0.0)
        self._flows = {traffic: Flow(traffic) for traffic in Traffic}
        self._thinning = Thinning()
        self._version = -1
        self._last_stream = 0
        """The newest stream that was read. A node may have hundreds: older ones are read again while events wait."""
        self._ignored: set[tuple[str, str]] = set()
        self._ingests: dict[str, str] = {}
        self._silent_topics: set[str] = set()
        self._moved: dict[int, int] = {}
        self._given_up: list[tuple[str, int]] = []
        self.limits = SizeLimits()
        self.watermark_topics: set[str] = set()
        self.counters = DeliveryCounters()
        self.polls = 0
        """How often the outbox was polled."""

    @property
    def traffics(self) -> set[Traffic]:
        """The kinds of traffic that have streams."""
        return {traffic for traffic, flow in self._flows.items() if flow.cursors}

    @property
    def durable_s(self) -> float | None:
        """How long events take into the journal, where it was measured."""
        return self._flows[Traffic.EVENTS].round_trip_s

    @property
    def gives_up_pictures(self) -> bool:
        """Whether more pictures come than the link carries."""
        return self._thinning.is_needed

    def waiting(self, traffic: Traffic) -> int:
        """How many events are not confirmed, as of the last poll."""
        return self._flows[traffic].window.waiting

    def take_silent_topics(self) -> set[str]:
        """Watermark topics that were silent for too long: the broker may have lost the subscription."""
        unheard, self._silent_topics = self._silent_topics, set()
        return unheard

    def take_given_up(self) -> list[tuple[str, int]]:
        """Topic and size of each message that was too large for the broker."""
        given_up, self._given_up = self._given_up, []
        return given_up

    def reconnected(self, traffic: Traffic, now: float) -> None:
        """Send again what was in flight when a connection ended: it is lost, or arrives twice."""
        self._flows[traffic].reconnected(now)

    def poll(self, sessions: Sessions, now: float) -> None:
        """Read what is new in the outbox, and find streams whose watermark is overdue."""
        self.polls += 1
        version: int = self._outbox.execute("pragma data_version").fetchone()[0]
        if version != self._version:
            self._version = version
            for stream in backlog.waiting_streams(self._outbox, self._last_stream):
                self._last_stream = max(self._last_stream, stream.id)
                topic = watermark_topic(stream.source)
                self.watermark_topics.add(topic)
                self._flows[stream.traffic].saw(topic, stream, now)
        for traffic, session in sessions.items():
            flow = self._flows[traffic]
            asking = flow.poll(session, now)
            self.counters.failed += len(asking)
            self._silent_topics.update(asking)
        self._poll_pictures(sessions, now)
        self.counters.waiting = sum(flow.window.waiting for flow in self._flows.values())

    def _poll_pictures(self, sessions: Sessions, now: float) -> None:
        session = sessions.get(Traffic.PICTURES)
        if session is None or self._flows[Traffic.EVENTS].window.unsent > MAX_EVENTS:
            self._thinning.pause()
        else:
            is_full = session.congested() or self.throttle.credit(now) <= 0
            self._thinning.poll(self._flows[Traffic.PICTURES].window.unsent, is_full, now)

    def send(self, sessions: Sessions, now: float) -> float:
        """Send what may be sent. Returns the seconds until the next call, if nothing else happens."""
        moments = []
        for traffic, session in sessions.items():
            flow = self._flows[traffic]
            for cursor in flow.ready(session, now):
                if self.throttled(now) or not self._send_one(flow, cursor, session, now):
                    break
            moments += flow.next_moment(session)
        if (pause := self.throttle.wait_s(now)) > 0:
            return pause
        return min((moment - now for moment in moments if moment > now), default=IDLE_S)

    def throttled(self, now: float) -> bool:
        return self.throttle.wait_s(now) > 0

    def take_in(self, message: Incoming, now: float) -> bool:
        """Whether it is a watermark of this outbox. Another epoch, or a sequence never assigned, is ignored."""
        if message.topic not in self.watermark_topics:
            return False
        try:
            watermark = Watermark.model_validate_json(message.payload)
        except ValidationError as error:
            self._ignore("watermark unreadable", message.topic, str(error))
            return True
        flow = self._flows[traffic_of(watermark.epoch)]
        cursor = flow.cursors.get(message.topic)
        if cursor is None or watermark.epoch != cursor.stream.epoch:
            self._ignore("watermark of another epoch", message.topic, watermark.epoch)
        elif watermark.sequence > max(cursor.stream.sequence, cursor.sent):
            # Another producer has this epoch: a copied disk. Two of them cannot share a stream.
            self._ignore("watermark of another life", message.topic, f"{watermark.sequence} was never given")
        else:
            if not message.retained:
                self._note_ingest(message.topic, flow, watermark, now)
            self._confirm(flow, cursor, watermark.sequence, now)
        return True

    def write_down(self) -> None:
        """Store the watermarks in the outbox, which may then forget the rows."""
        if not self._moved:
            return
        try:
            with self._upkeep_lock.transaction():
                for stream, sequence in self._moved.items():
                    backlog.confirm(self._outbox, stream, sequence)
        except OutboxBusy:
            # They are stored the next time; until then they are known here.
            return
        except sqlite3.OperationalError as error:
            if not is_disk_full(error):
                raise
        else:
            self._moved.clear()

    def _note_ingest(self, topic: str, flow: Flow, watermark: Watermark, now: float) -> None:
        was_silent = flow.is_silent
        flow.watermark_arrived(now)
        before = self._ingests.get(topic)
        if watermark.session is not None and watermark.session != before:
            self._ingests[topic] = watermark.session
            if before is not None or was_silent:
                # Ingest has lost its connection, and with it everything in flight.
                for each in self._flows.values():
                    if topic in each.cursors:
                        each.cursors[topic].go_back()

    def _ignore(self, event: str, topic: str, reason: str) -> None:
        """Ingest announces repeatedly; one log line is enough."""
        self.counters.ignored_watermarks += 1
        if (event, topic) not in self._ignored:
            self._ignored.add((event, topic))
            log.warning(event, topic=topic, reason=reason)

    def _confirm(self, flow: Flow, cursor: Cursor, sequence: int, now: float) -> None:
        before = cursor.stream.watermark
        if sequence < before:
            log.warning("watermark went back", source=cursor.stream.source, before=before, now=sequence)
        self.counters.retries_successful += bool(cursor.retries and sequence > before)
        if sequence != before:
            self._moved[cursor.stream.id] = sequence
        flow.confirmed(cursor, sequence, now)

    def _send_one(self, flow: Flow, cursor: Cursor, session: BrokerSession, now: float) -> bool:
        """False where it cannot be put on the disk, and so must not be sent yet."""
        stream = cursor.stream
        if self._thinning.is_needed and flow.traffic is Traffic.PICTURES:
            self._thin(cursor, now)
        rows = backlog.rows_after(self._outbox, stream.id, cursor.sent, MAX_EVENTS)
        message = self._composer.compose(stream, cursor.sent, rows, self._max_bytes(session, flow.traffic, now))
        if not self._is_on_disk():
            return False
        size = len(message.outgoing.payload)
        if size > _announced(session) or self.limits.is_too_large(flow.traffic, size, now):
            return self._give_up(cursor, message)
        session.publish(message.outgoing)
        self.counters.events_resent += max(0, min(message.last, cursor.highest) - cursor.sent)
        flow.sent(cursor, message.last, size, now, session.published)
        self.counters.bytes_sent += size
        self.counters.published += 1
        self.counters.bytes_saved += message.saved
        return True

    def _is_on_disk(self) -> bool:
        """Whether everything that was read of the outbox is on the disk: after a power cut its sequences would be given
        to other events.
        """
        if self._log_sync is None:
            return True
        try:
            self._log_sync.sync()
        except OSError as error:
            if not self._sync_fails:
                log.error("outbox cannot be synced, nothing is sent", reason=describe_os_error(error))
            self._sync_fails = True
            return False
        self._sync_fails = False
        return True

    def _max_bytes(self, session: BrokerSession, traffic: Traffic, now: float) -> int:
        """The size limit of a message of events, so that events of other devices do not wait for long."""
        rates = [rate for rate in (self.throttle.bytes_per_s, session.bytes_per_s) if rate is not None]
        most = max(MIN_MESSAGE_BYTES, min(rates, default=MAX_BYTES / MESSAGE_S) * MESSAGE_S)
        return int(min(most, _announced(session), self.limits.batch(traffic, now), MAX_BYTES))

    def _thin(self, cursor: Cursor, now: float) -> None:
        with attempt(self._outbox) as tried:
            dropped = drop_stale(self._outbox, cursor.stream, cursor.highest, self._clock())
        if tried.is_done and (logged := self._thinning.dropped_to_log(dropped, now)):
            log.info("link too slow for all pictures", given_up=logged)

    def _give_up(self, cursor: Cursor, message: OutboxMessage) -> bool:
        """False where the disk has no room for the gap."""
        stream = cursor.stream
        size = len(message.outgoing.payload)
        run = SequenceGap(stream.id, stream.source, stream.epoch, message.first, message.last, TOO_LARGE, self._clock())
        with attempt(self._outbox) as tried:
            replace_with_gap(self._outbox, run)
        if tried.is_done:
            log.warning("broker takes no message of this size", source=stream.source, bytes=size)
            self._given_up.append((message.outgoing.topic, size))
        return tried.is_done


def _announced(session: BrokerSession) -> float:
    """Bytes of a payload that the broker takes, as it says."""
    return inf if session.max_packet_bytes is None else session.max_packet_bytes - HEADER_BYTES
