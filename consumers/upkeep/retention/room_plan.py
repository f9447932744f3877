"""Says which media will be deleted for want of room and when, if devices go on to write as they did in the last day."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil
from typing import Final

from consumers.hub_config import RetentionPolicy
from consumers.store.archive.keys import EVIDENCE, PackInterval
from consumers.store.archive.retention import NEWEST, Dropped
from consumers.store.archive.usage import SeriesUsage
from consumers.store.disk import DiskSpace
from consumers.upkeep.retention.forecast import PlannedDeletion, planned_by_age
from consumers.upkeep.retention.holding import part
from consumers.upkeep.retention.plan import (
    ExpiredPacks,
    by_bytes,
    by_device_bytes,
    by_space,
    is_too_full,
    runs_of,
)
from consumers.upkeep.retention.selection import SEGMENT
from consumers.upkeep.retention.shares import Device, order_of
from consumers.upkeep.retention.write_rates import SeriesName, bytes_per_second
from consumers.views.holds import HoldRow
from producer.times import EPOCH, HOUR, MINUTE

MOST_STEPS: Final = 96
HOUR_MINUTES: Final = HOUR // MINUTE


@dataclass(frozen=True, slots=True)
class StoredNow:
    """What the plan begins with: the disk, what each series has on it, and what each wrote within `RATE_OVER`."""

    disk: DiskSpace
    usage: Sequence[SeriesUsage]
    recent: Mapping[SeriesName, int]

    def without(self, kinds: Iterable[str]) -> "StoredNow":
        """Media of these kinds make no want of room: the bucket has them, and the disk lets go of them first."""
        left_out = set(kinds)
        size = sum(one.bytes for one in self.usage if one.kind in left_out)
        return StoredNow(
            DiskSpace(self.disk.total, self.disk.used - size),
            [one for one in self.usage if one.kind not in left_out],
            {series: size for series, size in self.recent.items() if series[2] not in left_out},
        )


def planned_deletions(
    policy: RetentionPolicy,
    stored: StoredNow,
    packs: Sequence[Dropped],
    rows: Sequence[HoldRow],
    now: datetime,
    until: datetime,
) -> list[PlannedDeletion]:
    """What goes by age and for want of room up to a moment, and what would go by age if nobody held it: the soonest
    first.
    """
    for_room = planned_for_room(policy, stored, part(packs, rows).free, now, until)
    gone = {(one.site, one.device, one.kind, start) for one in for_room for start in _hours(one.start, one.end)}
    others = [one for one in packs if (one.site, one.device, one.kind, _hour(one.start)) not in gone]
    found = [*for_room, *planned_by_age(policy, others, rows, now, until)]
    return sorted(found, key=lambda one: (one.goes, one.site, one.device, one.kind))


def _hour(moment: datetime) -> int:
    return (moment - EPOCH) // HOUR


def _hours(start: datetime, end: datetime) -> range:
    return range(_hour(start), _hour(end))


def may_want_room(policy: RetentionPolicy, stored: StoredNow, now: datetime, until: datetime) -> bool:
    """Whether a bound can be reached until a moment. Where none is, nothing but what is too old goes, and nobody needs
    to look at the other packs.
    """
    simulation = _Simulation(policy, stored, (), now)
    return simulation.grows_beyond_bounds(until)


def planned_for_room(
    policy: RetentionPolicy, stored: StoredNow, packs: Iterable[Dropped], now: datetime, until: datetime
) -> list[PlannedDeletion]:
    """`packs` are those that may be deleted; an hour of a series goes as one."""
    simulation = _Simulation(policy, stored, packs, now)
    step = max((until - now) / MOST_STEPS, HOUR)
    found: list[PlannedDeletion] = []
    for number in range(ceil((until - now) / step) + 1):
        moment = min(now + number * step, until)
        for expired in simulation.at(moment):
            found += [_planned(expired.rule, run, moment) for run in runs_of(expired.packs)]
    return found


def _planned(rule: str, run: Sequence[Dropped], moment: datetime) -> PlannedDeletion:
    first, files, size = run[0], sum(one.count for one in run), sum(one.bytes for one in run)
    return PlannedDeletion(
        rule, first.site, first.device, first.kind, first.start, run[-1].end, moment, files, size, ()
    )


class _Simulation:
    """The disk as it fills, by steps. Media that are written meanwhile go too. They are not in the plan, because they
    are not there yet.
    """

    def __init__(self, policy: RetentionPolicy, stored: StoredNow, packs: Iterable[Dropped], now: datetime) -> None:
        self._policy = policy
        self._now = self._moment = now
        self._disk = stored.disk
        self._used: dict[SeriesName, float] = {(one.site, one.device, one.kind): one.bytes for one in stored.usage}
        self._rates = bytes_per_second(stored.usage, stored.recent, now)
        kinds = {one.kind for one in stored.usage}
        self._packs = _by_hour(one for one in packs if one.kind in kinds)

    def at(self, moment: datetime) -> Iterator[ExpiredPacks]:
        """Media deleted for want of room until then, since the last call."""
        self._write(moment)
        self._remove([one for one in self._packs if one.end + self._keep(one) <= moment])
        for expired in self._selected():
            self._remove(expired.packs)
            if existing := tuple(one for one in expired.packs if one.start < self._now):
                yield replace(expired, packs=existing)

    def grows_beyond_bounds(self, moment: datetime) -> bool:
        """Whether it is, had nothing been too old meanwhile, and a byte more of each series for each step."""
        self._write(moment)
        for series in list(self._used):
            self._add(series, MOST_STEPS)
        policy, used = self._policy, self._used_by_devices(SEGMENT)
        bounds = [(policy.segment_bytes, sum(used.values()))]
        bounds += [(one.segment_bytes, used.get((one.site, one.device), 0)) for one in policy.devices]
        is_beyond = any(bound is not None and size > bound for bound, size in bounds)
        return is_beyond or is_too_full(self._disk, policy.cleanup_threshold_percent)

    def _write(self, moment: datetime) -> None:
        passed, self._moment = moment - self._moment, moment
        interval = PackInterval((moment - passed - EPOCH) // MINUTE, max(1, passed // MINUTE))
        for (site, device, kind), rate in self._rates.items() if passed else ():
            size = round(rate * passed.total_seconds())
            self._add((site, device, kind), size)
            self._packs.append(Dropped(site, device, kind, interval, 0, size))

    def _selected(self) -> Iterator[ExpiredPacks]:
        policy = self._policy
        for one in policy.devices:
            if one.segment_bytes is not None:
                used = self._used_by_devices(SEGMENT).get((one.site, one.device), 0)
                ours = [pack for pack in self._old(SEGMENT) if (pack.site, pack.device) == (one.site, one.device)]
                yield by_device_bytes(one.segment_bytes, used, ours)
        of_devices = self._used_by_devices(SEGMENT)
        if policy.segment_bytes is not None and sum(of_devices.values()) > policy.segment_bytes:
            yield by_bytes(SEGMENT, policy.segment_bytes, of_devices, self._old(SEGMENT))
        threshold, target = policy.cleanup_threshold_percent, policy.cleanup_target_percent
        if is_too_full(self._disk, threshold):
            yield by_space(threshold, target, self._disk, self._used_by_devices(), self._old())

    def _old(self, kind: str | None = None) -> list[Dropped]:
        """The packs that may go, of one kind or of all; not those of the newest minutes."""
        last = self._moment - NEWEST
        old = [one for one in self._packs if one.end <= last and (one.kind == kind or kind is None)]
        return sorted(old, key=order_of)

    def _remove(self, packs: Sequence[Dropped]) -> None:
        for one in packs:
            self._add((one.site, one.device, one.kind), -one.bytes)
        gone = set(packs)
        self._packs = [one for one in self._packs if one not in gone] if gone else self._packs

    def _add(self, series: SeriesName, size: int) -> None:
        self._used[series] = self._used.get(series, 0) + size
        self._disk = DiskSpace(self._disk.total, self._disk.used + size)

    def _used_by_devices(self, kind: str | None = None) -> dict[Device, int]:
        found: dict[Device, int] = defaultdict(int)
        for (site, device, of_kind), size in self._used.items():
            if kind in (None, of_kind):
                found[site, device] += round(size)
        return found

    def _keep(self, pack: Dropped) -> timedelta:
        return self._policy.keep(pack.site, pack.device, pack.kind)


def _by_hour(packs: Iterable[Dropped]) -> list[Dropped]:
    """Packs of an hour of a series as one, for months of them are many. Evidence stays whatever the disk has."""
    hours: dict[tuple[SeriesName, int], tuple[int, int]] = {}
    for one in packs:
        if one.kind == EVIDENCE:
            continue
        place = (one.site, one.device, one.kind), one.interval.start // HOUR_MINUTES
        count, size = hours.get(place, (0, 0))
        hours[place] = count + one.count, size + one.bytes
    return [
        Dropped(*series, PackInterval(hour * HOUR_MINUTES, HOUR_MINUTES), count, size)
        for (series, hour), (count, size) in hours.items()
    ]


@dataclass(frozen=True, slots=True)
class DeletionSum:
    """The deletions of one kind of one device, and when the first of them happens."""

    site: str
    device: str
    kind: str
    first_goes: datetime
    files: int
    bytes: int


def summed(deletions: Iterable[PlannedDeletion]) -> list[DeletionSum]:
    """By device and kind, the most bytes first. Media that somebody holds do not go."""
    sums: dict[SeriesName, DeletionSum] = {}
    for one in deletions:
        if one.held_by:
            continue
        series = one.site, one.device, one.kind
        before = sums.get(series) or DeletionSum(*series, one.goes, 0, 0)
        sums[series] = replace(
            before,
            first_goes=min(before.first_goes, one.goes),
            files=before.files + one.files,
            bytes=before.bytes + one.bytes,
        )
    return sorted(sums.values(), key=lambda one: -one.bytes)
