"""Routes of storage: its usage, its retention, and clean-up."""

from collections import defaultdict
from datetime import datetime
from functools import partial
from typing import Any

from pydantic import Field
from starlette.responses import Response

from bus_schemas.event import GATEWAY, HUB, device_source
from bus_schemas.node import Command, CommandEvent
from consumers.engine.view_files import NoView
from consumers.hub_config import HubConfig
from consumers.store.archive.reader import SeriesUsage
from consumers.store.archive.retention import ArchiveRetention, Dropped
from consumers.store.disk import disk_of
from consumers.upkeep.retention.questions import cleanup_run, cleanup_status, disk_usage
from consumers.upkeep.retention.sink import CLEANUP
from gateway.calls import Call, Operation, json_response
from gateway.context import Gateway
from gateway.http.answers import Answer, Time
from gateway.http.parameters import Nothing
from gateway.messages.ids import uuid7
from gateway.publishing import publish
from gateway.reading.stores import Stores
from gateway.reading.wait_until import until
from gateway.routes.devices.commands import NOBODY
from gateway.routes.product.system import DiskAnswer

DONE_S = 3.0


class OfKind(Answer):
    bytes: int
    files: int
    oldest: Time
    newest: Time


class DeviceStorageAnswer(Answer):
    site: str
    device: str
    bytes: int
    files: int
    kinds: dict[str, OfKind]


class Kept(Answer):
    kind: str
    hours: float


class Storage(Answer):
    total_bytes: int = Field(description="What the archive takes on the disk, with its index.")
    index_bytes: int
    disk: DiskAnswer
    devices: list[DeviceStorageAnswer] = Field(description="The largest first.")
    retention: list[Kept]


class CleanupConfigAnswer(Answer):
    retention_days: float
    cleanup_threshold_percent: float
    target_percent: float


class RetentionStatsAnswer(Answer):
    total_files: int
    total_size_gb: float
    files_by_age: dict[str, int]
    oldest_file_age_days: int | None
    can_cleanup_gb: float


class CleanupStatusAnswer(Answer):
    disk_usage: DiskAnswer
    cleanup_config: CleanupConfigAnswer
    retention_stats: RetentionStatsAnswer


class CleanedUp(Answer):
    """Figures are null while the clean-up is not done."""

    success: bool
    cleanup_triggered: bool | None = None
    initial_usage_percent: float | None = None
    final_usage_percent: float | None = None
    files_deleted: int | None = None
    space_freed_gb: float | None = None
    used_bytes_before: int | None = Field(default=None, description="Of the disk, as measured.")
    used_bytes_after: int | None = Field(default=None, description="Measured when the files were gone.")
    message: str


async def stats(call: Call[Nothing]) -> Storage:
    """Media by device and kind, the disk that they are on, and how long they stay."""
    hub = call.gateway.hub
    usage, index_bytes, disk = await call.gateway.ask(
        lambda stores: (stores.archive.usage(), stores.archive.index_bytes(), disk_usage(disk_of(hub.data)))
    )
    by_device: dict[tuple[str, str], list[SeriesUsage]] = defaultdict(list)
    for one in usage:
        by_device[one.site, one.device].append(one)
    devices = [_of_device(*place, series) for place, series in by_device.items()]
    return Storage(
        total_bytes=sum(one.bytes for one in usage) + index_bytes,
        index_bytes=index_bytes,
        disk=DiskAnswer(**disk),
        devices=sorted(devices, key=lambda one: -one.bytes),
        retention=[Kept(kind=kind, hours=kept.total_seconds() / 3600) for kind, kept in hub.retention.media],
    )


def _of_device(site: str, device: str, series: list[SeriesUsage]) -> DeviceStorageAnswer:
    kinds = {one.kind: OfKind(bytes=one.bytes, files=one.count, oldest=one.oldest, newest=one.newest) for one in series}
    return DeviceStorageAnswer(
        site=site,
        device=device,
        bytes=sum(one.bytes for one in series),
        files=sum(one.count for one in series),
        kinds=kinds,
    )


async def status(call: Call[Nothing]) -> CleanupStatusAnswer:
    """How full the disk is, how old the media are, and how much a clean-up could free."""
    gateway = call.gateway
    hub, now = gateway.hub, gateway.clock()

    def question(stores: Stores) -> CleanupStatusAnswer:
        usage = stores.archive.usage()
        packs = _droppable(hub, now) if usage else []
        return CleanupStatusAnswer.model_validate(cleanup_status(hub.retention, disk_of(hub.data), usage, packs, now))

    return await gateway.ask(question)


def _droppable(hub: HubConfig, now: datetime) -> list[Dropped]:
    archive = ArchiveRetention(hub.data / "archive", lambda: now)
    return [pack for kind, _ in hub.retention.media for pack in archive.expiring(kind, now)]


async def clean_up(call: Call[Nothing]) -> Response:
    """Ask the hub to make room now: what it removed, or a 202 while it has not answered."""
    gateway = call.gateway
    request_id = uuid7()
    asked = CommandEvent(
        id=request_id,
        source=device_source(HUB, GATEWAY),
        time=gateway.clock(),
        data=Command(request_id=request_id, name=CLEANUP, state="asked", by=NOBODY),
    )
    await publish(gateway, asked)
    answer = await until(partial(_became, gateway, request_id), DONE_S)
    if answer is None:
        return json_response(CleanedUp(success=True, message="Asked for a clean-up; it has not answered yet"), 202)
    return json_response(CleanedUp.model_validate(answer))


async def _became(gateway: Gateway, request_id: str) -> dict[str, Any] | None:
    def question(stores: Stores) -> dict[str, Any] | None:
        try:
            return cleanup_run(stores.view("retention"), request_id)
        except NoView:
            return None

    return await gateway.ask(question)


OPERATIONS = [
    Operation("GET", "/api/v1/storage/stats", stats, Storage),
    Operation("GET", "/api/v1/storage/cleanup", status, CleanupStatusAnswer),
    Operation("POST", "/api/v1/storage/cleanup", clean_up, CleanedUp, also=(202,)),
]
