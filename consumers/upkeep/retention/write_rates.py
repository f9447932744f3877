"""Says how fast each series grows, by what it wrote within the last day, or since it is there."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from consumers.store.archive.keys import EVIDENCE
from consumers.store.archive.usage import SeriesUsage
from consumers.upkeep.retention.shares import Device
from producer.times import DAY, HOUR, MINUTE

SeriesName = tuple[str, str, str]
"""Site, device and kind."""
RATE_OVER: Final = DAY
"""How much a device writes is measured over so long."""
SHORTEST: Final = 2 * MINUTE
"""Less says more of when a file is closed than of what a device writes."""


def bytes_per_second(
    usage: Sequence[SeriesUsage], recent: Mapping[SeriesName, int], now: datetime
) -> dict[SeriesName, float]:
    """`recent` is what each series has written within `RATE_OVER`."""
    ages = _ages(usage, now)
    return {
        (one.site, one.device, one.kind): recent.get((one.site, one.device, one.kind), 0)
        / _measured_over(one, ages[one.site, one.device], now).total_seconds()
        for one in usage
    }


def _ages(usage: Sequence[SeriesUsage], now: datetime) -> dict[Device, timedelta]:
    """How long something of each device is there."""
    ages: dict[Device, timedelta] = {}
    for one in usage:
        device = one.site, one.device
        ages[device] = max(ages.get(device, SHORTEST), now - one.oldest)
    return ages


def _measured_over(series: SeriesUsage, age: timedelta, now: datetime) -> timedelta:
    """What began a moment ago may go on, or be a burst: it is taken for what a device writes in an hour, or in all of
    the time that it is there. Pictures of incidents come in bursts alone.
    """
    least = HOUR if series.kind == EVIDENCE else min(age, HOUR)
    return min(max(now - series.oldest, least), RATE_OVER)
