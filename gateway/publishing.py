"""What people do becomes an event of the hub, which goes over the bus like any other."""

from bus_schemas.catalogue import short_name
from bus_schemas.codec import to_bytes
from bus_schemas.event import Event
from bus_schemas.topics import event_topic
from gateway.context import RETRY, Gateway
from gateway.http.problems import Problem
from gateway.messages.bus import BusUnreachable


async def publish(gateway: Gateway, event: Event) -> None:
    """Raises a 503 where there is no broker."""
    try:
        await gateway.bus.publish(event_topic(event.source, short_name(event.type)), to_bytes(event))
    except BusUnreachable as unreachable:
        raise Problem(503, f"{unreachable}; nothing was sent", headers=RETRY) from unreachable
