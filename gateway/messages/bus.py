"""The gateway's one connection to the broker: listens to topics while somebody wants them, asks nodes, publishes."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, Protocol

import structlog
from aiomqtt import Client, Message, MqttError, ProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from bus_schemas import topics
from gateway.messages.ids import uuid7
from producer.backoff import Backoff, Retry
from producer.broker import BrokerAddress
from producer.client_ids import draw_client_id
from producer.mqtt import NO_DELAY
from producer.os_errors import describe_network_error

Handler = Callable[[bytes], None]
Connect = Callable[[], "AnswerCheckingClient"]

RECONNECT = Backoff(0.2, 15.0)
MAX_DIGITS = 18
SEND_S = 2.0
LIVE = "/live/"
"""A picture that the broker retained is not of now: its device may be gone for long."""
NO_SUBSCRIBERS = 0x10
"""The answer of a broker of MQTT 5 to a message that no subscription matches."""
MAX_QUEUED = 1000
"""Live pictures beyond are dropped; everything else that arrives here is in the journal too."""

_log = structlog.get_logger()


class BusUnreachable(ConnectionError):
    """There is no connection to the broker now."""


class BusRefuses(BusUnreachable):
    """The broker does not let our user write there."""


class NoReader(BusUnreachable):
    """The broker took it, and nobody was subscribed to it: as while ingest connects."""


class Topics(Protocol):
    """Something that can subscribe to topics."""

    def listen(self, topic: str, handler: Handler) -> None: ...

    def forget(self, topic: str, handler: Handler) -> None: ...


def _is_cancelled() -> bool:
    """A DISCONNECT that a broker does not answer ends in an error, which takes the place of the cancellation."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _describe(error: BaseException) -> str:
    """In words, where aiomqtt has only quoted an error of the operating system."""
    cause = error.__cause__ or error.__context__
    return describe_network_error(cause if isinstance(cause, OSError) else error)


class Bus:
    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._client: AnswerCheckingClient | None = None
        self._handlers: dict[str, list[Handler]] = {}
        self._pending: dict[str, asyncio.Future[bytes]] = {}
        self._name = uuid7()
        self._changed = asyncio.Event()
        self._settled = asyncio.Event()
        self.messages_received = 0
        self.connections = 0
        """How often it has connected: a broker that is another one, or was started again, knows nothing."""

    @property
    def is_connected(self) -> bool:
        return self._client is not None

    async def run(self) -> None:
        """Until cancelled: connect, listen, and connect again."""
        retry = Retry(RECONNECT)
        while True:
            try:
                async with self._connect() as client:
                    retry.reset()
                    await self._serve(client)
            except* MqttError as lost:
                _log.info("broker lost", reason=_describe(lost.exceptions[0]), failures=retry.failures)
            finally:
                self._client = None
            if _is_cancelled():
                return
            await asyncio.sleep(retry.next_s())

    def listen(self, topic: str, handler: Handler) -> None:
        """Call `handler` with every payload on this topic from soon on, over reconnects too."""
        self._handlers.setdefault(topic, []).append(handler)
        self._settled.clear()
        self._changed.set()

    def forget(self, topic: str, handler: Handler) -> None:
        self._handlers[topic].remove(handler)
        if not self._handlers[topic]:
            del self._handlers[topic]
        self._changed.set()

    async def settled(self, within: float) -> None:
        """Until the broker has taken what is listened to, or a moment has passed. At once where there is no broker."""
        if self._client is None:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                await self._settled.wait()

    async def publish(
        self,
        topic: str,
        payload: bytes,
        properties: Properties | None = None,
        *,
        needs_reader: bool = False,
        retain: bool = False,
    ) -> None:
        """QoS 1. Raises `BusUnreachable`, and where it `needs_reader` `NoReader`, as far as the broker says."""
        # The connection may be another one, or none, when the answer is there.
        client = self._client
        if client is None:
            raise BusUnreachable("the gateway has no connection to the broker")
        try:
            await client.publish(topic, payload, qos=1, retain=retain, properties=properties, timeout=SEND_S)
            if needs_reader and client.reached_nobody:
                raise NoReader("nobody listens on the bus, as while ingest is starting")
        except PublishRefused as refusal:
            _log.error("broker refuses a topic", topic=topic, reason=str(refusal))
            raise BusRefuses(f"the broker does not let the gateway write {topic} ({refusal})") from refusal
        except MqttError as error:
            raise BusUnreachable(f"the broker did not take it: {_describe(error)}") from error

    @asynccontextmanager
    async def asked(self, topic: str, payload: bytes) -> AsyncIterator[asyncio.Future[bytes]]:
        """Send a request with response topic and correlation data; the future is its reply. Raises `BusUnreachable`."""
        correlation = uuid7()
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho leaves it untyped
        properties.ResponseTopic = topics.response_topic(topics.parse(topic), self._name)
        properties.CorrelationData = correlation.encode()
        reply: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._pending[correlation] = reply
        try:
            await self.publish(topic, payload, properties)
            yield reply
        finally:
            del self._pending[correlation]
            reply.cancel()

    async def _serve(self, client: "AnswerCheckingClient") -> None:
        await client.subscribe(topics.response_filter(self._name))
        self._client, self.connections = client, self.connections + 1
        _log.info("broker connected")
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep_subscribed(client))
            async for message in client.messages:
                self._take(message)

    async def _keep_subscribed(self, client: Client) -> None:
        subscribed: set[str] = set()
        while True:
            wanted = set(self._handlers)
            for topic in wanted - subscribed:
                await client.subscribe(topic, timeout=SEND_S)
            for topic in subscribed - wanted:
                await client.unsubscribe(topic, timeout=SEND_S)
            subscribed = wanted
            if wanted == set(self._handlers):
                self._settled.set()
            await self._changed.wait()
            self._changed.clear()

    def _take(self, message: Message) -> None:
        self.messages_received += 1
        topic, payload = str(message.topic), message.payload
        if not isinstance(payload, bytes) or (message.retain and LIVE in topic):
            return
        if topic.endswith(f"/response/{self._name}"):
            self._take_reply(message, payload)
        for handler in self._handlers.get(topic, ()):
            handler(payload)

    def _take_reply(self, message: Message, payload: bytes) -> None:
        correlation = getattr(message.properties, "CorrelationData", b"")
        reply = self._pending.get(correlation.decode("ascii", "replace"))
        if reply is not None and not reply.done():
            reply.set_result(payload)


