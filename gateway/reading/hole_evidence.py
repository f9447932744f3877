"""Gathers what the log says of why a device was not recorded: incidents, deletions, its recorder, lost events."""

import sqlite3
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from math import inf

from pydantic_core import from_json

from bus_schemas.event import HUB, device_source
from bus_schemas.node import GapEvent, HealthEvent
from consumers.alerting.incidents.questions import IncidentRow, incidents
from consumers.alerting.projection import AlertingProjection
from consumers.engine.intervals import IntervalQuery
from consumers.engine.view_files import NoView
from consumers.store.journal.query_types import EventFilter, Order, StoredEvent
from consumers.views.recordings.holes import Evidence, Hole, HoleCause, dropped, explained, holes, positions_around
from consumers.views.recordings.questions import pauses
from gateway.reading.agent_starts import of_starts
from gateway.reading.stores import Stores
from producer.outbox.limits import DISK_FULL
from producer.times import moment_of_seconds

VIEW = "recordings"
MOST_INCIDENTS = 2000
MOST_GAPS = 500
MOST_CONNECTIONS = 20
LATE = timedelta(days=7)
"""A gap has the time at which its events were dropped, which may be long after they would have happened."""
_AWAY = frozenset({"connection", "silent"})
_OF_HUB: dict[str, HoleCause] = {"storage_unwritable": "disk_full", "hub_deaf": "hub_away"}


def explained_holes(
    stores: Stores, where: tuple[str, str], start: datetime, end: datetime, now: datetime
) -> list[Hole]:
    """The time from `start` to `end` in which a device was not recorded, each part of it with its cause."""
    view = stores.view(VIEW)
    span = start.timestamp(), end.timestamp()
    missing = holes(view, where, *span, now.timestamp())
    if not missing:
        return []
    evidence = [
        *_of_incidents(stores, where, start, end),
        *dropped(view, where, *span),
        *_of_recorder(view, where, start, end),
        *_before_first_event(stores, where),
    ]
    found = explained(missing, evidence)
    if any(hole.cause == "unknown" for hole in found):
        late = [
            *_of_lost_events(stores, where, found),
            *_of_recordings_on_their_way(stores, where, missing[-1]),
            *of_starts(stores, where, found),
        ]
        found = explained(missing, [*evidence, *late])
    return found


def _of_incidents(stores: Stores, where: tuple[str, str], start: datetime, end: datetime) -> Iterator[Evidence]:
    try:
        view = stores.view(AlertingProjection.name)
    except NoView:
        return
    wanted = IntervalQuery(site=where[0], device=where[1], start=start, end=end, limit=MOST_INCIDENTS)
    for row in incidents(view, wanted):
        cause = _cause(row)
        if cause is not None:
            yield _evidence(cause, row)
    for row in incidents(view, IntervalQuery(site=HUB, start=start, end=end, limit=MOST_INCIDENTS)):
        if row["type"] in _OF_HUB:
            yield _evidence(_OF_HUB[row["type"]], row)


def _cause(row: IncidentRow) -> HoleCause | None:
    if row["type"] in ("degraded", "stale"):
        return "camera_off"
    if row["type"] != "offline":
        return None
    details = row["details"]
    if details.get("orderly"):
        return "agent_stopped"
    return "agent_down" if row["under"] or details.get("how") in _AWAY else "camera_off"


def _evidence(cause: HoleCause, row: IncidentRow) -> Evidence:
    data = {"incident": row["id"], "reason": row["details"].get("reason"), "node": row["under"]}
    closed = inf if row["closed"] is None else datetime.fromisoformat(row["closed"]).timestamp()
    known = {key: value for key, value in data.items() if value is not None}
    # A degraded camera sends pictures as a rule, such as one that is too much for its machine.
    is_certain = row["type"] != "degraded" or row["details"].get("became") is not None
    return Evidence(cause, datetime.fromisoformat(row["opened"]).timestamp(), closed, known, is_certain)


def _of_recorder(
    view: sqlite3.Connection, where: tuple[str, str], start: datetime, end: datetime
) -> Iterator[Evidence]:
    """`reason` is `off`, `schedule` or `no_motion`."""
    for pause in pauses(view, *where, start, end):
        data = {"mode": pause.mode, "reason": pause.reason}
        yield Evidence("not_scheduled", pause.start, inf if pause.end is None else pause.end, data)


def _before_first_event(stores: Stores, where: tuple[str, str]) -> Iterator[Evidence]:
    """The events of days that a journal has dropped are unknown."""
    if stores.journal.floor() > 1:
        return
    first = _select(stores, EventFilter(source=device_source(*where)), 1)
    for stored in first:
        begun = datetime.fromisoformat(from_json(stored.body)["time"]).timestamp()
        yield Evidence("not_begun", -inf, begun)


def _of_lost_events(stores: Stores, where: tuple[str, str], found: Sequence[Hole]) -> Iterator[Evidence]:
    """A stream is in the journal in its own order: what was lost between two segments stands between them."""
    unknown = [hole for hole in found if hole.cause == "unknown"]
    wanted = EventFilter(
        source=device_source(*where),
        types=(GapEvent.model_fields["type"].default,),
        start=moment_of_seconds(unknown[0].start),
        end=moment_of_seconds(unknown[-1].end) + LATE,
    )
    gaps = [(stored.position, from_json(stored.body)["data"]) for stored in _select(stores, wanted, MOST_GAPS)]
    positions = [position for position, _ in gaps]
    for hole in unknown if gaps else ():
        first, last = positions_around(stores.view(VIEW), where, hole)
        for _, data in gaps[bisect_right(positions, first) : bisect_left(positions, last)]:
            cause: HoleCause = "disk_full" if data["cause"] == DISK_FULL else "events_lost"
            yield Evidence(cause, hole.start, hole.end, {"reason": data["cause"], "count": data["count"]})


def _of_recordings_on_their_way(stores: Stores, where: tuple[str, str], newest: Hole) -> Iterator[Evidence]:
    """When a device said that it recorded, back from now, connection by connection. Video comes in its order and later
    than what a device says of itself: what is missing after the newest segment is still to come.
    """
    until, kind = moment_of_seconds(newest.end), HealthEvent.model_fields["type"].default
    for _ in range(MOST_CONNECTIONS if newest.is_open else 0):
        # Events that lie further back than the hole take long to find, and explain nothing of it.
        if until.timestamp() <= newest.start:
            return
        wanted = EventFilter(source=device_source(*where), types=(kind,), end=until)
        said = [HealthEvent.model_validate_json(one.body) for one in _select(stores, wanted, 1, "desc")]
        if not said:
            return
        [event] = said
        known = event.data
        if known.is_recording and known.last_successful_connection is not None:
            yield Evidence("on_its_way", known.last_successful_connection.timestamp(), event.time.timestamp())
            until = min(known.last_successful_connection, event.time)
        else:
            until = min(known.last_frame_time or event.time, event.time)


def _select(stores: Stores, wanted: EventFilter, limit: int, order: Order = "asc") -> list[StoredEvent]:
    """Before ingest has begun the journal has no day at all."""
    return stores.queries.select(wanted, limit, order) if stores.queries.head() else []
