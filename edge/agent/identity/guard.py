"""Claims the devices on the bus, and answers the claims of other agents."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import structlog
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions
from pydantic import ValidationError

from bus_schemas.protocol import Claim
from bus_schemas.topics import claim_topic
from edge.agent.identity.contest import ANSWERS_WITHIN_S, Contest
from edge.agent.identity.instance import IdentityTaken, Instance
from producer.broker import BrokerAddress
from producer.mqtt import background_client
from producer.relay.refusal_log import RefusalLog

KEEPALIVE_S: Final = 10
AGAIN_S: Final = 30.0
CONTEST_REPORTED_FOR_S: Final = 120.0
CONNECTS_WITHIN_S: Final = 1.0
TURN_S: Final = 0.02

log = structlog.get_logger(__name__)


class IdentityGuard:
    """Uses a connection of its own without session state, so nothing is left on the broker of an agent that died.

    `poll`, `wait` and `established` are for the other threads of the agent.
    """

    def __init__(self, instance: Instance, sources: Sequence[str], broker: BrokerAddress) -> None:
        self.sources = sources
        self._broker = broker
        self._user = broker.username
        self._topics = [claim_topic(source) for source in sources]
        self._contest = Contest(instance)
        self._lock = threading.Lock()
        self._unanswered: set[int] = set()
        self._claimed: dict[int, str] = {}
        self._refusals = RefusalLog(broker.username)
        self._ask_at: float | None = None
        self._contested: tuple[float, str] | None = None
        """When another agent last wanted our devices, and who it is."""
        self._connected = False
        self._client = background_client(broker, "guard", keepalive_s=KEEPALIVE_S, longest_pause_s=30)
        self._unreachable: str | None = None
        """Why the broker was not reached, as it was logged last."""
        self._client.on_unreachable = self._on_unreachable
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_publish = self._on_publish
        self._client.on_message = self._on_message

    def start(self) -> None:
        self._client.loop_start()

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    @property
    def established(self) -> bool:
        """Whether the agent has asked, and no other agent has its devices."""
        return self._contest.established

    @property
    def trouble(self) -> str | None:
        """A sentence that names the agent which tried a moment ago to run the same devices; `None` where none did."""
        contested = self._contested
        if contested is None or time.monotonic() - contested[0] > CONTEST_REPORTED_FOR_S:
            return None
        return f"{contested[1]} tries to run the same devices: stop it, or give it a name and devices of its own"

    def poll(self) -> None:
        """Raises `IdentityTaken` once another agent has answered that stays. Claims again from time to time."""
        with self._lock:
            now = time.monotonic()
            self._contest.poll(now)
            lost_to = self._contest.lost_to
            asks = self._ask_at is not None and now - self._ask_at >= AGAIN_S
        if lost_to is not None:
            raise IdentityTaken(
                f"another agent has the same devices: {lost_to}; stop it, or give this one a name, devices and a "
                "data directory of its own (a copied disk: delete the outbox in the copy; where a hub has enrolled it, "
                "enrol the copy with a code of its own name)"
            )
        if asks:
            # Subscribe again as well: the subscription may have been lost in transit.
            self._subscribe()

    def wait(self, stopped: Callable[[], bool]) -> None:
        """Wait until no other agent has answered in time, or the broker is out of reach. Raises `IdentityTaken`."""
        began = time.monotonic()
        pause = threading.Event()
        while not (self.established or stopped()):
            waited = time.monotonic() - began
            if waited > (ANSWERS_WITHIN_S * 2 if self._connected else CONNECTS_WITHIN_S):
                return
            pause.wait(TURN_S)
            self.poll()

    def _on_unreachable(self, reason: str) -> None:
        """Once for each reason; then the relay, which does not connect before the identity is established, does so."""
        if not self.established and reason != self._unreachable:
            log.warning("broker unreachable", broker=str(self._broker), reason=reason)
            self._unreachable = reason

    def _on_connect(self, _client: Client, _data: Any, _flags: Any, code: ReasonCode, _properties: Any) -> None:
        if code.is_failure:
            # The relay does not connect before the identity is established, so nothing else logs this.
            log.error("broker refuses the connection", broker=str(self._broker), user=self._user, reason=str(code))
            return
        self._connected, self._unreachable = True, None
        self._subscribe()

    def _subscribe(self) -> None:
        self._ask_at = time.monotonic()
        self._client.subscribe([(topic, SubscribeOptions(qos=1, noLocal=True)) for topic in self._topics])

    def _on_disconnect(self, *_: Any) -> None:
        with self._lock:
            self._connected, self._ask_at = False, None
            self._unanswered.clear()
            self._claimed.clear()
            self._contest.disconnected()

    def _on_subscribe(self, *_: Any) -> None:
        with self._lock:
            for topic in self._topics:
                self._unanswered.add(self._say(topic, self._contest.ask()))

    def _on_publish(self, _client: Client, _data: Any, mid: int, code: ReasonCode, _properties: Properties) -> None:
        with self._lock:
            if code.is_failure:
                self._refusals.note("publish", self._claimed.get(mid, "claim"), str(code))
            self._claimed.pop(mid, None)
            if mid in self._unanswered:
                self._unanswered.discard(mid)
                if not self._unanswered:
                    self._contest.asked(time.monotonic())

    def _on_message(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        try:
            claim = Claim.model_validate_json(message.payload)
        except ValidationError as error:
            log.warning("claim unreadable", topic=message.topic, reason=str(error))
            return
        with self._lock:
            answer = self._contest.receive(claim)
            if answer is not None:
                log.warning("another agent wants our devices", topic=message.topic, other=str(claim))
                self._contested = time.monotonic(), f"{claim.node} on {claim.host}, process {claim.pid},"
                self._say(message.topic, answer)

    def _say(self, topic: str, claim: Claim) -> int:
        mid = self._client.publish(topic, claim.to_bytes(), qos=1).mid
        self._claimed[mid] = topic
        return mid


@contextmanager
def guarding(guard: IdentityGuard) -> Iterator[None]:
    guard.start()
    try:
        yield
    finally:
        guard.close()
