"""A journal as it would have been live: with what the rules made of each event right after it."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

from bus_schemas.event import HUB, Event, place
from bus_schemas.node import HeartbeatEvent
from consumers import site_registry
from consumers.alerting.projection import AlertingProjection
from consumers.ingest.registry import Configured
from consumers.store.journal.record import Recorded
from tests.following import Followed
from tests.registry_events import registry_of

BACK = timedelta(milliseconds=50)
"""From the fold of an event through the bus to the journal."""

Reported = list[tuple[datetime, Event]]


def judged(data: Path, configured: Configured, *events: Event) -> Followed:
    """AlertingProjection of these events, by what the configuration says of devices and rules."""
    return Followed(AlertingProjection(), data, [*registry_of(configured), *events])


def with_alerting(events: Iterable[tuple[datetime, Event]]) -> Reported:
    """What was received, in that order, and what the hub made of it. What else the hub made is left out."""
    reported: Reported = []
    alerting = AlertingProjection()
    with closing(sqlite3.connect(":memory:")) as view:
        view.executescript(alerting.schema)
        for position, (received, event) in enumerate(events, 1):
            if place(event.source)[1] == HUB and not isinstance(event, (HeartbeatEvent, *site_registry.MODELS)):
                continue
            reported.append((received, event))
            made: list[Event] = []
            alerting.fold(view, [Recorded(position, received, event)], made.append)
            reported += [(received + BACK, one) for one in made]
    return reported
