"""Finds the starts of an agent: its camera was not recorded from when it was heard last until it ran again."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice

from pydantic_core import from_json

from bus_schemas.event import device_source
from bus_schemas.node import HEARTBEAT_EVERY_S, HeartbeatEvent
from consumers.store.journal.query_types import EventFilter
from consumers.views.recordings.holes import Evidence, Hole
from gateway.reading.stores import Stores
from producer.times import moment_of_seconds

MOST_HOLES = 20
"""The newest are explained of an agent that is killed all the time."""
MOST_RUNS = 10
REASON = "it was started again"
_HEARD_WITHIN = timedelta(seconds=3 * HEARTBEAT_EVERY_S)
"""By then an agent that runs has sent a heartbeat."""
_CLOCK_S = 2.0
"""So much may be between the clock that an uptime is measured by and that of its event."""


def of_starts(stores: Stores, where: tuple[str, str], holes: Iterable[Hole]) -> Iterator[Evidence]:
    """Evidence for the holes in which the agent began to run."""
    newest = sorted((hole for hole in holes if hole.cause == "unknown"), key=lambda hole: -hole.start)
    for hole in islice(newest, MOST_HOLES):
        yield from _of_hole(stores, where, hole)


def _of_hole(stores: Stores, where: tuple[str, str], hole: Hole) -> Iterator[Evidence]:
    """Run by run, back from the first heartbeats after it."""
    begun, end = moment_of_seconds(hole.start), moment_of_seconds(hole.end) + _HEARD_WITHIN
    for _ in range(MOST_RUNS):
        beat = _newest_heartbeat(stores, where, begun, end)
        if beat is None:
            return
        started = beat.time.timestamp() - beat.data.uptime_s
        if started < hole.start - _CLOCK_S:
            return
        end = moment_of_seconds(max(started - _CLOCK_S, hole.start))
        if started <= hole.end + _CLOCK_S:
            known = {"reason": REASON} | ({"node": beat.data.node} if beat.data.node else {})
            heard = _heard_before(stores, where, begun, end)
            yield Evidence("agent_down", heard, min(max(started, hole.start), hole.end), known)


def _newest_heartbeat(stores: Stores, where: tuple[str, str], start: datetime, end: datetime) -> HeartbeatEvent | None:
    types = (HeartbeatEvent.model_fields["type"].default,)
    wanted = EventFilter(source=device_source(*where), types=types, start=start, end=end)
    found = stores.queries.select(wanted, 1, "desc") if start < end else []
    return HeartbeatEvent.model_validate_json(found[0].body) if found else None


def _heard_before(stores: Stores, where: tuple[str, str], start: datetime, end: datetime) -> float:
    """When the last event of the device was before its agent began; the begin of the hole where there is none in it."""
    if end <= start:
        return start.timestamp()
    wanted = EventFilter(source=device_source(*where), start=start, end=end)
    found = stores.queries.select(wanted, 1, "desc")
    return datetime.fromisoformat(from_json(found[0].body)["time"]).timestamp() if found else start.timestamp()
