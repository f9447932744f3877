from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from consumers.warehouse.questions import BadQuestion, Span, day_bounds, intensity
from tests.builders import START


@pytest.mark.parametrize(("people", "expected"), [(0, "low"), (3, "low"), (4, "medium"), (6, "medium"), (7, "high")])
def test_intensity_is_high_from_seven_and_medium_from_four(people: int, expected: str) -> None:
    assert intensity(people) == expected


@pytest.mark.parametrize(
    ("day", "zone", "hours"),
    [
        (date(2026, 1, 5), "Europe/Berlin", 24),
        (date(2026, 3, 29), "Europe/Berlin", 23),
        (date(2026, 10, 25), "Europe/Berlin", 25),
        (date(2026, 4, 5), "Australia/Lord_Howe", 24.5),
        (date(2026, 4, 24), "Africa/Cairo", 23),
    ],
)
def test_a_day_is_as_long_as_it_is_where_the_site_is(day: date, zone: str, hours: float) -> None:
    start, end = day_bounds(day, ZoneInfo(zone))

    assert end - start == hours * 3600


def test_a_day_begins_at_local_midnight() -> None:
    start, _ = day_bounds(date(2026, 1, 5), ZoneInfo("Asia/Kathmandu"))

    assert datetime.fromtimestamp(start, UTC) == datetime(2026, 1, 4, 18, 15, tzinfo=UTC)


@pytest.mark.parametrize("day", [date(1, 1, 1), date(9999, 12, 31)])
def test_a_day_that_no_row_can_have_is_a_bad_question(day: date) -> None:
    with pytest.raises(BadQuestion, match="a date from 1972 to 2100 is needed"):
        day_bounds(day, ZoneInfo("UTC"))


@pytest.mark.parametrize(
    ("length", "step_s", "why"),
    [
        (timedelta(hours=1), 0, "a step of a second or more"),
        (timedelta(0), 60, "an end after its start"),
        (timedelta(days=30), 1, "are 2592000 in this span; at most 10000"),
        (timedelta(days=365 * 200), 86400, "no rows are kept"),
    ],
)
def test_a_span_without_an_answer_is_a_bad_question(length: timedelta, step_s: int, why: str) -> None:
    with pytest.raises(BadQuestion, match=why):
        Span(START, START + length, step_s)
