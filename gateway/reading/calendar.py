"""Converts the local days and hours of a site to moments in UTC; days have 23, 24 or 25 hours."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from producer.times import DAY, HOUR


def today(now: datetime, zone: ZoneInfo) -> date:
    return now.astimezone(zone).date()


def utc_hour(day: date, hour: int) -> tuple[datetime, datetime]:
    start = datetime.combine(day, time(hour), UTC)
    return start, start + HOUR


def newest_hour(hour: int, now: datetime) -> date:
    """The newest UTC day on which this hour has begun."""
    return now.date() if hour <= now.hour else now.date() - DAY
