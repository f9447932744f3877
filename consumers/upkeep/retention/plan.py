"""Decides which packs of media are deleted: by age, by bytes, and when the disk is full. Deletes nothing itself."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from uuid import NAMESPACE_URL, uuid5

from bus_schemas.alert import Retention, RetentionEvent
from bus_schemas.event import HUB, device_source
from consumers.store.archive.retention import Dropped
from consumers.store.disk import DiskSpace
from consumers.store.journal.days import DroppedDay
from consumers.upkeep.retention.shares import Device, beyond_shares
from producer.times import DAY, HOUR

HEADROOM_PERCENT = 0.5
"""Media go so much before the threshold, from which people are alerted: they are while no room can be made."""
HEADROOM_BYTES = 8 * 1024 * 1024
"""Or so much, on a small disk: what devices send in a turn comes beside the logs of databases, which grow by megabytes
and are copied as many at a time.
"""
MOST_HEADROOM_PERCENT = 1.5
_NAMESPACE = uuid5(NAMESPACE_URL, "watchpost:retention")


@dataclass(frozen=True, slots=True)
class ExpiredPacks:
    """Packs of media that go by one rule."""

    rule: str
    packs: tuple[Dropped, ...]
    spares: bool = False
    """Whether older media stay, though more would have to go: they are of devices within their equal share."""
    held: tuple[Dropped, ...] = ()
    """Packs that would have gone, and are kept back because somebody holds, notes or exports their time."""


def by_age(kind: str, keep: timedelta, expiring: Sequence[Dropped]) -> ExpiredPacks:
    return ExpiredPacks(f"{kind}: kept for {words(keep)}", tuple(expiring))


def by_bytes(kind: str, limit: int, used: Mapping[Device, int], packs: Iterable[Dropped]) -> ExpiredPacks:
    """The oldest packs of the devices above their share, as many as it takes to come below the limit. Here and below
    they are given in their order, and no more are asked for than go.
    """
    return ExpiredPacks(f"{kind}: kept up to {limit} bytes", tuple(beyond_shares(packs, used, limit)))


def by_device_bytes(limit: int, used: int, packs: Iterable[Dropped]) -> ExpiredPacks:
    """The oldest packs of one device, as many as it takes to come below its own limit."""
    chosen = []
    for pack in packs if used > limit else ():
        chosen.append(pack)
        used -= pack.bytes
        if used <= limit:
            break
    return ExpiredPacks(f"segment: kept up to {limit} bytes of this device", tuple(chosen))


def is_too_full(disk: DiskSpace, threshold: float) -> bool:
    headroom = max(HEADROOM_PERCENT, 100 * HEADROOM_BYTES / max(1, disk.total))
    return disk.percent > threshold - min(MOST_HEADROOM_PERCENT, headroom)


def by_space(
    threshold: float, target: float, disk: DiskSpace, used: Mapping[Device, int], packs: Iterable[Dropped]
) -> ExpiredPacks:
    """Where the disk is used to its threshold: the oldest packs of all kinds of the devices above their share of what
    media may take, until it is down at its target.
    """
    rule = f"disk used by {threshold:g} % or more: down to {target:g} %"
    if not is_too_full(disk, threshold):
        return ExpiredPacks(rule, ())
    need, seen = disk.above(target), 0

    def counted() -> Iterator[Dropped]:
        nonlocal seen
        for pack in packs:
            seen += 1
            yield pack

    chosen = beyond_shares(counted(), used, sum(used.values()) - need)
    is_met = sum(pack.bytes for pack in chosen) >= need
    return ExpiredPacks(rule, tuple(chosen), spares=not is_met and len(chosen) < seen)


def events(expired: ExpiredPacks, now: datetime) -> list[RetentionEvent]:
    """One for each series and time without a pause in it; the same packs by the same rule have the same ids.

    None is about several devices: what an event names is played no more, also of a device of which less went.
    """
    return [_event(expired.rule, run, now) for run in runs_of(expired.packs)]


def runs_of(packs: Iterable[Dropped]) -> list[list[Dropped]]:
    """Those of a series that follow each other, together."""
    runs: list[list[Dropped]] = []
    for pack in sorted(packs, key=lambda each: (each.site, each.kind, each.device, each.interval)):
        if runs and runs[-1][-1].series == pack.series and runs[-1][-1].end == pack.start:
            runs[-1].append(pack)
        else:
            runs.append([pack])
    return sorted(runs, key=lambda run: (run[0].start, run[0].kind, run[0].site, run[0].device))


def _event(rule: str, run: Sequence[Dropped], now: datetime) -> RetentionEvent:
    first, size = run[0], sum(pack.bytes for pack in run)
    start, end = first.start, run[-1].end
    what = f"{rule}/{first.site}/{first.device}/{first.kind}/{start.isoformat()}/{end.isoformat()}/{size}"
    return RetentionEvent(
        id=str(uuid5(_NAMESPACE, what)),
        source=device_source(first.site, HUB),
        time=now,
        data=Retention(
            rule=rule,
            kind=first.kind,
            site=first.site,
            device=first.device,
            start=start,
            end=end,
            count=sum(pack.count for pack in run),
            bytes=size,
        ),
    )


def journal_event(rule: str, dropped: DroppedDay, now: datetime) -> RetentionEvent:
    """A day of the journal goes. It is the same event, whenever and by whatever rule it is emitted."""
    day = datetime.combine(dropped.date, time(0), UTC)
    return RetentionEvent(
        id=str(uuid5(_NAMESPACE, f"journal/{day.isoformat()}/{dropped.first}")),
        source=device_source(HUB, HUB),
        time=now,
        data=Retention(
            rule=rule,
            kind="journal",
            start=day,
            end=day + DAY,
            count=dropped.count,
            bytes=dropped.bytes,
            first=dropped.first,
            last=dropped.last,
        ),
    )


def words(keep: timedelta) -> str:
    hours = keep / HOUR
    return f"{hours / 24:g} days" if hours % 24 == 0 and hours > 24 else f"{hours:g} h"
