from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from gateway.reading.calendar import newest_hour, today, utc_hour

BERLIN = ZoneInfo("Europe/Berlin")


def test_today_is_the_day_of_the_site() -> None:
    assert today(datetime(2026, 1, 5, 23, 30, tzinfo=UTC), BERLIN) == date(2026, 1, 6)


def test_an_hour_is_of_utc() -> None:
    assert utc_hour(date(2026, 10, 25), 1)[0] == datetime(2026, 10, 25, 1, tzinfo=UTC)


@pytest.mark.parametrize(("hour", "expected"), [(10, date(2026, 1, 5)), (11, date(2026, 1, 4)), (0, date(2026, 1, 5))])
def test_an_hour_that_has_not_begun_today_is_that_of_yesterday(hour: int, expected: date) -> None:
    assert newest_hour(hour, datetime(2026, 1, 5, 10, 59, tzinfo=UTC)) == expected
