"""Computes the Prometheus metrics of devices and disks from the same data as the API."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bus_schemas.agent import LinkStatistics, ProcessLoad
from bus_schemas.event import HUB
from consumers.engine.view_files import NoView
from consumers.hub_config import HubConfig, RetentionPolicy
from consumers.store.disk import disk_of
from consumers.upkeep.retention.forecast import StorageForecast, forecast
from consumers.upkeep.retention.write_rates import RATE_OVER
from gateway.context import Gateway
from gateway.http.device_metrics import DEVICES, AgentFigures, DeviceFigures, DiskFigures, MediaFigures
from gateway.reading.moments import StoresAsOf
from gateway.reading.stores import Stores
from gateway.routes.devices.health import AgentOfSite, agents_of, watched_nodes
from gateway.routes.lookup import KnownDevice, watched_devices
from producer.outbox.disk_id import disk_id


def device_figures(moment: StoresAsOf) -> list[DeviceFigures]:
    """The figures of so many devices, those with most faults first."""
    return [_figures(one) for one in watched_devices(moment)[:DEVICES]]


def _figures(one: KnownDevice) -> DeviceFigures:
    health = one.health
    stream: Mapping[str, Any] = health.stream_info or {}
    return DeviceFigures(
        site=one.site,
        device=one.device,
        condition=one.condition.condition,
        is_recording=one.is_recording,
        last_picture=None if health.last_frame is None else datetime.fromisoformat(health.last_frame).timestamp(),
        stream_fps=stream.get("fps"),
        analysis_fps=stream.get("analysis_fps"),
        reconnects=health.total_reconnects if one.has_sent else None,
    )


def forecast_of(hub: HubConfig, stores: Stores, now: datetime) -> StorageForecast:
    recent = stores.archive.bytes_since(now - RATE_OVER)
    return forecast(_on_disk(hub), stores.archive.usage(), recent, disk_of(hub.data), now)


def _on_disk(hub: HubConfig) -> RetentionPolicy:
    """How long the disk keeps media, of which cold storage takes the older ones."""
    cold = hub.cold
    if cold is None or cold.copies > 1:
        return hub.retention

    def shortened(media: tuple[tuple[str, timedelta], ...]) -> tuple[tuple[str, timedelta], ...]:
        return tuple((kind, min(keep, cold.keep_hot)) for kind, keep in media)

    devices = tuple(replace(one, media=shortened(one.media)) for one in hub.retention.devices)
    return replace(hub.retention, media=shortened(hub.retention.media), devices=devices)


def media_figures(hub: HubConfig, moment: StoresAsOf) -> list[MediaFigures]:
    ahead = forecast_of(hub, moment.stores, moment.now)
    return [
        MediaFigures(one.site, one.device, one.bytes, one.bytes_per_day, one.full_in_days)
        for one in ahead.devices[:DEVICES]
    ]


def agent_figures(moment: StoresAsOf) -> list[AgentFigures]:
    """None while the view is not there yet."""
    try:
        found = agents_of(watched_nodes(moment))
    except NoView:
        return []
    return [_of_agent(one) for one in found[:DEVICES]]


def _of_agent(one: AgentOfSite) -> AgentFigures:
    link, process = one.link or LinkStatistics(), one.process or ProcessLoad()
    said = one.link is not None
    return AgentFigures(
        one.site,
        one.node or "",
        cpu_ratio=None if process.cpu_percent is None else process.cpu_percent / 100,
        memory=process.memory_bytes,
        messages=link.messages if said else None,
        failed=link.messages_failed if said else None,
        retries=link.retries if said else None,
        bytes_sent=link.bytes_sent if said else None,
        bytes_saved=link.bytes_saved if said else None,
        reconnects=link.reconnects if said else None,
        queued=one.outbox_rows,
        round_trip=None if link.round_trip_ms is None else link.round_trip_ms / 1000,
    )


def disk_figures(gateway: Gateway, moment: StoresAsOf) -> Iterator[DiskFigures]:
    """The disk of the hub, and those of nodes as they say themselves: one that several share has one line."""
    disk = disk_of(gateway.hub.data)
    yield DiskFigures(HUB, HUB, disk.free, disk.used, disk.total, disk.percent / 100)
    shown = {disk_id(gateway.hub.data)}
    try:
        found = watched_nodes(moment)
    except NoView:
        return
    for node in found[:DEVICES]:
        load = node.heartbeat.get("system", {})
        percent, which = load.get("disk_percent"), node.heartbeat.get("disk_id") or f"{node.site}/{node.node}"
        if which in shown or percent is None:
            continue
        shown.add(which)
        yield DiskFigures(node.site, node.node, free=load.get("disk_free_bytes"), used_ratio=percent / 100)
