"""The JSON that a receiver is handed: of one alert, or of many that are sent together."""

from collections.abc import Sequence
from typing import Any

from pydantic_core import from_json, to_json

from bus_schemas.alert import AlertEvent
from bus_schemas.event import iso
from consumers.alerting.alerts.grouped_wording import AlertName, grouped_message, grouped_state
from consumers.alerting.alerts.wording import RANK
from consumers.alerting.notify.delivery import AlertDelivery, AlertMessage, key_of

ENTRIES_WHEN_REDUCED = 50
_ENTRY = ("id", "event_id", "type", "state", "level", "site", "device", "camera_name", "timestamp")


def body_of(event: AlertEvent) -> bytes:
    """The JSON of one alert."""
    alert = event.data
    return to_json(
        {
            "id": alert.alert_id,
            "event_id": event.id,
            "type": alert.type,
            "state": alert.state,
            "level": alert.level,
            "message": alert.message,
            "site": alert.site,
            "device": alert.device,
            "camera_name": alert.device_name or alert.device,
            "details": alert.details,
            "media": alert.media,
            "timestamp": iso(event.time),
        }
    )


def message_of(deliveries: Sequence[AlertDelivery]) -> AlertMessage:
    """One alert is sent as it is, many in the same envelope with a list of them."""
    is_reduced = any(delivery.is_reduced for delivery in deliveries)
    if len(deliveries) == 1:
        body = deliveries[0].body
        return AlertMessage(deliveries[0].event_id, _reduced(body) if is_reduced else body)
    return AlertMessage(key_of(deliveries), to_json(_grouped(deliveries, is_reduced=is_reduced)))


def _reduced(body: bytes) -> bytes:
    return to_json({**from_json(body), "details": {}, "media": []})


def _grouped(deliveries: Sequence[AlertDelivery], *, is_reduced: bool) -> dict[str, Any]:
    alerts = [from_json(delivery.body) for delivery in deliveries]
    shown = alerts[:ENTRIES_WHEN_REDUCED] if is_reduced else alerts
    device = _common(alerts, "device")
    key = key_of(deliveries)
    return {
        "id": key,
        "event_id": key,
        "type": _common(alerts, "type") or "digest",
        "state": _common(alerts, "state") or "mixed",
        "level": max((alert["level"] for alert in alerts), key=RANK.__getitem__),
        "message": grouped_message([_named(alert) for alert in alerts]),
        "site": _common(alerts, "site"),
        "device": device,
        "camera_name": None if device is None else alerts[0]["camera_name"],
        "details": {},
        "media": [],
        "timestamp": alerts[0]["timestamp"],
        "count": len(alerts),
        "grouped": [{name: alert[name] for name in _ENTRY} for alert in shown],
    }


def _named(alert: dict[str, Any]) -> AlertName:
    named = AlertName(*(alert[name] for name in AlertName._fields))
    return named._replace(state=grouped_state(alert["state"], alert["details"]))


def _common(alerts: Sequence[dict[str, Any]], name: str) -> str | None:
    """The value that all of them have there, if it is the same."""
    first: str = alerts[0][name]
    return first if all(alert[name] == first for alert in alerts) else None
