"""Publishes the actions of people as events of the hub, over the bus like any other event."""

import asyncio
from time import monotonic

from bus_schemas.catalogue import short_name
from bus_schemas.codec import to_bytes
from bus_schemas.event import Event
from bus_schemas.topics import event_topic
from gateway.context import RETRY, Gateway
from gateway.http.problems import Problem
from gateway.messages.bus import BusUnreachable, NoReader

READER_S = 5.0
PAUSE_S = 0.25


async def publish(gateway: Gateway, event: Event) -> None:
    """Raises a 503 where there is no broker, or where nobody takes events from it for a while."""
    try:
        await _publish_to_a_reader(gateway, event)
    except BusUnreachable as unreachable:
        raise Problem(503, f"{unreachable}; nothing was sent", headers=RETRY) from unreachable


async def _publish_to_a_reader(gateway: Gateway, event: Event) -> None:
    """The gateway has no outbox: what ingest does not hear, because it is only connecting, would be lost."""
    until = monotonic() + READER_S
    topic, body = event_topic(event.source, short_name(event.type)), to_bytes(event)
    while True:
        try:
            return await gateway.bus.publish(topic, body, needs_reader=True)
        except NoReader:
            if monotonic() >= until:
                raise
            await asyncio.sleep(PAUSE_S)
