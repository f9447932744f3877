"""Converts moments to numbers since 1970, and local days to moments. Everything is UTC except for a given zone."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)
MINUTE: Final = timedelta(minutes=1)
HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)


def micros(moment: datetime) -> int:
    """Whole microseconds since 1970: exact, unlike the float of `timestamp()`."""
    return (moment - EPOCH) // MICROSECOND


def moment(microseconds: int) -> datetime:
    return EPOCH + microseconds * MICROSECOND


def moment_of_seconds(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def iso_of(time_us: int) -> str:
    """The moment so many microseconds after 1970, as `iso` writes it."""
    return f"{_second(time_us // 1_000_000)}.{time_us // 1000 % 1000:03}Z"


@lru_cache(maxsize=1024)
def _second(seconds: int) -> str:
    """The newest events of many devices share a few of them."""
    return moment(seconds * 1_000_000).isoformat()[: len("2026-01-05T10:00:00")]


def day_bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """From the first moment of a local day to that of the next: 23 to 25 hours."""
    return _midnight(day, zone), _midnight(day + DAY, zone)


def clock_words(local: datetime, form: str = "%Y-%m-%d %H:%M:%S") -> str:
    """As the clock of its zone shows it; in an hour that a day has twice, with which of the two it is."""
    is_twice = local.utcoffset() != local.replace(fold=1 - local.fold).utcoffset()
    return local.strftime(f"{form} %Z" if is_twice else form)


def zone_named(name: str) -> ZoneInfo:
    """Raises `ValueError` with a sentence for a zone that this machine, or a browser, does not know."""
    try:
        if name in _OF_ONE_MACHINE or name.startswith(_OF_ONE_DATABASE):
            raise ZoneInfoNotFoundError(name)
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"'{name[:64]}' is no IANA time zone; write it as Europe/Berlin") from error


_OF_ONE_MACHINE: Final = frozenset({"localtime", "posixrules", "Factory"})
_OF_ONE_DATABASE: Final = ("posix/", "right/")
"""In the files of zones, but no names of zones: browsers show their times as UTC."""


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """If the clocks skip midnight, the day begins when they have."""
    return datetime.combine(day, time.min, zone).astimezone(UTC)
