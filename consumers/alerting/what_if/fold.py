"""Folds recorded events into incidents and these into alerts, in one database, with nobody told."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import overload

from bus_schemas.event import HUB_SOURCE, Event
from bus_schemas.hub import FaultEvent
from bus_schemas.node import HeartbeatEvent
from consumers.alerting.alerts.projection import Alerts
from consumers.alerting.incidents.projection import Incidents
from consumers.engine.projection import emit_nothing
from consumers.hub_config import Hub
from consumers.store.journal.record import Recorded

SCHEMA = Incidents.schema + Alerts.schema


class Folding:
    """`arrived` says when the incidents that were live came back through the bus, by the id of their event.

    An alert's cool-down counts from there: a trial with the rules in force must count as it was counted.
    """

    def __init__(self, hub: Hub, arrived: Mapping[str, datetime]) -> None:
        self._incidents = Incidents(hub)
        self._alerts = Alerts(hub)
        self._arrived = arrived

    def fold(self, view: sqlite3.Connection, records: Sequence[Recorded]) -> None:
        """Within the caller's transaction."""
        seen = _Seen(records)
        told: list[Recorded] = seen.ticks

        def take(event: Event) -> None:
            cause = seen.now
            told.append(Recorded(cause.position, self._arrived.get(event.id, cause.received), event))

        self._incidents.fold(view, seen, take)
        self._alerts.fold(view, told, emit_nothing)


class _Seen(Sequence[Recorded]):
    """A batch that knows which of its records is being folded, and collects the hub's own among them on the way."""

    def __init__(self, records: Sequence[Recorded]) -> None:
        self._records = records
        self.ticks: list[Recorded] = []
        self.now = records[0]

    def __iter__(self) -> Iterator[Recorded]:
        for record in self._records:
            self.now = record
            if record.model in (HeartbeatEvent, FaultEvent) and record.source == HUB_SOURCE:
                self.ticks.append(record)
            yield record

    @overload
    def __getitem__(self, place: int) -> Recorded: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[Recorded]: ...

    def __getitem__(self, place: int | slice) -> Recorded | Sequence[Recorded]:
        return self._records[place]

    def __len__(self) -> int:
        return len(self._records)
