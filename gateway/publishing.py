"""Publishes the actions of people as events of the hub, over the bus like any other event."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import TypeVar

from bus_schemas.catalogue import short_name
from bus_schemas.codec import to_bytes
from bus_schemas.event import Event
from bus_schemas.topics import event_topic
from gateway.context import Gateway
from gateway.http.problems import RETRY, Problem
from gateway.messages.bus import BusUnreachable, NoReader
from gateway.reading.wait_until import until

T = TypeVar("T")

READER_S = 5.0
PAUSE_S = 0.25
SEEN_S = 3.0


async def publish(gateway: Gateway, event: Event) -> None:
    """Raises a 503 where there is no broker, or where nobody takes events from it for a while."""
    try:
        await _publish_to_a_reader(gateway, event)
    except BusUnreachable as unreachable:
        raise Problem(503, f"{unreachable}; nothing was sent", headers=RETRY) from unreachable


async def _publish_to_a_reader(gateway: Gateway, event: Event) -> None:
    """The gateway has no outbox: what ingest does not receive, because it is only connecting, would be lost."""
    until = monotonic() + READER_S
    topic, body = event_topic(event.source, short_name(event.type)), to_bytes(event)
    while True:
        try:
            return await gateway.bus.publish(topic, body, needs_reader=True)
        except NoReader:
            if monotonic() >= until:
                raise
            await asyncio.sleep(PAUSE_S)


async def publish_until(gateway: Gateway, event: Event, seen: Callable[[], Awaitable[T | None]], what: str) -> T:
    """Publish it, and wait until a view has it. Raises a 503 where it has not in time."""
    await publish(gateway, event)
    found = await until(seen, SEEN_S)
    if found is None:
        raise Problem(503, f"{what} was sent, and is not in its view yet", headers=RETRY)
    return found
