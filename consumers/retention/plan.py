"""Decides what goes: by age, by bytes, and when the disk is full. Deletes nothing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple
from uuid import NAMESPACE_URL, uuid5

from bus_schemas.alert import Retention, RetentionEvent
from bus_schemas.event import HUB, device_source
from consumers.archive.retention import Dropped
from consumers.journal.days import DroppedDay

HOUR = timedelta(hours=1)
_NAMESPACE = uuid5(NAMESPACE_URL, "watchpost:retention")


class Disk(NamedTuple):
    """Bytes of the disk that holds the data."""

    total: int
    used: int

    @property
    def percent(self) -> float:
        return self.used / self.total * 100 if self.total else 0.0

    def above(self, percent: float) -> int:
        """How many bytes have to go until it is used by no more than this."""
        return max(0, self.used - int(self.total * percent / 100))


@dataclass(frozen=True, slots=True)
class Doomed:
    """Hours of media that go by one rule."""

    rule: str
    hours: tuple[Dropped, ...]


def by_age(kind: str, keep: timedelta, expiring: Sequence[Dropped]) -> Doomed:
    return Doomed(f"{kind}: kept for {words(keep)}", tuple(expiring))


def by_bytes(kind: str, limit: int, used: int, hours: Sequence[Dropped]) -> Doomed:
    """The oldest hours, as many as it takes to come below the limit."""
    return Doomed(f"{kind}: kept up to {limit} bytes", tuple(oldest_until(hours, used - limit)))


def by_space(threshold: float, target: float, disk: Disk, hours: Iterable[Dropped]) -> Doomed:
    """Where the disk is used to its threshold: the oldest hours of all kinds, until it is down at its target."""
    rule = f"disk used by {threshold:g} % or more: down to {target:g} %"
    need = disk.above(target) if disk.percent >= threshold else 0
    return Doomed(rule, tuple(oldest_until(hours, need)))


def oldest_until(hours: Iterable[Dropped], need: int) -> list[Dropped]:
    chosen: list[Dropped] = []
    for hour in sorted(hours, key=lambda each: (each.hour, each.kind, each.site, each.device)):
        if need <= 0:
            break
        chosen.append(hour)
        need -= hour.bytes
    return chosen


def events(doomed: Doomed, now: datetime) -> list[RetentionEvent]:
    """One for each site, kind and hour; the same hours by the same rule have the same ids."""
    grouped: dict[tuple[datetime, str, str], list[Dropped]] = {}
    for hour in doomed.hours:
        grouped.setdefault((hour.hour, hour.site, hour.kind), []).append(hour)
    return [
        RetentionEvent(
            id=str(uuid5(_NAMESPACE, f"{doomed.rule}/{site}/{kind}/{hour.isoformat()}/{sum(e.bytes for e in each)}")),
            source=device_source(site, HUB),
            time=now,
            data=Retention(
                rule=doomed.rule,
                kind=kind,
                site=site,
                device=each[0].device if len(each) == 1 else None,
                start=hour,
                end=hour + HOUR,
                count=sum(one.count for one in each),
                bytes=sum(one.bytes for one in each),
            ),
        )
        for (hour, site, kind), each in sorted(grouped.items())
    ]


def journal_event(rule: str, dropped: DroppedDay, now: datetime) -> RetentionEvent:
    """A day of the journal goes. It is the same event, whenever and by whatever rule it is told."""
    day = datetime.combine(dropped.date, time(0), UTC)
    return RetentionEvent(
        id=str(uuid5(_NAMESPACE, f"journal/{day.isoformat()}/{dropped.first}")),
        source=device_source(HUB, HUB),
        time=now,
        data=Retention(
            rule=rule,
            kind="journal",
            start=day,
            end=day + timedelta(days=1),
            count=dropped.count,
            bytes=dropped.bytes,
            first=dropped.first,
            last=dropped.last,
        ),
    )


def words(keep: timedelta) -> str:
    hours = keep / HOUR
    return f"{hours / 24:g} days" if hours % 24 == 0 and hours > 24 else f"{hours:g} h"
