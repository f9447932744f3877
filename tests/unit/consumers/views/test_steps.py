"""Hours and days by the clock of a place."""

import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from consumers.views.steps import step_start
from producer.times import day_bounds

QUARTER = timedelta(minutes=15)


def steps(zone: str, start: datetime, end: datetime, step_s: int) -> list[datetime]:
    """When the steps begin in which the quarters of an hour of this time are, as many times as there are quarters."""
    sql = step_start("t", step_s, start, end, ZoneInfo(zone))
    with closing(sqlite3.connect(":memory:")) as database:
        times = [int((start + number * QUARTER).timestamp()) for number in range((end - start) // QUARTER)]
        found = [database.execute(f"select {sql} from (select ? as t)", (time,)).fetchone()[0] for time in times]
    return [datetime.fromtimestamp(at, ZoneInfo(zone)) for at in found]


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu", "America/New_York", "Pacific/Auckland"])
@pytest.mark.parametrize(("step_s", "hours"), [(3600, 1), (21_600, 6), (86_400, 24)])
def test_steps_of_hours_begin_by_the_clock_of_the_place(zone: str, step_s: int, hours: int) -> None:
    found = steps(zone, datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 1, 8, tzinfo=UTC), step_s)

    assert all((at.hour % hours, at.minute) == (0, 0) for at in found)
    assert {found.count(at) for at in sorted(set(found))[1:-1]} == {4 * hours}


@pytest.mark.parametrize(
    ("zone", "day", "quarters"),
    [
        ("Europe/Berlin", date(2026, 3, 29), 92),
        ("Europe/Berlin", date(2026, 10, 25), 100),
        ("America/New_York", date(2026, 11, 1), 100),
        ("Australia/Lord_Howe", date(2026, 4, 5), 98),
        ("America/Santiago", date(2026, 9, 6), 92),
    ],
)
def test_a_day_is_one_step_from_midnight_to_midnight_also_where_the_clocks_are_set(
    zone: str, day: date, quarters: int
) -> None:
    start = day_bounds(day - timedelta(days=2), ZoneInfo(zone))[0]
    found = steps(zone, start, start + timedelta(days=5), 86_400)

    counted = {at.date(): found.count(at) for at in set(found)}
    assert counted[day] == quarters
    assert counted[day - timedelta(days=1)] == counted[day + timedelta(days=1)] == 96


def test_both_hours_of_an_hour_that_a_day_has_twice_are_steps_of_their_own() -> None:
    start = datetime(2026, 10, 24, 22, tzinfo=UTC)
    found = steps("Europe/Berlin", start, start + timedelta(hours=6), 3600)

    assert [at.hour for at in found[::4]] == [0, 1, 2, 2, 3, 4]
    assert len({at.timestamp() for at in found}) == 6


@pytest.mark.parametrize("step_s", [60, 300, 900, 5400])
def test_other_steps_are_those_of_utc(step_s: int) -> None:
    start = datetime(2026, 1, 5, tzinfo=UTC)

    assert step_start("t", step_s, start, start + timedelta(days=1), ZoneInfo("Asia/Kathmandu")) == (
        f"t / {step_s} * {step_s}"
    )
