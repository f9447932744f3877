"""Folds recorded events into incidents and alerts in the database of a trial, as the live view does; emits nothing."""

import sqlite3
from collections.abc import Sequence

from consumers.alerting.projection import OBSERVED, AlertingProjection
from consumers.engine.projection import emit_nothing
from consumers.hub_config import HubConfig
from consumers.store.journal.record import Recorded

SCHEMA = AlertingProjection.schema
MODELS = OBSERVED
"""That somebody acknowledged an alert changes nothing of what is raised."""


class Folding:
    """Within the caller's transactions."""

    def __init__(self, hub: HubConfig) -> None:
        self._alerting = AlertingProjection(hub)

    def committed(self) -> None:
        self._alerting.committed()

    def fold(self, view: sqlite3.Connection, records: Sequence[Recorded]) -> None:
        self._alerting.fold(view, records, emit_nothing)
