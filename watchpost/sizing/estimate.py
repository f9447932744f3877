"""Computes what a site needs from its configuration: links, disk, memory, and how long the disk lasts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from consumers.ingest.hub_stream import EVERY_S as TICK_EVERY_S
from consumers.store.disk import DiskSpace
from consumers.views.mosaics import RING
from consumers.views.mosaics.layout import SiteLayout
from consumers.views.warehouse import KEEP_DAYS
from producer.loopback import is_loopback
from watchpost.configuration.agents import node_settings
from watchpost.configuration.config import WatchpostConfig
from watchpost.configuration.hub import HubSection
from watchpost.configuration.hubs import mosaic_settings
from watchpost.sizing.assumptions import (
    AGENT_BYTES_PER_PIXEL,
    AGENT_CAMERA_MB,
    AGENT_MB,
    CLICKHOUSE_BYTES_PER_EVENT,
    COMPRESSED,
    EMBEDDED_WAREHOUSE_MB,
    EVENT_BYTES,
    HUB_DEVICE_MB,
    HUB_MB,
    JOURNAL_ROW_BYTES,
    MEDIUM_BYTES,
    MOSAIC_PICTURES,
    SNAPSHOT,
    VIEW_BYTES_PER_EVENT,
    WAREHOUSE_ROW_BYTES,
    Assumptions,
)
from watchpost.sizing.flows import MessageFlow, camera_of, flows

DAY_S = 86_400.0
HOUR_S = 3_600.0


@dataclass(frozen=True, slots=True)
class DeviceFlow:
    """A flow and whose it is."""

    site: str
    device: str
    flow: MessageFlow


@dataclass(frozen=True, slots=True)
class LinkSize:
    """What one agent sends while all its cameras answer, and what its own disk holds for the hub."""

    node: str
    devices: int
    events_per_s: float
    event_bytes_per_s: float
    media_bytes_per_s: float
    preview_bytes_per_s: float
    limit: int | None
    """`bytes_per_s` of its link."""
    tail_bytes: float
    most_bytes: int

    @property
    def stored_bytes_per_s(self) -> float:
        """Bytes of the flows that are not for the moment alone."""
        return self.event_bytes_per_s + self.media_bytes_per_s

    @property
    def bytes_per_s(self) -> float:
        return self.event_bytes_per_s + self.media_bytes_per_s + self.preview_bytes_per_s


@dataclass(frozen=True, slots=True)
class DiskSize:
    """What is written of one kind, and how much of it stays."""

    what: str
    bytes_per_day: float
    kept_bytes: float
    kept_by: str
    formula: str


@dataclass(frozen=True, slots=True)
class MemorySize:
    process: str
    megabytes: float
    formula: str


@dataclass(frozen=True, slots=True)
class DiskLife:
    """How long a disk lasts. Where everything that is to be kept has room, it lasts for ever: `full_after_s` is `None`.

    `room_bytes` is what the hub may take before the oldest media go (`hub.cleanup_threshold_percent`).
    """

    disk_bytes: int
    room_bytes: float
    full_after_s: float | None
    video_hours: float | None
    """Hours of recorded video that stay then; `None` where nothing is recorded."""


@dataclass(frozen=True, slots=True)
class Size:
    devices: int
    flows: tuple[DeviceFlow, ...]
    links: tuple[LinkSize, ...]
    disk: tuple[DiskSize, ...]
    memory: tuple[MemorySize, ...]
    rows_per_s: float
    life: DiskLife

    @property
    def events_per_s(self) -> float:
        return sum(link.events_per_s for link in self.links) + 1 / TICK_EVERY_S

    @property
    def bytes_per_day(self) -> float:
        return sum(part.bytes_per_day for part in self.disk)

    @property
    def kept_bytes(self) -> float:
        return sum(part.kept_bytes for part in self.disk)


def estimate(config: WatchpostConfig, assumed: Assumptions, disk: DiskSpace, ours: int = 0) -> Size:
    """`ours` are the bytes of the disk that this hub has taken already."""
    sent = tuple(
        DeviceFlow(site.site, device.device, flow)
        for site in config.sites
        for device in site.devices
        for flow in flows(site, device, assumed)
    )
    links = tuple(_link(config, node, sent) for node in config.devices_by_node())
    rows = _rows_per_s(config, sent)
    parts = tuple(_disk(config, [each.flow for each in sent], links, rows))
    memory = tuple(_memory(config, assumed))
    room = disk.total * config.hub.cleanup_threshold_percent / 100 - disk.used + ours
    devices = sum(len(site.devices) for site in config.sites)
    return Size(devices, sent, links, parts, memory, rows, _life(parts, disk.total, max(0.0, room)))


def _link(config: WatchpostConfig, node: str, sent: Sequence[DeviceFlow]) -> LinkSize:
    settings = node_settings(config, node)
    ours = {(device.site, device.device) for device in settings.devices}
    mine = [each.flow for each in sent if (each.site, each.device) in ours]
    compress = not is_loopback(config.broker.host) if settings.compress is None else settings.compress
    events = sum(flow.bytes_per_s for flow in mine if flow.role == "event")
    media = sum(flow.bytes_per_s for flow in mine if flow.role == "medium")
    return LinkSize(
        node=node,
        devices=len(ours),
        events_per_s=sum(flow.per_s for flow in mine if flow.role == "event"),
        event_bytes_per_s=events * (COMPRESSED if compress else 1),
        media_bytes_per_s=media,
        preview_bytes_per_s=sum(flow.bytes_per_s for flow in mine if flow.role == "preview"),
        limit=settings.bytes_per_s,
        tail_bytes=min(settings.tail_bytes, settings.tail_hours * HOUR_S * (events + media)),
        most_bytes=settings.max_outbox_bytes,
    )


def _rows_per_s(config: WatchpostConfig, sent: Sequence[DeviceFlow]) -> float:
    """Rows of the warehouse: one an event, and of temperatures one each for frame, composite and region."""
    per_s = sum(each.flow.per_s for each in sent if each.flow.name in ("motion", "detection", "health"))
    for site in config.sites:
        for device in site.devices:
            if device.thermal is not None:
                per_s += device.rates.thermal_fps * (2 + len(device.adjustable().measured_rois))
    return per_s


def _disk(
    config: WatchpostConfig, sent: Sequence[MessageFlow], links: Sequence[LinkSize], rows_per_s: float
) -> Iterator[DiskSize]:
    hub = config.hub
    for kind in type(hub.retention_hours).model_fields:
        yield _media(kind, [flow for flow in sent if flow.role == "medium" and flow.name == kind], hub)
    snapshots = [flow for flow in sent if flow.name == SNAPSHOT]
    yield _kept(SNAPSHOT, snapshots, hub.evidence_days * DAY_S, f"hub.evidence_days {hub.evidence_days:g}")
    events = [flow for flow in sent if flow.role == "event"]
    yield _journal(events, hub)
    count = sum(flow.per_s for flow in events)
    yield _daily(
        "views",
        count * VIEW_BYTES_PER_EVENT,
        hub.journal_days,
        "hub.journal_days",
        f"{VIEW_BYTES_PER_EVENT} B an event",
    )
    yield _mosaics(config)
    yield _past_mosaics(config)
    yield _daily("rows of the warehouse", rows_per_s * WAREHOUSE_ROW_BYTES, KEEP_DAYS, f"{KEEP_DAYS} days",
                 f"{WAREHOUSE_ROW_BYTES} B a row")  # fmt: skip
    if config.broker.start:
        kept, per_s = sum(link.tail_bytes for link in links), sum(link.stored_bytes_per_s for link in links)
        yield DiskSize("outboxes", per_s * DAY_S, kept, "nodes.tail_hours, nodes.tail_bytes", "of agents on this disk")


def _media(kind: str, mine: Sequence[MessageFlow], hub: HubSection) -> DiskSize:
    hours = getattr(hub.retention_hours, kind)
    found = _kept(kind, mine, hours * HOUR_S, f"hub.retention_hours.{kind} {hours:g}")
    if kind == "segment" and found.kept_bytes > hub.segment_bytes:
        return replace(found, kept_bytes=float(hub.segment_bytes), kept_by="hub.segment_bytes")
    return found


def _kept(what: str, mine: Sequence[MessageFlow], stays_s: float, kept_by: str) -> DiskSize:
    per_s = sum(flow.per_s * (flow.size + MEDIUM_BYTES) for flow in mine)
    formula = sorted({flow.formula for flow in mine})
    return DiskSize(what, per_s * DAY_S, per_s * stays_s, kept_by, "; ".join(formula) or "none")


def _journal(events: Sequence[MessageFlow], hub: HubSection) -> DiskSize:
    """Its last two days always stay."""
    count = sum(flow.per_s for flow in events) + 1 / TICK_EVERY_S
    if hub.journal.kind == "clickhouse":
        per_s, formula = count * CLICKHOUSE_BYTES_PER_EVENT, f"on the server, {CLICKHOUSE_BYTES_PER_EVENT} B an event"
    else:
        bodies = sum(flow.bytes_per_s for flow in events) + EVENT_BYTES["tick"] / TICK_EVERY_S
        per_s, formula = bodies + count * JOURNAL_ROW_BYTES, f"events and {JOURNAL_ROW_BYTES} B each for their rows"
    kept, kept_by = per_s * DAY_S * hub.journal_days, f"hub.journal_days {hub.journal_days}"
    if kept > hub.journal_bytes:
        kept, kept_by = max(float(hub.journal_bytes), 2 * per_s * DAY_S), "hub.journal_bytes"
    return DiskSize("journal", per_s * DAY_S, kept, kept_by, formula)


def _daily(what: str, per_s: float, days: float, kept_by: str, formula: str) -> DiskSize:
    return DiskSize(what, per_s * DAY_S, per_s * DAY_S * days, kept_by, formula)


def _mosaics(config: WatchpostConfig) -> DiskSize:
    """A ring of minutes for each site, which is written anew each day."""
    settings = mosaic_settings(config)
    budgets = [SiteLayout(len(site.devices), settings).byte_budget for site in config.sites if site.devices]
    ring = float(RING * MOSAIC_PICTURES * sum(budgets))
    formula = f"{MOSAIC_PICTURES} pictures of {max(budgets, default=0) / 1000:.0f} kB at most"
    return DiskSize("mosaics", ring, ring, f"{RING} minutes a site", formula)


def _past_mosaics(config: WatchpostConfig) -> DiskSize:
    """The mosaics with all devices that stay of past days."""
    settings = mosaic_settings(config)
    budgets = [SiteLayout(len(site.devices), settings).byte_budget for site in config.sites if site.devices]
    a_day = float(RING // settings.past_every_minutes * sum(budgets))
    formula = (
        f"a picture of {max(budgets, default=0) / 1000:.0f} kB at most every {settings.past_every_minutes} minutes"
    )
    return DiskSize("past mosaics", a_day, a_day * settings.past_days, "hub.mosaic.past_days", formula)


def _memory(config: WatchpostConfig, assumed: Assumptions) -> Iterator[MemorySize]:
    devices = sum(len(site.devices) for site in config.sites)
    hub = HUB_MB + HUB_DEVICE_MB * devices
    formula = f"{HUB_MB} MB and {HUB_DEVICE_MB} MB a device"
    if config.hub.warehouse.kind == "clickhouse":
        hub, formula = hub - EMBEDDED_WAREHOUSE_MB, f"{formula}, {EMBEDDED_WAREHOUSE_MB} MB less without chDB"
    yield MemorySize("hub", hub, formula)
    for node, placed in config.devices_by_node().items():
        cameras = [camera_of(device, assumed) for _, device in placed if device.visual is not None]
        pixels = sum(camera.width * camera.height for camera in cameras)
        agent = AGENT_MB + AGENT_CAMERA_MB * len(cameras) + AGENT_BYTES_PER_PIXEL * pixels / 1e6
        formula = f"{AGENT_MB} MB, {AGENT_CAMERA_MB} MB a camera and {AGENT_BYTES_PER_PIXEL} B a pixel"
        yield MemorySize(f"agent {node}", agent, formula)


def _life(parts: Sequence[DiskSize], disk_bytes: int, room: float) -> DiskLife:
    video = next(part for part in parts if part.what == "segment")
    kept = sum(part.kept_bytes for part in parts)
    hourly = video.bytes_per_day / 24
    stays = video.kept_bytes if kept <= room else max(0.0, room - (kept - video.kept_bytes))
    hours = min(stays, video.kept_bytes) / hourly if hourly else None
    return DiskLife(disk_bytes, room, None if kept <= room else _full_after_s(parts, room), hours)


def _full_after_s(parts: Sequence[DiskSize], room: float) -> float:
    """Each part grows until it is as large as it stays; the disk is full when all together have taken the room."""
    growing = sorted(
        (part.kept_bytes / part.bytes_per_day * DAY_S, part.bytes_per_day / DAY_S)
        for part in parts
        if part.bytes_per_day
    )
    per_s, at_s, taken = sum(rate for _, rate in growing), 0.0, 0.0
    for until_s, rate in growing:
        if taken + (until_s - at_s) * per_s >= room:
            break
        taken, at_s, per_s = taken + (until_s - at_s) * per_s, until_s, per_s - rate
    return at_s + (room - taken) / per_s
