"""Routes of storage: its usage, and clean-up."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from pydantic import Field
from starlette.responses import Response

from bus_schemas.event import GATEWAY, HUB, device_source
from bus_schemas.node import Command, CommandEvent
from consumers.engine.view_files import NoView
from consumers.hub_config import HubConfig
from consumers.store.archive.copies import Pending
from consumers.store.archive.retention import ArchiveRetention
from consumers.store.archive.usage import SeriesUsage
from consumers.store.disk import DiskSpace, disk_of
from consumers.upkeep.retention.forecast import DeviceForecast, StorageForecast
from consumers.upkeep.retention.held_bytes import held_now
from consumers.upkeep.retention.holding import FreeMedia
from consumers.upkeep.retention.questions import cleanup_run, cleanup_status, disk_usage
from consumers.upkeep.retention.sink import CLEANUP
from consumers.upkeep.verify.sink import MediaCheckSink, last_media_check
from gateway.calls import Call, Operation, json_response
from gateway.context import Gateway
from gateway.http.answers import Answer, Time
from gateway.http.parameters import Nothing
from gateway.messages.ids import uuid7
from gateway.publishing import publish
from gateway.reading.stores import Stores
from gateway.reading.wait_until import until
from gateway.routes.devices.commands import NOBODY
from gateway.routes.product.device_figures import forecast_of
from gateway.routes.product.retention_plan import hold_rows
from gateway.routes.product.system import DiskAnswer

DONE_S = 3.0


class OfKind(Answer):
    bytes: int = Field(description="On the disk.")
    cold_bytes: int = Field(description="In cold storage; what is in both is counted in both.")
    files: int
    oldest: Time
    newest: Time


class DeviceStorageAnswer(Answer):
    site: str
    device: str
    bytes: int
    cold_bytes: int
    files: int
    kinds: dict[str, OfKind]
    bytes_per_day: int = Field(description="By what it wrote within the last 24 hours, or since it is there.")
    bytes_at_rest: int = Field(description="What it takes once retention deletes as much as it writes.")
    full_in_days: float | None = Field(description="When its oldest go before their time; null where they never do.")


class Kept(Answer):
    kind: str
    hours: float


class ColdStorageAnswer(Answer):
    name: str = Field(description="The bucket and our prefix in it.")
    bytes: int
    waiting_bytes: int = Field(description="What is closed and not copied yet.")
    deleting: int = Field(description="Objects that are to go and are not confirmed gone.")
    within_reach: bool


class MediaCheckAnswer(Answer):
    ended: Time
    is_clean: bool
    detail: str


Checked = MediaCheckAnswer | None


class Storage(Answer):
    cold: ColdStorageAnswer | None = Field(description="Null where the configuration names no bucket.")
    total_bytes: int = Field(description="What the archive takes on the disk, with its index.")
    index_bytes: int
    disk: DiskAnswer
    devices: list[DeviceStorageAnswer] = Field(description="The largest first.")
    retention: list[Kept]
    held: list[str] = Field(
        description="Where holds keep more than a bound of bytes: sentences that say how much, and which."
    )
    full_in_days: float | None = Field(description="When the disk is used to the threshold of the clean-up.")
    checked: MediaCheckAnswer | None = Field(description="The last check of all media; null where there was none yet.")


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
    held_files: int | None = Field(default=None, description="That somebody holds: they would have gone too.")
    held_bytes: int | None = None
    message: str


async def stats(call: Call[Nothing]) -> Storage:
    """Media by device and kind, the disk that they are on, how long they stay, and when there is no more room."""
    gateway = call.gateway
    hub, now = gateway.hub, gateway.clock()

    def question(
        stores: Stores,
    ) -> tuple[list[SeriesUsage], int, DiskSpace, StorageForecast, Pending, Checked, list[str]]:
        archive, disk = stores.archive, disk_of(hub.data)
        pending = Pending()
        if hub.cold is not None:
            pending = archive.pending(now - hub.cold.archive_after, hub.cold.kinds(hub.retention.longest()))
        ahead = forecast_of(hub, stores, now)
        return archive.usage(), archive.index_bytes(), disk, ahead, pending, _checked(stores), _held(hub, stores, now)

    usage, index_bytes, disk, ahead, pending, checked, held = await gateway.ask(question)
    by_device: dict[tuple[str, str], list[SeriesUsage]] = defaultdict(list)
    for one in usage:
        by_device[one.site, one.device].append(one)
    forecasts = {(one.site, one.device): one for one in ahead.devices}
    devices = [_of_device(forecasts[place], series) for place, series in by_device.items() if place in forecasts]
    return Storage(
        cold=_cold(call.gateway, usage, pending),
        total_bytes=sum(one.bytes for one in usage) + index_bytes,
        index_bytes=index_bytes,
        disk=DiskAnswer(**disk_usage(disk)),
        devices=sorted(devices, key=lambda one: -one.bytes),
        retention=[Kept(kind=kind, hours=kept.total_seconds() / 3600) for kind, kept in hub.retention.media],
        held=held,
        full_in_days=_days(ahead.full_in_days),
        checked=checked,
    )


def _held(hub: HubConfig, stores: Stores, now: datetime) -> list[str]:
    if hub.cold is not None:
        return []
    return [one.sentence for one in held_now(hub.retention, hub.data / "archive", lambda: hold_rows(stores), now)]


def _checked(stores: Stores) -> Checked:
    try:
        found = last_media_check(stores.view(MediaCheckSink.name))
    except NoView:
        return None
    return found and MediaCheckAnswer(ended=found.ended, is_clean=found.is_clean, detail=found.sentence)


def _cold(gateway: Gateway, usage: Sequence[SeriesUsage], pending: Pending) -> ColdStorageAnswer | None:
    storage = gateway.hub.cold
    if storage is None:
        return None
    return ColdStorageAnswer(
        name=storage.name,
        bytes=sum(one.cold_bytes for one in usage),
        waiting_bytes=pending.bytes,
        deleting=pending.deleting,
        within_reach=not gateway.cold.is_away,
    )


def _of_device(ahead: DeviceForecast, series: list[SeriesUsage]) -> DeviceStorageAnswer:
    kinds = {
        one.kind: OfKind(
            bytes=one.bytes, cold_bytes=one.cold_bytes, files=one.count, oldest=one.oldest, newest=one.newest
        )
        for one in series
    }
    return DeviceStorageAnswer(
        site=ahead.site,
        device=ahead.device,
        bytes=sum(one.bytes for one in series),
        cold_bytes=sum(one.cold_bytes for one in series),
        files=sum(one.count for one in series),
        kinds=kinds,
        bytes_per_day=ahead.bytes_per_day,
        bytes_at_rest=ahead.bytes_at_rest,
        full_in_days=_days(ahead.full_in_days),
    )


def _days(days: float | None) -> float | None:
    return None if days is None else round(days, 2)


async def status(call: Call[Nothing]) -> CleanupStatusAnswer:
    """How full the disk is, how old the media are, and how much a clean-up could free."""
    gateway = call.gateway
    hub, now = gateway.hub, gateway.clock()

    def question(stores: Stores) -> CleanupStatusAnswer:
        usage = stores.archive.usage()
        kinds = [kind for kind, _ in hub.retention.media]
        free = FreeMedia(ArchiveRetention(hub.data / "archive", lambda: now), kinds, hold_rows(stores), now)
        return CleanupStatusAnswer.model_validate(cleanup_status(hub.retention, disk_of(hub.data), usage, free, now))

    return await gateway.ask(question)


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