class BrokerFigures:
    """The figures that mosquitto publishes of itself, if our user may read them."""

    def __init__(self, topics: Topics) -> None:
        self.clients: int | None = None
        self.messages_received: int | None = None
        topics.listen("$SYS/broker/clients/connected", self._take_clients)
        topics.listen("$SYS/broker/messages/received", self._take_messages)

    def _take_clients(self, payload: bytes) -> None:
        self.clients = _count(payload)

    def _take_messages(self, payload: bytes) -> None:
        self.messages_received = _count(payload)


def _count(payload: bytes) -> int | None:
    return int(payload) if payload.isdigit() and len(payload) <= MAX_DIGITS else None


class PublishRefused(MqttError):
    """The broker's answer to a message that it did not take."""


class AnswerCheckingClient(Client):
    """A client that says so where the broker takes a message and drops it, because our user may not write there."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._publishing = asyncio.Lock()
        self._refusal: ReasonCode | None = None
        self.reached_nobody = False
        """Whether the last message that was acknowledged had no subscriber."""
        acknowledged: Any = self._client.on_publish

        def on_publish(client: Any, data: Any, mid: int, code: ReasonCode, properties: Properties) -> None:
            self._refusal = code if code.is_failure else None
            self.reached_nobody = code.value == NO_SUBSCRIBERS
            acknowledged(client, data, mid, code, properties)

        self._client.on_publish = on_publish

    async def publish(self, /, topic: str, *given: Any, **named: Any) -> None:
        """One at a time: an answer bears a number that is not known here. Raises `PublishRefused`."""
        async with self._publishing:
            self._refusal = None
            await super().publish(topic, *given, **named)
            if self._refusal is not None:
                raise PublishRefused(str(self._refusal))


def client_of(broker: BrokerAddress) -> "AnswerCheckingClient":
    """A clean session: what was missed is in the journal."""
    return AnswerCheckingClient(
        broker.target,
        broker.port,
        transport=broker.transport,
        username=broker.username,
        password=broker.current_password(),
        identifier=draw_client_id("gateway"),
        tls_context=broker.tls.context() if broker.tls else None,
        protocol=ProtocolVersion.V5,
        max_queued_incoming_messages=MAX_QUEUED,
        keepalive=20,
        socket_options=(NO_DELAY,) if broker.unix_socket is None else (),
    )
