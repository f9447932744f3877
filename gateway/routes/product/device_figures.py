"""Computes the Prometheus metrics of devices and disks from the same data as the API."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from bus_schemas.event import HUB
from consumers.engine.view_files import NoView
from consumers.store.disk import disk_of
from consumers.views.health.questions import nodes
from gateway.context import Gateway
from gateway.http.device_metrics import DEVICES, DeviceFigures, DiskFigures
from gateway.reading.moments import StoresAsOf
from gateway.routes.lookup import KnownDevice, watched_devices
from producer.outbox.disk_id import disk_id


def device_figures(moment: StoresAsOf) -> list[DeviceFigures]:
    """Of so many devices, those with which most is wrong first."""
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
        reconnects=health.total_reconnects if one.is_heard else None,
    )


def disk_figures(gateway: Gateway, moment: StoresAsOf) -> Iterator[DiskFigures]:
    """The disk of the hub, and those of nodes as they say themselves: one that several share has one line."""
    disk = disk_of(gateway.hub.data)
    yield DiskFigures(HUB, HUB, disk.free, disk.used, disk.total, disk.percent / 100)
    shown = {disk_id(gateway.hub.data)}
    try:
        found = nodes(moment.health(), now=moment.now)
    except NoView:
        return
    for node in found[:DEVICES]:
        load = node.heartbeat.get("system", {})
        percent, which = load.get("disk_percent"), node.heartbeat.get("disk_id") or f"{node.site}/{node.node}"
        if which in shown or percent is None:
            continue
        shown.add(which)
        yield DiskFigures(node.site, node.node, free=load.get("disk_free_bytes"), used_ratio=percent / 100)
