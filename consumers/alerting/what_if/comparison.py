"""Compares the alerts of a trial with the live ones: two match if they agree in kind, device and time."""

import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from math import inf
from pathlib import Path
from typing import Any

from pydantic_core import from_json

from consumers.alerting.alerts.wording import RECOVERED
from consumers.alerting.projection import AlertingProjection
from consumers.alerting.what_if.live import live_view
from consumers.alerting.what_if.trial import Counts, Found, RaisedAlert, TrialRequest
from consumers.engine.versions import FOREVER
from consumers.engine.view_files import NoView

Key = tuple[str, str, str]
"""Site, device and rule. A storage alert that became critical in one of the two is the same alert."""


@dataclass(frozen=True, slots=True)
class _Alert:
    key: Key
    raised: float
    cleared: float
    content: RaisedAlert

    def overlaps(self, other: "_Alert") -> bool:
        return self.raised <= other.cleared and other.raised <= self.cleared


def compare(
    view: sqlite3.Connection, data: Path, asked: TrialRequest
) -> tuple[Counts, list[tuple[Found, RaisedAlert]]]:
    """In the order of time. An alert of the span may go with one that was raised before or after it."""
    ours, theirs = _alerts(view, asked.site), _live(data, asked.site)
    raised = [alert for alert in ours if _is_of(asked, alert)]
    partners = {alert.content.id: _partner(alert, theirs) for alert in raised}
    found: list[tuple[Found, RaisedAlert]] = []
    for alert in raised:
        partner = partners[alert.content.id]
        kind: Found = "only_trial" if partner is None else "both"
        found.append((kind, alert.content.model_copy(update={"live": partner and partner.content.id})))
    by_key = _by_key(ours)
    missed = [alert for alert in _all(theirs) if _is_of(asked, alert) and _partner(alert, by_key) is None]
    found += [("only_live", alert.content) for alert in missed]
    found.sort(key=lambda pair: pair[1].opened)
    both = sum(kind == "both" for kind, _ in found)
    return Counts(raised=len(raised), both=both, only_trial=len(raised) - both, only_live=len(missed)), found


def _is_of(asked: TrialRequest, alert: _Alert) -> bool:
    return asked.since.timestamp() <= alert.raised < asked.until.timestamp()


def _partner(alert: _Alert, others: dict[Key, list[_Alert]]) -> _Alert | None:
    """The overlapping alert that was raised nearest."""
    overlapping = [other for other in others.get(alert.key, ()) if alert.overlaps(other)]
    return min(overlapping, key=lambda other: abs(other.raised - alert.raised), default=None)


def _by_key(alerts: Sequence[_Alert]) -> dict[Key, list[_Alert]]:
    found = defaultdict(list)
    for alert in alerts:
        found[alert.key].append(alert)
    return found


def _all(alerts: dict[Key, list[_Alert]]) -> list[_Alert]:
    return [alert for some in alerts.values() for alert in some]


def _live(data: Path, site: str | None) -> dict[Key, list[_Alert]]:
    try:
        view = live_view(data, AlertingProjection)
    except NoView:
        return {}
    with closing(view):
        return _by_key(_alerts(view, site))


def _alerts(view: sqlite3.Connection, site: str | None) -> list[_Alert]:
    """A recovery follows from an alert that ends, and is no alert of its own here."""
    rows = view.execute(
        "select alert_id, site, device, rule, type, level, message, raised, cleared, details from alerts"
        " where until = ?3 and type != ?1 and rule is not null and (?2 is null or site = ?2) order by raised, alert_id",
        (RECOVERED, site, FOREVER),
    )
    return [_alert(*row) for row in rows]


def _alert(alert_id: str, site: str, device: str, rule: str, *rest: Any) -> _Alert:
    kind, level, message, raised, cleared, details = rest
    content = RaisedAlert(
        id=alert_id,
        type=kind,
        site=site,
        device=device,
        opened=datetime.fromtimestamp(raised, UTC),
        closed=None if cleared is None else datetime.fromtimestamp(cleared, UTC),
        level=level,
        message=message,
        details=from_json(details),
    )
    return _Alert((site, device, rule), raised, inf if cleared is None else cleared, content)
