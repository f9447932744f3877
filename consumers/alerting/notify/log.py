"""Writes every alert to the log; many of one cause in one line."""

import sqlite3
from collections.abc import Callable, Sequence
from typing import ClassVar

import structlog

from bus_schemas.alert import Alert, AlertEvent
from bus_schemas.event import Event
from consumers.alerting.alerts.grouped_wording import AlertName, grouped_message, grouped_state
from consumers.alerting.notify.grouping import GATHER_FROM
from consumers.engine.process_group import ProcessGroup
from consumers.engine.sink import Sink
from consumers.store.journal.record import Recorded

log = structlog.get_logger()


class AlertLog(Sink):
    """A line for each that is raised or cleared, as loud as its level; one for many of one cause that came together."""

    name: ClassVar[str] = "alert_log"
    group: ClassVar[ProcessGroup] = ProcessGroup.URGENT
    models: ClassVar[tuple[type[Event], ...]] = (AlertEvent,)

    def deliver(self, state: sqlite3.Connection, batch: Sequence[Recorded]) -> Sequence[Event]:
        causes: dict[tuple[str, str, str, str], list[Alert]] = {}
        for record in batch:
            if isinstance(record.event, AlertEvent) and record.event.data.state != "acknowledged":
                alert = record.event.data
                causes.setdefault((alert.site, alert.type, alert.state, alert.level), []).append(alert)
        for alerts in causes.values():
            if len(alerts) < GATHER_FROM:
                for alert in alerts:
                    where = {"site": alert.site, "device": alert.device}
                    _write(alert)(_line(alert), alert=alert.alert_id, state=alert.state, **where)
            else:
                _write(alerts[0])(_line_of_many(alerts), alerts=len(alerts), state=alerts[0].state, site=alerts[0].site)
        return ()


def _line(alert: Alert) -> str:
    return f"[{alert.device_name or alert.device}] [{alert.level.upper()}] {alert.message}"


def _line_of_many(alerts: Sequence[Alert]) -> str:
    named = [_named(alert) for alert in alerts]
    return f"[{alerts[0].level.upper()}] {grouped_message(named)}"


def _named(alert: Alert) -> AlertName:
    state = grouped_state(alert.state, alert.details)
    return AlertName(alert.site, alert.device, alert.device_name or alert.device, alert.type, state, alert.message)


def _write(alert: Alert) -> Callable[..., object]:
    """A clear is good news, whatever it clears."""
    if alert.state == "cleared" or alert.level == "info":
        return log.info  # type: ignore[no-any-return]  # structlog types its methods when it runs
    return log.warning if alert.level == "warning" else log.error  # type: ignore[no-any-return]  # as above
