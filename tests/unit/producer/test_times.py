"""Moments as numbers, and the days of a zone."""

from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus_schemas.event import AFTER_LATEST, EARLIEST, iso
from producer.times import clock_words, day_bounds, iso_of, micros, moment, moment_of_seconds, zone_named

MOMENTS = st.datetimes(EARLIEST.replace(tzinfo=None), AFTER_LATEST.replace(tzinfo=None), timezones=st.just(UTC))


@given(MOMENTS)
def test_a_moment_is_the_same_after_it_was_a_number(at: datetime) -> None:
    assert moment(micros(at)) == at


@given(MOMENTS)
def test_a_number_is_written_as_the_moment_is(at: datetime) -> None:
    assert iso_of(micros(at)) == iso(at)


def test_a_moment_of_another_zone_is_the_same_number() -> None:
    at = datetime(2026, 1, 5, 12, tzinfo=timezone(timedelta(hours=2)))

    assert micros(at) == 1_767_607_200_000_000
    assert moment_of_seconds(1_767_607_200.5) == datetime(2026, 1, 5, 10, 0, 0, 500_000, UTC)


@pytest.mark.parametrize(
    ("day", "zone", "hours"),
    [
        (date(2026, 1, 5), "Europe/Berlin", 24),
        (date(2026, 3, 29), "Europe/Berlin", 23),
        (date(2026, 10, 25), "Europe/Berlin", 25),
        (date(2026, 4, 5), "Australia/Lord_Howe", 24.5),
        (date(2026, 4, 24), "Africa/Cairo", 23),
        (date(2026, 9, 6), "America/Santiago", 23),
        (date(2026, 10, 25), "UTC", 24),
    ],
)
def test_a_day_has_the_hours_that_the_clocks_of_its_zone_show(day: date, zone: str, hours: float) -> None:
    start, end = day_bounds(day, ZoneInfo(zone))

    assert end - start == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("zone", "begin"),
    [
        ("Europe/Berlin", datetime(2026, 1, 4, 23, tzinfo=UTC)),
        ("Asia/Kathmandu", datetime(2026, 1, 4, 18, 15, tzinfo=UTC)),
    ],
)
def test_a_day_begins_at_midnight_of_its_zone(zone: str, begin: datetime) -> None:
    assert day_bounds(date(2026, 1, 5), ZoneInfo(zone))[0] == begin


@pytest.mark.parametrize("name", ["localtime", "Factory", "posixrules", "posix/Europe/Berlin", "right/Europe/Berlin"])
def test_a_zone_that_no_browser_knows_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is no IANA time zone"):
        zone_named(name)


@pytest.mark.parametrize(
    ("at", "zone", "words"),
    [
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "Europe/Berlin", "2026-10-25 02:30:00 CEST"),
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), "Europe/Berlin", "2026-10-25 02:30:00 CET"),
        (datetime(2026, 10, 25, 2, 30, tzinfo=UTC), "Europe/Berlin", "2026-10-25 03:30:00"),
        (datetime(2026, 3, 29, 1, 30, tzinfo=UTC), "Europe/Berlin", "2026-03-29 03:30:00"),
        (datetime(2026, 4, 4, 14, 45, tzinfo=UTC), "Australia/Lord_Howe", "2026-04-05 01:45:00 +11"),
        (datetime(2026, 4, 4, 15, 15, tzinfo=UTC), "Australia/Lord_Howe", "2026-04-05 01:45:00 +1030"),
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "UTC", "2026-10-25 00:30:00"),
    ],
)
def test_a_time_that_a_day_has_twice_says_which_it_is(at: datetime, zone: str, words: str) -> None:
    assert clock_words(at.astimezone(ZoneInfo(zone))) == words


@pytest.mark.parametrize("package", ["consumers", "edge", "gateway", "producer", "watchpost"])
def test_no_other_way_to_write_a_local_time_is_used(package: str) -> None:
    """Those of UTC say so."""
    plain = [
        f"{path}:{number}: {line.strip()}"
        for path in sorted(Path(package).rglob("*.py"))
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if "%H:%M" in line and not any(said in line for said in (" UTC", "%Z", "clock_words"))
    ]

    assert plain == []
