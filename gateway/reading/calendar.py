"""Days and hours as people at a site have them, as moments in UTC; days have 23, 24 or 25 hours."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def today(now: datetime, zone: ZoneInfo) -> date:
    return now.astimezone(zone).date()


def day_bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """From the first moment of a day to the first of the next."""
    return _midnight(day, zone), _midnight(day + DAY, zone)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """Where the clocks skip midnight, the day begins when they have."""
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def utc_hour(day: date, hour: int) -> tuple[datetime, datetime]:
    start = datetime.combine(day, time(hour), UTC)
    return start, start + HOUR


def newest_hour(hour: int, now: datetime) -> date:
    """The newest UTC day on which this hour has begun."""
    return now.date() if hour <= now.hour else now.date() - DAY
