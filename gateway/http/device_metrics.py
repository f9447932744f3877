"""Metrics of devices and disks for Prometheus, computed when it asks."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import get_args

from prometheus_client import CollectorRegistry, Gauge

from bus_schemas.condition import Condition

DEVICES = 1000
"""So many devices have lines in the figures."""
CONDITIONS: tuple[Condition, ...] = get_args(Condition)
_DEVICE = ("site", "device")


@dataclass(frozen=True, slots=True)
class DeviceFigures:
    """An unknown value is `None`, and has no line. Times in seconds since 1970."""

    site: str
    device: str
    condition: Condition
    is_recording: bool
    last_picture: float | None = None
    stream_fps: float | None = None
    analysis_fps: float | None = None
    reconnects: int | None = None


@dataclass(frozen=True, slots=True)
class DiskFigures:
    """The disk of a node, or of the hub."""

    site: str
    node: str
    free: float | None = None
    used: float | None = None
    total: float | None = None
    used_ratio: float | None = None


@dataclass(frozen=True, slots=True)
class AgentFigures:
    """The process and the link of an agent, since it started."""

    site: str
    node: str
    cpu_ratio: float | None = None
    memory: int | None = None
    messages: int | None = None
    failed: int | None = None
    retries: int | None = None
    bytes_sent: int | None = None
    bytes_saved: int | None = None
    reconnects: int | None = None
    queued: int | None = None
    round_trip: float | None = None


@dataclass(frozen=True, slots=True)
class MediaFigures:
    """The archive of a device, and when there is no more room for it."""

    site: str
    device: str
    media: int
    media_per_day: int
    full_in_days: float | None = None


class DeviceMetrics:
    """Replaces all series on each scrape, so that a device that is gone has none."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def gauge(name: str, text: str, labels: tuple[str, ...]) -> Gauge:
            return Gauge(f"watchpost_{name}", text, labels, registry=registry)

        condition_text = "1 for the condition that a device is in, 0 for the others."
        self._condition = gauge("device_condition", condition_text, (*_DEVICE, "condition"))
        self._device = {
            "is_recording": gauge("device_recording", "1 while the video of a device is recorded.", _DEVICE),
            "last_picture": gauge(
                "device_last_picture_timestamp_seconds", "When the newest picture or reading was taken.", _DEVICE
            ),
            "stream_fps": gauge("device_stream_frames_per_second", "The camera's own rate.", _DEVICE),
            "analysis_fps": gauge("device_analysis_frames_per_second", "How many of them are analysed.", _DEVICE),
            "reconnects": gauge("device_reconnects", "Reconnects to its source since its agent started.", _DEVICE),
        }
        self._media = {
            "media": gauge("device_media_bytes", "Bytes of media that are kept of a device.", _DEVICE),
            "media_per_day": gauge(
                "device_media_bytes_per_day",
                "Bytes that it writes in a day, by the last 24 hours or since it is there.",
                _DEVICE,
            ),
            "full_in_days": gauge(
                "device_media_full_days", "Days until its oldest media go before their time; none where never.", _DEVICE
            ),
        }
        node = ("site", "node")
        self._disk = {
            "free": gauge("disk_free_bytes", "Bytes that can still be written.", node),
            "used": gauge("disk_used_bytes", "Bytes that are taken.", node),
            "total": gauge("disk_size_bytes", "Bytes that the disk holds.", node),
            "used_ratio": gauge("disk_used_ratio", "How much of the disk is taken, from 0 to 1.", node),
        }

        self._agent = {
            "cpu_ratio": gauge("agent_cpu_ratio", "How much of one core its process uses, 1 is all of it.", node),
            "memory": gauge("agent_memory_bytes", "Memory of its process.", node),
            "messages": gauge("agent_messages", "Messages that it has sent since it started.", node),
            "failed": gauge("agent_failed_messages", "Messages that it could not send at once.", node),
            "retries": gauge("agent_retried_messages", "Messages that it has sent at a later attempt.", node),
            "bytes_sent": gauge("agent_sent_bytes", "Bytes that it has sent since it started.", node),
            "bytes_saved": gauge("agent_saved_bytes", "Bytes that compression has saved since it started.", node),
            "reconnects": gauge("agent_reconnects", "Reconnects to the broker since it started.", node),
            "queued": gauge("agent_queued_events", "Events that the journal has not confirmed.", node),
            "round_trip": gauge("agent_round_trip_seconds", "How long the broker takes to acknowledge.", node),
        }

    def set_agents(self, agents: Iterable[AgentFigures]) -> None:
        for gauge in self._agent.values():
            gauge.clear()
        for one in agents:
            for name, gauge in self._agent.items():
                value = getattr(one, name)
                if value is not None:
                    gauge.labels(one.site, one.node).set(value)

    def set_devices(self, devices: Iterable[DeviceFigures]) -> None:
        for gauge in (self._condition, *self._device.values()):
            gauge.clear()
        for one in devices:
            for condition in CONDITIONS:
                self._condition.labels(one.site, one.device, condition).set(condition == one.condition)
            for name, gauge in self._device.items():
                value = getattr(one, name)
                if value is not None:
                    gauge.labels(one.site, one.device).set(value)

    def set_media(self, devices: Iterable[MediaFigures]) -> None:
        for gauge in self._media.values():
            gauge.clear()
        for one in devices:
            for name, gauge in self._media.items():
                value = getattr(one, name)
                if value is not None:
                    gauge.labels(one.site, one.device).set(value)

    def set_disks(self, disks: Iterable[DiskFigures]) -> None:
        for gauge in self._disk.values():
            gauge.clear()
        for one in disks:
            for name, gauge in self._disk.items():
                value = getattr(one, name)
                if value is not None:
                    gauge.labels(one.site, one.node).set(value)
