"""What is kept, how much room it takes, and for how long."""

from collections import defaultdict

from pydantic import Field

from consumers.archive.reader import Usage
from gateway.answers import Answer, Time
from gateway.calls import Call, Operation
from gateway.machine import disk_figures
from gateway.parameters import Nothing
from gateway.routes.system import Disk


class OfKind(Answer):
    bytes: int
    files: int
    oldest: Time
    newest: Time


class OfDevice(Answer):
    site: str
    device: str
    bytes: int
    files: int
    kinds: dict[str, OfKind]


class Kept(Answer):
    kind: str
    hours: float


class Storage(Answer):
    total_bytes: int
    disk: Disk
    devices: list[OfDevice] = Field(description="The largest first.")
    retention: list[Kept]


async def stats(call: Call[Nothing]) -> Storage:
    """Media by device and kind, the disk that they are on, and how long they stay."""
    hub = call.gateway.hub
    usage, disk = await call.gateway.ask(lambda stores: (stores.archive.usage(), disk_figures(hub.data)))
    by_device: dict[tuple[str, str], list[Usage]] = defaultdict(list)
    for one in usage:
        by_device[one.site, one.device].append(one)
    devices = [_of_device(*place, series) for place, series in by_device.items()]
    return Storage(
        total_bytes=sum(one.bytes for one in usage),
        disk=Disk(**disk),
        devices=sorted(devices, key=lambda one: -one.bytes),
        retention=[Kept(kind=kind, hours=kept.total_seconds() / 3600) for kind, kept in hub.retention.media],
    )


def _of_device(site: str, device: str, series: list[Usage]) -> OfDevice:
    kinds = {one.kind: OfKind(bytes=one.bytes, files=one.count, oldest=one.oldest, newest=one.newest) for one in series}
    return OfDevice(
        site=site,
        device=device,
        bytes=sum(one.bytes for one in series),
        files=sum(one.count for one in series),
        kinds=kinds,
    )


OPERATIONS = [Operation("GET", "/api/v1/storage/stats", stats, Storage)]
