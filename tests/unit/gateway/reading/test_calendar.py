from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from gateway.reading.calendar import day_bounds, newest_hour, today, utc_hour

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("day", "zone", "hours"),
    [
        (date(2026, 1, 5), "Europe/Berlin", 24),
        (date(2026, 3, 29), "Europe/Berlin", 23),
        (date(2026, 10, 25), "Europe/Berlin", 25),
        (date(2026, 9, 6), "America/Santiago", 23),
        (date(2026, 10, 25), "UTC", 24),
    ],
)
def test_a_day_has_the_hours_that_the_clocks_show(day: date, zone: str, hours: int) -> None:
    start, end = day_bounds(day, ZoneInfo(zone))

    assert end - start == timedelta(hours=hours)


def test_a_day_begins_at_midnight_of_the_site() -> None:
    assert day_bounds(date(2026, 1, 5), BERLIN)[0] == datetime(2026, 1, 4, 23, tzinfo=UTC)


def test_today_is_the_day_of_the_site() -> None:
    assert today(datetime(2026, 1, 5, 23, 30, tzinfo=UTC), BERLIN) == date(2026, 1, 6)


def test_an_hour_is_of_utc() -> None:
    assert utc_hour(date(2026, 10, 25), 1)[0] == datetime(2026, 10, 25, 1, tzinfo=UTC)


@pytest.mark.parametrize(("hour", "expected"), [(10, date(2026, 1, 5)), (11, date(2026, 1, 4)), (0, date(2026, 1, 5))])
def test_an_hour_that_has_not_begun_today_is_that_of_yesterday(hour: int, expected: date) -> None:
    assert newest_hour(hour, datetime(2026, 1, 5, 10, 59, tzinfo=UTC)) == expected
