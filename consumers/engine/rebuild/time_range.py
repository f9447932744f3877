"""The part of a view that can be rebuilt by itself: one site in a time range."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from producer.times import EPOCH, MINUTE

Value = str | float


@dataclass(frozen=True, slots=True)
class TimeRange:
    """The time range of a site that somebody asks for; `until` is excluded."""

    site: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class ViewPart:
    """The time range widened to whole buckets, and by table the condition (in SQL, with its values) of the rows that
    the events of the site in it make, and no other event.
    """

    since: datetime
    until: datetime
    rows: Mapping[str, tuple[str, tuple[Value, ...]]]


def whole_minutes(wanted: TimeRange) -> tuple[datetime, datetime]:
    return _whole(wanted, MINUTE)


def whole_quarters(wanted: TimeRange) -> tuple[datetime, datetime]:
    """The time range, widened to whole quarters of an hour."""
    return _whole(wanted, 15 * MINUTE)


def _whole(wanted: TimeRange, step: timedelta) -> tuple[datetime, datetime]:
    return EPOCH + (wanted.since - EPOCH) // step * step, EPOCH - (EPOCH - wanted.until) // step * step
