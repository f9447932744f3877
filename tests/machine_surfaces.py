"""What programs are told of how devices are and of how the hub is: probes, metrics, events, and retained messages."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from bus_schemas.event import iso
from bus_schemas.protocol import DeviceReport, HubReport
from bus_schemas.topics import HUB_CONDITION
from tests.asked import EVERYTHING, THE_HUB, Asked, Fact


def hub_health(asked: Asked) -> Iterator[Fact]:
    answer = asked.client.get("/health").json()
    yield THE_HUB, "well", answer["status"] == "healthy"
    yield THE_HUB, "problems", answer["problems"]


def notified(asked: Asked) -> Iterator[Fact]:
    """What receivers are handed, and programs that subscribe: of an alert that was raised again the worse."""
    events = asked.client.get("/api/v1/events", params={"type": "alert", "limit": 1000}).json()["events"]
    said = {(one["event"]["data"]["alert_id"], one["event"]["data"]["state"]): one["event"]["data"] for one in events}
    for (alert_id, state), data in said.items():
        if state == "raised":
            yield ("alert", alert_id), "message", data["message"]
            yield ("alert", alert_id), "level", data["level"]
        elif state == "cleared":
            yield ("alert", alert_id), "cleared_message", data["message"]


METRICS = {
    "watchpost_device_condition": "condition",
    "watchpost_device_recording": "recording",
    "watchpost_device_last_picture_timestamp_seconds": "last_frame",
    "watchpost_device_stream_frames_per_second": "fps",
    "watchpost_device_analysis_frames_per_second": "analysis_fps",
    "watchpost_device_reconnects": "reconnects",
}
"""The fact of each figure of a device."""
OF_DISKS = {"watchpost_device_media_bytes", "watchpost_device_media_bytes_per_day"}
"""What the disk holds of a device, which need not be watched any more."""


def metrics(asked: Asked) -> Iterator[Fact]:
    listed = set[tuple[str, str]]()
    for family in text_string_to_metric_families(asked.client.get("/metrics").text):
        is_reported = family.name.startswith("watchpost_device_") and family.name not in OF_DISKS
        for sample in family.samples if is_reported else ():
            site, name, value = sample.labels["site"], sample.labels["device"], sample.value
            listed.add((site, name))
            fact = METRICS[sample.name]
            if fact != "condition":
                yield ("device", site, name), fact, _figure(fact, value)
            elif value == 1:
                yield ("device", site, name), fact, sample.labels["condition"]
        for sample in family.samples if family.name == "watchpost_hub_condition" else ():
            if sample.value == 1:
                yield THE_HUB, "condition", sample.labels["condition"]
    yield EVERYTHING, "devices", sorted(listed)


def _figure(fact: str, value: float) -> Any:
    if fact == "last_frame":
        return iso(datetime.fromtimestamp(value, UTC))
    return bool(value) if fact == "recording" else value


def retained(asked: Asked) -> Iterator[Fact]:
    """Of a device that nobody could judge nothing is said on the bus."""
    assert asked.retained is not None
    of_devices = {topic: payload for topic, payload in asked.retained.items() if topic != HUB_CONDITION}
    said = {tuple(topic.split("/")[2:4]): DeviceReport.model_validate_json(it) for topic, it in of_devices.items()}
    for (site, name), report in said.items():
        subject = ("device", site, name)
        yield subject, "condition", report.condition
        yield subject, "types", list(report.types)
        yield subject, "since", None if report.since is None else iso(report.since)
    watched = asked.devices()
    yield EVERYTHING, "no device but those that are watched is on the bus", sorted(set(said) - set(watched))
    yield EVERYTHING, "no device but those that are watched is on the bus", []
    silent = {one for one in watched if one not in said}
    for site, name in sorted(silent):
        yield ("device", site, name), "condition", "unknown"


def retained_of_the_hub(asked: Asked) -> Iterator[Fact]:
    assert asked.retained is not None
    report = HubReport.model_validate_json(asked.retained[HUB_CONDITION])
    yield THE_HUB, "condition", report.condition
    yield THE_HUB, "problems", list(report.problems)
