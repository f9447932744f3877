"""Writes every alert to the log."""

import sqlite3
from collections.abc import Callable, Sequence
from typing import ClassVar

import structlog

from bus_schemas.alert import Alert, AlertEvent
from bus_schemas.event import Event
from consumers.journal.record import Recorded
from consumers.sink import Sink

log = structlog.get_logger()


class AlertLog(Sink):
    """A line for each that is raised or cleared, as loud as its level."""

    name: ClassVar[str] = "alert_log"
    models: ClassVar[tuple[type[Event], ...]] = (AlertEvent,)

    def deliver(self, state: sqlite3.Connection, batch: Sequence[Recorded]) -> Sequence[Event]:
        for record in batch:
            if isinstance(record.event, AlertEvent) and record.event.data.state != "acknowledged":
                alert = record.event.data
                _write(alert)(_line(alert), alert=alert.alert_id, state=alert.state, site=alert.site)
        return ()


def _line(alert: Alert) -> str:
    return f"[{alert.device}] [{alert.level.upper()}] {alert.message}"


def _write(alert: Alert) -> Callable[..., object]:
    """A clear is good news, whatever it clears."""
    if alert.state == "cleared" or alert.level == "info":
        return log.info  # type: ignore[no-any-return]  # structlog types its methods when it runs
    return log.warning if alert.level == "warning" else log.error  # type: ignore[no-any-return]  # as above
