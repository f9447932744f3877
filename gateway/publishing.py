"""Publishes the actions of people as events of the hub, over the bus like any other event."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import Generic, TypeVar

from bus_schemas.catalogue import short_name
from bus_schemas.codec import to_bytes
from bus_schemas.event import Event
from bus_schemas.topics import event_topic
from consumers.engine.view_files import NoView
from gateway.context import Gateway
from gateway.http.problems import RETRY, Problem
from gateway.messages.bus import BusUnreachable, NoReader
from gateway.reading.stores import Stores
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


@dataclass(frozen=True, slots=True)
class ViewEntry(Generic[T]):
    """How an entry of a view is read, and the position of the newest event about it, which is 0 where there is none."""

    view: str
    last_position: Callable[[sqlite3.Connection], int]
    read: Callable[[sqlite3.Connection], T | None]

    def position(self, stores: Stores) -> int:
        try:
            return self.last_position(stores.view(self.view))
        except NoView:
            return 0

    def after(self, stores: Stores, position: int) -> T | None:
        """The entry once an event after this position has changed it."""
        return self.read(stores.view(self.view)) if self.position(stores) > position else None


async def publish_change(gateway: Gateway, event: Event, entry: ViewEntry[T], what: str) -> T:
    """Publish an event that changes an entry of a view, and return the entry as it is then. Raises a 503."""
    before = await gateway.ask(entry.position)

    async def changed() -> T | None:
        return await gateway.ask(partial(entry.after, position=before))

    return await publish_until(gateway, event, changed, what)
