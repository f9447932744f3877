"""Moves an outbox to the bus: publishes each stream from its watermark on, and forgets what the journal holds."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import structlog

from bus_schemas.streams import Traffic
from producer.backoff import Retry
from producer.broker import BrokerAddress
from producer.file_identity import identity
from producer.ids import Clock
from producer.log_sync import LogSync
from producer.outbox.limits import OutboxLimits
from producer.relay.bus_messages import Incoming, Outgoing
from producer.relay.connections import ANSWER_S, RECONNECT, RelayConnections
from producer.relay.delivery import StreamDelivery
from producer.relay.open_outbox import OpenOutbox, broken_set_aside, open_outbox
from producer.relay.refusal_log import RefusalLog
from producer.relay.session import BrokerSession, BrokerUnreachable, SessionEnd
from producer.relay.unqueued_messages import UnqueuedMessages
from producer.relay.wake_up import WakeUp

TICK_S: Final = 0.25
ALLOWED_S: Final = 0.05
DRAIN_S: Final = 0.01

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class RelayOptions:
    """`bytes_per_s` None is no limit; 50,000 suits a cellular link."""

    bytes_per_s: int | None = None
    compress: bool = False
    limits: OutboxLimits = field(default_factory=OutboxLimits)
    subscriptions: tuple[str, ...] = ()
    syncs: bool = True
    """Whether the outbox is put on the disk before anything in it is sent. That is not needed where commits wait for
    the disk, or where everything can be sent again from its source.
    """
    is_exclusive: bool = False
    """Whether the outbox belongs to this process alone. A broken file is then set aside, because another thread makes
    a new one.
    """


@dataclass(slots=True)
class ConnectionCounters:
    connections: int = 0
    network_available: bool = False
    connected: bool = False


def ignore(message: Incoming) -> None:
    """The default of a relay without subscriptions."""


def nothing() -> Iterable[Outgoing]:
    """The default of a relay that retains nothing."""
    return ()


def always() -> bool:
    """The default of a relay that needs no permission to send."""
    return True


class Relay:
    """One for each outbox. `run` is its thread; `wake`, `publish` and `statistics` may be called from any other thread.

    `on_message` and `on_connect` are called in the thread of the relay and must return quickly. What `on_connect`
    returns is published after each connect, because the broker may have forgotten what it retained. Nothing is sent
    until `allowed` returns true.
    """

    def __init__(
        self,
        outbox_path: Path,
        broker: BrokerAddress,
        clock: Clock,
        options: RelayOptions | None = None,
        on_message: Callable[[Incoming], None] = ignore,
        on_connect: Callable[[], Iterable[Outgoing]] = nothing,
        allowed: Callable[[], bool] = always,
    ) -> None:
        self._path = outbox_path
        self._broker = broker
        self._clock = clock
        self._options = options or RelayOptions()
        self._on_message = on_message
        self._on_connect = on_connect
        self._allowed = allowed
        self._counters = ConnectionCounters()
        self._unqueued = UnqueuedMessages()
        self._wake_up = WakeUp()
        self._shows = False
        self._round_trip_s: float | None = None
        self._delivery: StreamDelivery | None = None
        self._refusals = RefusalLog(broker.username)

    def wake(self) -> None:
        """Report that there is something to send. It is free while an earlier wake-up is pending."""
        self._wake_up.wake()

    def publish(self, message: Outgoing) -> None:
        """Publish beside the streams, at most once: live pictures and answers. Dropped while not connected."""
        if self._counters.connected:
            self._shows = self._shows or not message.qos
            self._unqueued.add(message, time.monotonic())
            self.wake()

    @property
    def connected(self) -> bool:
        return self._counters.connected

    def drain(self, timeout_s: float) -> None:
        """Wait until all events are confirmed, for `timeout_s` at most and only while connected."""
        until, delivery = time.monotonic() + timeout_s, self._delivery
        # The poll that is running may not see what was committed just now.
        seen = delivery.polls + 2 if delivery else 0
        while delivery and self.connected and time.monotonic() < until:
            if delivery.polls >= seen and not delivery.waiting(Traffic.EVENTS):
                return
            self.wake()
            time.sleep(DRAIN_S)

    def trouble(self, source: str) -> str | None:
        """The refusal of the broker that holds for a device now, in a sentence."""
        return self._refusals.trouble(source)

    @property
    def gives_up_pictures(self) -> bool:
        """Whether more pictures come than the link carries."""
        return self._delivery is not None and self._delivery.gives_up_pictures

    @property
    def round_trips_s(self) -> tuple[float | None, float | None]:
        """How long the broker takes to acknowledge an event, and until the journal holds it, where it was measured."""
        delivery = self._delivery
        return self._round_trip_s, delivery.durable_s if delivery is not None else None

    def statistics(self) -> dict[str, int | bool]:
        """Counters of the link, by the names under which operators know them."""
        sent = self._delivery.counters if self._delivery is not None else None
        return {
            "messages_published": sent.published if sent else 0,
            "messages_failed": sent.failed if sent else 0,
            "bytes_sent": sent.bytes_sent if sent else 0,
            "bytes_saved_compression": sent.bytes_saved if sent else 0,
            "reconnection_count": max(0, self._counters.connections - 1),
            "retries_successful": sent.retries_successful if sent else 0,
            "events_resent": sent.events_resent if sent else 0,
            "connected": self._counters.connected,
            "network_available": self._counters.network_available,
            "failed_queue_size": sent.waiting if sent else 0,
        }

    def run(self, stopping: threading.Event) -> None:
        """Run until `stopping`, which is checked 4 times a second. Unconfirmed events stay in the outbox."""
        options = self._options
        with contextlib.closing(self._wake_up):
            while not stopping.is_set():
                with (
                    broken_set_aside(self._path) if options.is_exclusive else contextlib.nullcontext(),
                    open_outbox(self._path, self._clock, options.limits, is_exclusive=options.is_exclusive) as outbox,
                ):
                    self._serve(outbox, stopping)
                # The committing thread notices as well, and makes a new file.
                while identity(self._path) is None and not stopping.wait(TICK_S):
                    pass

    def _serve(self, outbox: OpenOutbox, stopping: threading.Event) -> None:
        """Run as long as the outbox is the file that was opened."""
        options = self._options
        log_sync = LogSync(outbox.connection, self._path) if options.syncs else None
        self._delivery = StreamDelivery(outbox.connection, self._clock, options.bytes_per_s, options.compress, log_sync)
        retry = Retry(RECONNECT)
        while not (stopping.is_set() or self._allowed() or outbox.is_gone):
            outbox.pause(ALLOWED_S, stopping)
        while not (stopping.is_set() or outbox.is_gone):
            if self._connect_and_send(outbox, self._delivery, stopping):
                retry.reset()
            outbox.pause(retry.next_s(), stopping)

    def _connect_and_send(self, outbox: OpenOutbox, delivery: StreamDelivery, stopping: threading.Event) -> bool:
        """False where the next attempt is to wait for longer than the one before. One that nobody answered has waited
        already: when a broker that stood still goes on, the next attempt is there at once.
        """
        try:
            connections = RelayConnections(self._broker, delivery.throttle, delivery.limits)
        except BrokerUnreachable as error:
            self._counters.network_available = False
            log.info("broker unreachable", broker=str(self._broker), reason=str(error))
            return False
        self._counters.network_available = True
        try:
            if self._accepted(connections, stopping):
                return self._send(outbox, delivery, connections, stopping)
            return connections.events.ended is None
        finally:
            self._counters.connected = False
            self._unqueued.clear()
            connections.close()
            self._log_end(connections.events.ended)

    def _log_end(self, ended: SessionEnd | None) -> None:
        if ended is None:
            return
        where = {"broker": str(self._broker), "reason": ended.reason}
        if ended.is_refusal:
            log.error("broker refuses the connection", user=self._broker.username, **where)
        else:
            log.info("broker lost", **where)

    def _accepted(self, connections: RelayConnections, stopping: threading.Event) -> bool:
        session = connections.events
        deadline = time.monotonic() + ANSWER_S
        while not (session.connected or session.ended or stopping.is_set()) and time.monotonic() < deadline:
            connections.step(TICK_S, self._wake_up.reader)
            self._wake_up.clear()
        if not (session.connected or session.ended or stopping.is_set()):
            log.info("broker does not answer", broker=str(self._broker), waited_s=ANSWER_S)
        return session.connected

    def _send(
        self,
        outbox: OpenOutbox,
        delivery: StreamDelivery,
        connections: RelayConnections,
        stopping: threading.Event,
    ) -> bool:
        session = connections.events
        self._counters.connected = True
        self._counters.connections += 1
        log.info("broker connected", broker=str(self._broker), connections=self._counters.connections)
        subscribed: set[str] = set()
        delivery.reconnected(Traffic.EVENTS, time.monotonic())
        session.subscribe(self._options.subscriptions)
        for message in self._on_connect():
            session.publish(message)
        while session.ended is None and not (stopping.is_set() or outbox.is_gone):
            delivery.poll(connections.sessions, time.monotonic())
            # A subscription can be lost in transit; repeating it costs nothing.
            silent = delivery.take_silent_topics()
            for topic in silent:
                self._refusals.note("read", topic, "no watermark")
            subscribed -= silent
            session.subscribe(delivery.watermark_topics - subscribed)
            subscribed |= delivery.watermark_topics
            self._tend(connections, delivery)
            wait_s = delivery.send(connections.sessions, time.monotonic())
            connections.step(min(wait_s, TICK_S), self._wake_up.reader)
            self._wake_up.clear()
            self._take_in(connections, delivery)
            self._round_trip_s = session.round_trip_s
            outbox.keep_up()
        return True

    def _tend(self, connections: RelayConnections, delivery: StreamDelivery) -> None:
        """Connect pictures and recordings where there are any, and publish the messages beside the streams."""
        now = time.monotonic()
        shown = {Traffic.PICTURES} if self._shows else set()
        for traffic in connections.want(delivery.traffics | shown, now):
            delivery.reconnected(traffic, now)
        delivery.counters.failed += connections.refusals()

        def publish(message: Outgoing) -> bool:
            session = connections.events if message.qos else connections.sessions.get(Traffic.PICTURES)
            if session is None or not (message.qos or _has_room(session, connections, now)):
                return False
            session.publish(message)
            delivery.counters.bytes_sent += len(message.payload)
            return True

        self._unqueued.send(publish, now)

    def _take_in(self, connections: RelayConnections, delivery: StreamDelivery) -> None:
        for refusal in connections.take_refusals():
            self._refusals.note(refusal.what, refusal.topic, refusal.reason)
        for topic, size in delivery.take_given_up():
            self._refusals.note("publish", topic, f"a message of {size:,} bytes is too large for it")
        incoming = connections.events.incoming
        while incoming:
            message = incoming.popleft()
            self._refusals.message_arrived(message.topic)
            if not delivery.take_in(message, time.monotonic()):
                self._on_message(message)
        delivery.write_down()


def _has_room(session: BrokerSession, connections: RelayConnections, now: float) -> bool:
    return not session.congested() and connections.allowance(now) > 0
