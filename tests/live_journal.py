"""A journal as it would have been live: with what the rules made of each event right after it."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from datetime import datetime, timedelta

from bus_schemas.event import HUB, Event, place
from bus_schemas.node import HeartbeatEvent
from consumers.alerting.projection import AlertingProjection
from consumers.hub_config import HubConfig
from consumers.store.journal.record import Recorded

BACK = timedelta(milliseconds=50)
"""From the fold of an event through the bus to the journal."""

Told = list[tuple[datetime, Event]]


def with_alerting(events: Iterable[tuple[datetime, Event]], hub: HubConfig) -> Told:
    """What was received, in that order, and what the hub made of it. What else the hub made is left out."""
    told: Told = []
    alerting = AlertingProjection(hub)
    with closing(sqlite3.connect(":memory:")) as view:
        view.executescript(alerting.schema)
        for received, event in events:
            if place(event.source)[1] == HUB and not isinstance(event, HeartbeatEvent):
                continue
            told.append((received, event))
            made: list[Event] = []
            alerting.fold(view, [Recorded(1, received, event)], made.append)
            told += [(received + BACK, one) for one in made]
    return told
