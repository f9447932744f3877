"""Says what retention will delete and when, without deleting anything, and in how many days the disk is full."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from math import ceil

from consumers.hub_config import RetentionPolicy
from consumers.store.archive.retention import Dropped
from consumers.store.archive.usage import SeriesUsage
from consumers.store.disk import DiskSpace
from consumers.upkeep.retention.holding import holds_of
from consumers.upkeep.retention.plan import words
from consumers.upkeep.retention.selection import SEGMENT
from consumers.upkeep.retention.shares import Device
from consumers.upkeep.retention.write_rates import SeriesName, bytes_per_second
from consumers.views.holds import HoldRow
from producer.times import DAY, HOUR


@dataclass(frozen=True, slots=True)
class PlannedDeletion:
    """Packs of a series that follow each other and go within an hour; `held_by` where somebody keeps them instead."""

    rule: str
    site: str
    device: str
    kind: str
    start: datetime
    end: datetime
    goes: datetime
    files: int
    bytes: int
    held_by: tuple[str, ...]


def planned_by_age(
    policy: RetentionPolicy, packs: Iterable[Dropped], rows: Sequence[HoldRow], now: datetime, until: datetime
) -> list[PlannedDeletion]:
    """Media deleted by age up to a moment, and those that would be if nobody held them, the soonest first."""
    due = []
    for pack in packs:
        goes = max(now, pack.end + policy.keep(pack.site, pack.device, pack.kind))
        if goes <= until:
            held_by = tuple(sorted({f"{row.kind} {row.hold_id}" for row in holds_of(pack, rows)}))
            due.append((pack, goes, held_by))

    def together(one: tuple[Dropped, datetime, tuple[str, ...]]) -> tuple[str, str, str, int, tuple[str, ...]]:
        pack, goes, held_by = one
        return pack.site, pack.device, pack.kind, ceil((goes - now) / HOUR), held_by

    due.sort(key=lambda one: (*together(one), one[0].start))
    found = [_planned(policy, list(group)) for _, group in groupby(due, key=together)]
    return sorted(found, key=lambda one: (one.goes, one.site, one.device, one.kind))


def _planned(policy: RetentionPolicy, group: Sequence[tuple[Dropped, datetime, tuple[str, ...]]]) -> PlannedDeletion:
    first = group[0][0]
    return PlannedDeletion(
        rule=f"{first.kind}: kept for {words(policy.keep(first.site, first.device, first.kind))}",
        site=first.site,
        device=first.device,
        kind=first.kind,
        start=first.start,
        end=group[-1][0].end,
        goes=group[0][1],
        files=sum(pack.count for pack, _, _ in group),
        bytes=sum(pack.bytes for pack, _, _ in group),
        held_by=group[0][2],
    )


@dataclass(frozen=True, slots=True)
class DeviceForecast:
    """`full_in_days` is when its oldest media go before their time, by a bound of bytes or because the disk is full;
    `None` where its retention keeps it below. `bytes_at_rest` is what it takes once its retention deletes as much as it
    writes.
    """

    site: str
    device: str
    bytes: int
    bytes_per_day: int
    bytes_at_rest: int
    full_in_days: float | None


@dataclass(frozen=True, slots=True)
class StorageForecast:
    """`full_in_days` is when the use of the disk reaches the threshold of the clean-up; `None` where it never does."""

    full_in_days: float | None
    devices: tuple[DeviceForecast, ...]


@dataclass(frozen=True, slots=True)
class _Growth:
    """The growth of a series: bytes a day, and for how many days more before its retention deletes as much."""

    site: str
    device: str
    kind: str
    bytes: int
    per_day: float
    days: float


def forecast(
    policy: RetentionPolicy,
    usage: Sequence[SeriesUsage],
    recent: Mapping[SeriesName, int],
    disk: DiskSpace,
    now: datetime,
) -> StorageForecast:
    """`recent` is what each series has written within `RATE_OVER`."""
    rates = bytes_per_second(usage, recent, now)
    series = [_growth(policy, one, rates[one.site, one.device, one.kind], now) for one in usage]
    room = disk.total * policy.cleanup_threshold_percent / 100 - disk.used
    full = days_until([(one.per_day, one.days) for one in series], room)
    devices = sorted({(one.site, one.device) for one in series})
    return StorageForecast(full, tuple(_of_device(policy, series, device, full, len(devices)) for device in devices))


def _growth(policy: RetentionPolicy, one: SeriesUsage, bytes_per_s: float, now: datetime) -> _Growth:
    keep = policy.keep(one.site, one.device, one.kind) if one.kind in dict(policy.media) else timedelta.max
    days = max(0.0, (keep - max(now - one.oldest, timedelta())) / DAY)
    return _Growth(one.site, one.device, one.kind, one.bytes, bytes_per_s * DAY.total_seconds(), days)


def days_until(growths: Sequence[tuple[float, float]], room: float) -> float | None:
    """When so much room is used up by series that each grow by so many bytes a day for so many days."""
    if room <= 0:
        return 0.0
    before = 0.0
    for end in sorted({days for _, days in growths if days > 0}):
        rate = sum(per_day for per_day, days in growths if days >= end)
        if rate * (end - before) >= room:
            return before + room / rate
        room -= rate * (end - before)
        before = end
    return None


def _of_device(
    policy: RetentionPolicy, series: Sequence[_Growth], device: Device, full: float | None, devices: int
) -> DeviceForecast:
    ours = [one for one in series if (one.site, one.device) == device]
    grows = any(one.per_day > 0 and one.days > 0 for one in ours)
    found = [_bound_reached(policy, ours, device, devices), full if grows else None]
    return DeviceForecast(
        *device,
        bytes=sum(one.bytes for one in ours),
        bytes_per_day=round(sum(one.per_day for one in ours)),
        bytes_at_rest=round(sum(one.bytes + one.per_day * one.days for one in ours)),
        full_in_days=min((days for days in found if days is not None), default=None),
    )


def _bound_reached(policy: RetentionPolicy, ours: Sequence[_Growth], device: Device, devices: int) -> float | None:
    """When its recordings reach their own bound, or its equal share of the bound of all."""
    own = next((one.segment_bytes for one in policy.devices if (one.site, one.device) == device), None)
    bounds = [own] if own is not None else []
    bounds += [policy.segment_bytes // devices] if policy.segment_bytes is not None else []
    recorded = [one for one in ours if one.kind == SEGMENT]
    if not bounds or not recorded:
        return None
    used = sum(one.bytes for one in recorded)
    return days_until([(one.per_day, one.days) for one in recorded], min(bounds) - used)
