"""Folds recorded events into incidents and alerts as the live view does, by other rules; emits nothing."""

import sqlite3
from collections.abc import Sequence

from bus_schemas.event import Event
from bus_schemas.review import MuteEvent
from consumers import site_registry
from consumers.alerting.incidents.device_state import Watched
from consumers.alerting.projection import OBSERVED, AlertingProjection
from consumers.alerting.rules import AlertRules
from consumers.engine.projection import emit_nothing
from consumers.store.journal.record import DeviceKey, Recorded

SCHEMA = AlertingProjection.schema
MODELS: tuple[type[Event], ...] = (*OBSERVED, MuteEvent, *site_registry.MODELS)
"""A review or an acknowledgement changes nothing about which alerts are raised."""


class Folding:
    """Within the caller's transactions."""

    def __init__(self, rules: AlertRules) -> None:
        self._alerting = AlertingProjection(rules)

    def committed(self) -> None:
        self._alerting.committed()

    def watched(self, where: DeviceKey) -> Watched | None:
        """The state of the rules for a device after the last fold."""
        return self._alerting.watched(where)

    def fold(self, view: sqlite3.Connection, records: Sequence[Recorded]) -> None:
        self._alerting.fold(view, records, emit_nothing)
