"""The buckets in which shares of time are counted."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from gateway.http.problems import Problem
from gateway.routes.views.condition_shares import MOST_BUCKETS, OfShares, edges_of
from producer.times import DAY, HOUR

NOW = datetime(2026, 11, 30, 12, 0, 30, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


def lengths(start: datetime, end: datetime, step: str, zone: str = "Europe/Berlin", now: datetime = NOW) -> list[int]:
    asked = OfShares.model_validate({"site": "DEMO", "from": start, "to": end, "step": step})
    edges = edges_of(asked, ZoneInfo(zone), now)
    return [after - before for before, after in pairwise(edges)]


@pytest.mark.parametrize(
    ("start", "now", "minutes"),
    [
        (datetime(2026, 10, 24, 12, tzinfo=UTC), NOW, [1440, 1500, 1440]),
        (datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 4, 2, tzinfo=UTC), [1440, 1380, 1440]),
    ],
)
def test_a_day_on_which_clocks_are_set_has_23_or_25_hours(start: datetime, now: datetime, minutes: list[int]) -> None:
    assert lengths(start, start + 2 * DAY, "day", now=now) == minutes


def test_a_day_that_a_zone_left_out_is_no_bucket() -> None:
    start = datetime(2011, 12, 29, 12, tzinfo=UTC)
    assert lengths(start, start + DAY, "day", "Pacific/Apia", start + 5 * DAY) == [1440, 1440]


def test_buckets_are_whole_and_end_with_the_minute_that_is_over() -> None:
    assert lengths(NOW - 3 * HOUR, NOW + 9 * DAY, "hour") == [60, 60, 60]
    assert lengths(NOW - HOUR + timedelta(minutes=20), NOW + DAY, "hour", now=NOW + timedelta(minutes=7)) == [60, 7]
    assert lengths(NOW - timedelta(minutes=3), NOW, "minute") == [1, 1, 1]


def test_90_days_are_answered_by_the_day_and_no_more_than_that() -> None:
    assert len(lengths(NOW - 4000 * DAY, NOW, "day")) == 92
    assert lengths(NOW - 4000 * DAY, NOW - 3000 * DAY, "day") == []
    assert lengths(NOW + DAY, NOW + 2 * DAY, "day") == []


def test_more_buckets_than_anybody_can_see_are_refused_with_a_sentence() -> None:
    assert len(lengths(NOW - timedelta(minutes=MOST_BUCKETS - 1), NOW, "minute")) == MOST_BUCKETS - 1
    with pytest.raises(Problem, match="these are 2161 buckets; ask for a longer step, or for at most 400"):
        lengths(NOW - 90 * DAY + timedelta(minutes=10), NOW, "hour")
