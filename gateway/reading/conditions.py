"""The condition of devices at a moment, read from the alerting view, in the terms of each route."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Literal

from bus_schemas.condition import Condition, condition_of, level_of, worst
from bus_schemas.event import HUB, iso
from consumers.alerting.conditions import DeviceCondition, conditions
from consumers.alerting.incidents.presence import TROUBLES
from consumers.alerting.incidents.questions import open_incidents
from consumers.alerting.projection import AlertingProjection
from consumers.engine.view_files import NoView
from consumers.store.journal.record import DeviceKey
from consumers.views.health.questions import DeviceHealth
from gateway.readiness import Check
from gateway.reading.moments import StoresAsOf

UNKNOWN = DeviceCondition("unknown", (), 0.0, None, None, None)
Status = Literal["healthy", "degraded", "stale", "stopped", "offline", "not_started", "write_failed", "unknown"]
_OF_SOURCE: frozenset[str] = frozenset({"offline", *TROUBLES})
_STOPPED: tuple[Status, ...] = ("stopped", "not_started")
_REPORTED: tuple[Status, ...] = ("degraded", "stale", "write_failed")


def conditions_at(moment: StoresAsOf, site: str | None = None) -> Mapping[DeviceKey, DeviceCondition]:
    """A device that is not in it is unknown; nobody is known before the first event was folded."""
    try:
        return conditions(moment.view(AlertingProjection), moment.upto, site)
    except NoView:
        return {}


def hub_condition(moment: StoresAsOf, checks: Iterable[Check] = ()) -> Condition:
    """The condition of the hub's own machine and processes: well where nothing is wrong with them.

    `checks` are those of now: what keeps the hub from taking events in cannot be read from its views.
    """
    try:
        wrong = open_incidents(moment.view(AlertingProjection), HUB, moment.upto)
        known = worst((condition_of(one["type"], one["level"]) for one in wrong), "ok")
    except NoView:
        known = "unknown"
    return together((known, condition_of_parts(checks)))


def condition_of_parts(checks: Iterable[Check]) -> Condition:
    """The worst of the parts of the hub; well where none was checked yet."""
    return worst(map(_of_part, checks), "ok")


def _of_part(check: Check) -> Condition:
    if check.state == "failed":
        return condition_of(check.kind, level_of(check.kind, {}))
    return "ok" if check.state == "ok" else "warning"


def together(devices: Iterable[Condition]) -> Condition:
    """The worst condition of several devices; well only where all are known to be."""
    every = list(devices)
    found = worst(every)
    return "unknown" if found == "ok" and "unknown" in every else found


def status_of(condition: DeviceCondition, reported: str | None) -> Status:
    """The status in the words that health pages know: healthy where nothing is wrong, and nowhere else.

    `reported` is the status that the device gives itself, `None` where nothing was ever received of it.
    """
    if reported is None:
        return "not_started"
    if "offline" in condition.types:
        return next((kind for kind in _STOPPED if kind == reported), "offline")
    if condition.condition in ("ok", "unknown"):
        return "healthy" if condition.condition == "ok" else "unknown"
    return next((kind for kind in _REPORTED if kind in condition.types), "degraded")


def reason_of(condition: DeviceCondition, said: DeviceHealth) -> str | None:
    """The reason beside the types of its incidents; `None` where there is none, or it is well. A camera that ended its
    stream may refuse the password since: what the device says of its source counts from when it says it.
    """
    if condition.condition == "ok":
        return None
    if said.status in TROUBLES and _OF_SOURCE.issuperset(condition.types[:1]) and _was_heard_in(condition, said):
        return said.reason or condition.reason
    return condition.reason or said.reason


def _was_heard_in(condition: DeviceCondition, said: DeviceHealth) -> bool:
    """Whether the device has said anything since it is so, and is not just silent."""
    return said.last_received is not None and datetime.fromisoformat(said.last_received).timestamp() > condition.since


def since_of(condition: DeviceCondition) -> str | None:
    """Since when it is so; `None` where nobody knows."""
    return iso(datetime.fromtimestamp(condition.since, UTC)) if condition.since else None
