"""Selects the packs of media that go: by age and bytes of each kind and device, and where the disk is full."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from heapq import merge
from pathlib import Path

from consumers.hub_config import RetentionPolicy
from consumers.store.archive.keys import EVIDENCE
from consumers.store.archive.reader import ArchiveReader
from consumers.store.archive.retention import ArchiveRetention, Dropped
from consumers.store.disk import DiskSpace
from consumers.upkeep.retention.copy_check import CopyCheck
from consumers.upkeep.retention.holding import CurrentHolds, FreePacks, part
from consumers.upkeep.retention.plan import ExpiredPacks, by_age, by_bytes, by_device_bytes, by_space, is_too_full
from consumers.upkeep.retention.shares import Device, order_of

SEGMENT = "segment"


@dataclass(frozen=True, slots=True)
class PackSelection:
    """Held media are never selected. Each method raises `HoldsUnknown` where it would select something, and nobody
    can say what is held.

    For want of room the disk lets go first of what cold storage has too, as the bucket says when it is asked: nothing
    is lost by it. Only what is nowhere else is selected then.
    """

    data: Path
    policy: RetentionPolicy
    archive: ArchiveRetention
    disk: Callable[[], DiskSpace]
    holds: CurrentHolds
    copies: CopyCheck | None = None
    """`None` without cold storage."""

    def too_old(self, kind: str, now: datetime) -> list[ExpiredPacks]:
        """By each length of time that a device keeps this kind."""
        by_keep: dict[timedelta, list[Dropped]] = defaultdict(list)
        for pack in self.archive.expiring(kind, self.policy.kept_from(kind, now)):
            by_keep[self.policy.keep(pack.site, pack.device, kind)].append(pack)
        return [self._free(by_age(kind, keep, packs)) for keep, packs in sorted(by_keep.items())]

    def too_much(self, now: datetime) -> list[ExpiredPacks]:
        """Recordings beyond the bytes of a device, then those beyond the bytes of all."""
        of_devices = [one for one in self.policy.devices if one.segment_bytes is not None]
        limit = self.policy.segment_bytes
        if limit is None and not of_devices:
            return []
        used = self._used(SEGMENT)
        found = []
        for one in of_devices:
            place = one.site, one.device
            if one.segment_bytes is None or used.get(place, 0) <= one.segment_bytes:
                continue
            if self._release(now, used[place] - one.segment_bytes, SEGMENT, place):
                used = self._used(SEGMENT)
            expired = by_device_bytes(one.segment_bytes, used.get(place, 0), self._uncopied(now, place))
            found.append(self._named(expired))
        if limit is not None and sum(used.values()) > limit:
            if self._release(now, sum(used.values()) - limit, SEGMENT):
                used = self._used(SEGMENT)
            found.append(self._named(by_bytes(SEGMENT, limit, used, self._uncopied(now))))
        return found

    def too_full(self, now: datetime) -> ExpiredPacks:
        disk = self.disk()
        threshold, target = self.policy.cleanup_threshold_percent, self.policy.cleanup_target_percent
        if not is_too_full(disk, threshold):
            return by_space(threshold, target, disk, {}, ())
        if self._release(now, disk.above(target)):
            disk = self.disk()
        packs = self._droppable(now)
        expired = by_space(threshold, target, disk, self._used(), packs)
        return replace(self._named(expired), held=tuple(packs.held))

    def _release(self, now: datetime, need: int, kind: str | None = None, device: Device | None = None) -> int:
        is_there = None if self.copies is None else self.copies.round()
        return self.archive.release(now, kind=kind, device=device, need=need, is_there=is_there)

    def _named(self, expired: ExpiredPacks) -> ExpiredPacks:
        """With a rule that says that these are lost, where people may think of the bucket."""
        if self.copies is None:
            return expired
        return replace(expired, rule=f"{expired.rule}; not in cold storage yet")

    def _droppable(self, now: datetime) -> FreePacks:
        """The packs of media on the disk alone but those of the newest ten minutes."""
        kinds = (kind for kind, _ in self.policy.media if kind != EVIDENCE)
        packs = merge(*(self.archive.uncopied(kind, now) for kind in kinds), key=order_of)
        return FreePacks(packs, self.holds.rows)

    def _uncopied(self, now: datetime, of: Device | None = None) -> FreePacks:
        """Recordings of all devices, or of one."""
        packs = (one for one in self.archive.uncopied(SEGMENT, now) if of in (None, (one.site, one.device)))
        return FreePacks(packs, self.holds.rows)

    def _free(self, expired: ExpiredPacks) -> ExpiredPacks:
        if not expired.packs:
            return expired
        parted = part(expired.packs, self.holds.rows())
        return replace(expired, packs=parted.free, held=parted.held)

    def _used(self, kind: str | None = None) -> dict[Device, int]:
        with ArchiveReader(self.data / "archive") as archive:
            return archive.bytes_of_devices(kind)


def all_held(selected: Sequence[ExpiredPacks]) -> list[Dropped]:
    return [pack for expired in selected for pack in expired.held]
