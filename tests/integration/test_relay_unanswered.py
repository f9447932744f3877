"""A relay whose connections are accepted and not answered: a broker that stands still, or a proxy in front of none."""

import select
from contextlib import closing
from pathlib import Path

import pytest
from paho.mqtt.client import time_func

from bus_schemas.streams import Traffic
from producer.backoff import Backoff
from producer.broker import BrokerAddress
from producer.ids import utc_now
from producer.outbox.outbox import Outbox
from producer.relay import relay
from producer.relay.connections import ANSWER_S, RECONNECT, RelayConnections
from producer.relay.session import BrokerSession, Pace
from producer.relay.size_limits import SizeLimits
from producer.relay.throttle import Throttle
from producer.relay.wake_up import WakeUp
from tests.eventually import eventually
from tests.node_parts import running_relay
from tests.silent_broker import silent_broker

ATTEMPTS = 14
"""With waits that double each time the last would come after minutes."""


def test_waits_do_not_grow_while_a_broker_stands_still(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(relay, "ANSWER_S", 0.05)
    monkeypatch.setattr(relay, "RECONNECT", Backoff(0.05, 60.0, jitter=0.0))
    path = tmp_path / "node.sqlite"
    with Outbox(path, utc_now), silent_broker() as broker, running_relay(path, broker.port):
        eventually(lambda: len(broker.connections) >= ATTEMPTS)


def test_pictures_do_not_wait_for_an_answer_for_as_long_as_their_connection_may_be_silent() -> None:
    with silent_broker(answers=1) as broker, closing(WakeUp()) as wake:
        both = RelayConnections(BrokerAddress(port=broker.port), Throttle(None, now=0.0), SizeLimits())

        def step(now: float) -> None:
            both.want({Traffic.PICTURES}, now)
            both.step(0.01, wake.reader)

        def is_accepted() -> bool:
            both.step(0.01, wake.reader)
            return both.events.connected

        with closing(both):
            eventually(is_accepted)
            step(now=100.0)
            eventually(lambda: len(broker.connections) == 2)
            step(now=100.0 + ANSWER_S - 0.1)
            step(now=100.0 + ANSWER_S)
            step(now=100.0 + ANSWER_S + RECONNECT.first_s)
            eventually(lambda: len(broker.connections) == 3)

    assert Traffic.PICTURES not in both.sessions


def test_a_keepalive_ends_no_attempt_that_is_not_answered_yet() -> None:
    with (
        silent_broker() as broker,
        closing(BrokerSession(BrokerAddress(port=broker.port), "relay", Pace(keepalive_s=1))) as session,
    ):
        until = session._client._last_msg_out + 1.5

        def is_later() -> bool:
            poll = select.poll()
            session.register(poll)
            session.step(dict(poll.poll(50)))
            return time_func() > until

        eventually(is_later)

        assert session.ended is None
