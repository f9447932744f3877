"""A journal as it would have been live: with each incident of the rules right after the event that decided it."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from datetime import datetime, timedelta

from bus_schemas.event import HUB, Event, place
from bus_schemas.node import HeartbeatEvent
from consumers.alerting.incidents.projection import Incidents
from consumers.hub_config import Hub
from consumers.store.journal.record import Recorded

BACK = timedelta(milliseconds=50)
"""From the fold of an event through the bus to the journal."""

Told = list[tuple[datetime, Event]]


def with_incidents(events: Iterable[tuple[datetime, Event]], hub: Hub) -> Told:
    """What was received, in that order, and what the hub made of it. What else the hub made is left out."""
    told: Told = []
    incidents = Incidents(hub)
    with closing(sqlite3.connect(":memory:")) as view:
        view.executescript(incidents.schema)
        for received, event in events:
            if place(event.source)[1] == HUB and not isinstance(event, HeartbeatEvent):
                continue
            told.append((received, event))
            made: list[Event] = []
            incidents.fold(view, [Recorded(1, received, event)], made.append)
            told += [(received + BACK, one) for one in made]
    return told
