"""The connections of a relay, one for each kind of traffic, so that events never wait behind pictures."""

import select
import socket
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import structlog

from bus_schemas.streams import Traffic
from producer.backoff import Backoff, Retry
from producer.broker import BrokerAddress
from producer.relay.bulk_window import SLOW_S, BulkWindow
from producer.relay.session import BrokerRefusal, BrokerSession, BrokerUnreachable, Pace
from producer.relay.size_limits import SizeLimits
from producer.relay.throttle import Throttle

RECONNECT: Final = Backoff(2, 60, jitter=1.0)
"""Full jitter, so that the nodes of a site do not all reconnect in the same second."""
ANSWER_S: Final = 30.0
"""For an answer to CONNECT: a broker that stands still accepts connections, and so does a proxy in front of none. It
deals with each attempt that was given up, once it goes on.
"""
BULK_KEEPALIVE_S: Final = 300
"""A segment may take minutes on a slow link. The connection of the events finds a lost broker sooner."""
EVIDENCE_KEEPALIVE_S: Final = 30
"""It is idle for days, a router on the way forgets it, and others wait for what it has to send."""

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Bulk:
    """A connection beside that of the events, or the time of the next attempt."""

    session: BrokerSession | None = None
    window: BulkWindow = field(default_factory=BulkWindow)
    is_ready: bool = False
    retry: Retry = field(default_factory=partial(Retry, RECONNECT))
    again_at: float = 0.0
    asked_at: float = 0.0
    """When CONNECT was sent."""


class RelayConnections:
    """Starts with the connection of the events, and ends with it. Raises `BrokerUnreachable`."""

    def __init__(self, broker: BrokerAddress, throttle: Throttle, limits: SizeLimits) -> None:
        self._broker = broker
        self._throttle = throttle
        self._limits = limits
        self._bulk: dict[Traffic, _Bulk] = {}
        self._refused = 0
        self.events = BrokerSession(broker, "relay", Pace(on_sent=throttle.spend))
        self.sessions: dict[Traffic, BrokerSession] = {Traffic.EVENTS: self.events}
        """The sessions that are connected, events first."""

    def allowance(self, now: float, traffic: Traffic = Traffic.PICTURES) -> float:
        """Evidence is sent while no event waits, here or on its way, other media while no evidence waits either, within
        the byte limit.
        """
        if self.events.overdue_s(now) > SLOW_S:
            return 0.0
        before = [self.events]
        evidence = self.sessions.get(Traffic.EVIDENCE)
        if evidence is not None and traffic is not Traffic.EVIDENCE:
            before.append(evidence)
        return 0.0 if any(session.congested() for session in before) else self._throttle.credit(now)

    def want(self, traffics: Iterable[Traffic], now: float) -> list[Traffic]:
        """Connect each of these kinds of traffic. Returns those with a new connection since the last call."""
        begun: list[Traffic] = []
        for traffic in sorted(traffics):
            if traffic is not Traffic.EVENTS:
                bulk = self._bulk.setdefault(traffic, _Bulk())
                if self._tend(traffic, bulk, now):
                    begun.append(traffic)
        return begun

    def _tend(self, traffic: Traffic, bulk: _Bulk, now: float) -> bool:
        if bulk.session is not None and bulk.session.ended is not None:
            self._drop(traffic, bulk, bulk.session.ended.reason, now)
        if bulk.session is None:
            if now >= bulk.again_at:
                self._connect(traffic, bulk, now)
        elif bulk.session.connected and not bulk.is_ready:
            bulk.is_ready = True
            bulk.retry.reset()
            self.sessions[traffic] = bulk.session
            return True
        elif not bulk.is_ready:
            self._wait_for_answer(traffic, bulk, bulk.session, now)
        return False

    def _wait_for_answer(self, traffic: Traffic, bulk: _Bulk, session: BrokerSession, now: float) -> None:
        if session.congested():
            # CONNECT itself waits until events have left room on the link.
            bulk.asked_at = now
        elif now - bulk.asked_at >= ANSWER_S:
            self._drop(traffic, bulk, f"no answer within {ANSWER_S:.0f} s", now)

    def _connect(self, traffic: Traffic, bulk: _Bulk, now: float) -> None:
        keepalive_s = EVIDENCE_KEEPALIVE_S if traffic is Traffic.EVIDENCE else BULK_KEEPALIVE_S
        pace = Pace(partial(self.allowance, traffic=traffic), self._throttle.spend, keepalive_s)
        bulk.asked_at = now
        try:
            bulk.session, bulk.window = BrokerSession(self._broker, f"relay-{traffic}", pace), BulkWindow()
        except BrokerUnreachable as error:
            self._drop(traffic, bulk, str(error), now)

    def _drop(self, traffic: Traffic, bulk: _Bulk, reason: str, now: float) -> None:
        log.warning("no connection", traffic=str(traffic), broker=str(self._broker), reason=reason)
        if bulk.session is not None:
            self._limits.ended(traffic, bulk.session.suspect_bytes, now)
            bulk.session.close()
        self.sessions.pop(traffic, None)
        bulk.session, bulk.is_ready = None, False
        bulk.again_at = now + bulk.retry.next_s()

    def step(self, timeout_s: float, wake: socket.socket) -> None:
        """Wait for the broker, for a byte on `wake` or for the timeout, and serve the connections."""
        everyone = self._everyone()
        poll = select.poll()
        poll.register(wake, select.POLLIN)
        waits = [timeout_s, *(after for session in everyone if (after := session.register(poll)) is not None)]
        happened = dict(poll.poll(max(0.0, min(waits)) * 1000))
        for session in everyone:
            session.step(happened)
        self._limit_bulk(time.monotonic())

    def _limit_bulk(self, now: float) -> None:
        delay_s = self.events.delay_s(now)
        for bulk in self._bulk.values():
            if (session := bulk.session) is not None:
                bulk.window.update(session.acknowledged, session.in_flight, delay_s, now)
                session.most_in_flight = bulk.window.messages

    def _everyone(self) -> list[BrokerSession]:
        return [self.events, *(bulk.session for bulk in self._bulk.values() if bulk.session is not None)]

    def take_refusals(self) -> list[BrokerRefusal]:
        """Refusals of the broker since the last call."""
        found: list[BrokerRefusal] = []
        for session in self._everyone():
            found += session.refusals
            session.refusals.clear()
        return found

    def refusals(self) -> int:
        """How many messages the broker has refused since the last call."""
        refused = sum(session.refused for session in self._everyone())
        new, self._refused = max(0, refused - self._refused), refused
        return new

    def close(self) -> None:
        self._limits.ended(Traffic.EVENTS, self.events.suspect_bytes, time.monotonic())
        for session in self._everyone():
            session.close()
